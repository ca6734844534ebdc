package mapping_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping"
)

type member struct {
	ID     string   `json:"id"`
	Logins []string `json:"handles,omitempty"`
	Active *bool    `json:"active,omitempty"`
}

type findMemberCall struct {
	Query struct {
		Login string `json:"login"`
	} `in:"query"`
}

type addMemberAccountCall struct {
	Body struct {
		Login    string         `json:"login"`
		Name     *string        `json:"name,omitempty"`
		Verified *bool          `json:"verified,omitempty"`
		Level    *int32         `json:"level,omitempty"`
		Count    *uint64        `json:"count,omitempty"`
		Born     *time.Time     `json:"born,omitempty"`
		Any      any            `json:"any,omitempty"`
		Numbers  []int64        `json:"numbers,omitempty"`
		Share    *float64       `json:"share,omitempty"`
		Secret   *string        `json:"secret,omitempty"`
		Kind     *string        `json:"kind,omitempty"`
		Roles    *[]string      `json:"roles,omitempty"`
		Teams    []memberTeam   `json:"teams,omitempty"`
		Extra    map[string]any `json:"extra,omitempty"`
	} `in:"body"`
}

type memberTeam struct {
	Team  string   `json:"team"`
	Roles []string `json:"roles,omitempty"`
}

type memberReply struct {
	Member member `json:"member"`
	New    *bool  `json:"new,omitempty"`
	Flags  []struct {
		On bool `json:"on"`
	} `json:"flags,omitempty"`
}

var memberAPI = mapping.Environment{
	Operations: api.NewOperations(
		&api.Operation{Name: "ListMembers", Method: "GET", Path: "/members", Request: reflect.TypeFor[struct{}](), Reply: reflect.TypeFor[[]member]()},
		&api.Operation{Name: "FindMember", Method: "GET", Path: "/member", Request: reflect.TypeFor[findMemberCall](), Reply: reflect.TypeFor[memberReply]()},
		&api.Operation{Name: "AddMember", Method: "POST", Path: "/members", Request: reflect.TypeFor[addMemberAccountCall](), Reply: reflect.TypeFor[memberReply]()},
		&api.Operation{Name: "PeekMember", Method: "GET", Path: "/peek", Request: reflect.TypeFor[addMemberAccountCall](), Reply: reflect.TypeFor[memberReply]()},
		&api.Operation{Name: "ExpireSecret", Method: "POST", Path: "/expire", Request: reflect.TypeFor[findMemberCall](), Reply: reflect.TypeFor[api.NoReply]()},
	),
	Options: map[string]any{"site": "", "invite": false},
}

const memberMapping = `version: 1
connector: {display_name: X}
resource_types:
  member:
    display_name: Member
    trait: user
    list: {operation: ListMembers}
    id: id
    name: id
    account:
      fields:
        mail: {display_name: Mail, placeholder: a@b.c, required: true}
        login: {display_name: Login}
        verified: {display_name: Is verified, default: true}
        level: {display_name: Level, description: From 1 on.}
        team: {display_name: Team}
        roles: {display_name: Roles in the team}
        extra: {display_name: More}
      find: {operation: FindMember, with: {login: account.login or account.mail}, record: member}
      create:
        operation: AddMember
        with:
          login: account.login or account.mail
          verified: account.verified
          level: account.level
          teams: [{team: account.team, roles: account.roles}]
          extra: account.extra
        request: {kind: person}
        record: member
        created: new
      credentials:
        random_password: {with: {secret: password}}
        no_password: {request: {secret: ""}}
        force_change: {operation: ExpireSecret, with: {login: first record.handles or account.mail}}
    ignored: {active: Members are not disabled.}
`

func loadMembers(t *testing.T) *mapping.Account {
	t.Helper()
	plan, err := mapping.Load("f", []byte(memberMapping), memberAPI)
	if err != nil {
		t.Fatal(err)
	}
	if report := mapping.Check("f", []byte(memberMapping), memberAPI); len(report.Warnings) > 0 {
		t.Fatal(report.Warnings)
	}
	return plan.Types[0].Account
}

func TestAccountFields(t *testing.T) {
	account := loadMembers(t)
	var got []string
	for _, f := range account.Fields {
		got = append(got, fmt.Sprintf("%s|%s|%s|%s|%s|%v|%v", f.Name, f.DisplayName, f.Description, f.Placeholder, f.Kind, f.Required, f.Default))
	}
	want := []string{
		"mail|Mail||a@b.c|text|true|<nil>",
		"login|Login|||text|false|<nil>",
		"verified|Is verified|||yes or no|false|true",
		"level|Level|From 1 on.||whole number|false|<nil>",
		"team|Team|||text|false|<nil>",
		"roles|Roles in the team|||list of texts|false|<nil>",
		"extra|More|||object|false|<nil>",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAccountIsNew(t *testing.T) {
	yes, no := true, false
	account := loadMembers(t)
	for said, want := range map[*bool]bool{nil: true, &yes: true, &no: false} {
		if got := account.IsNew(&memberReply{New: said}); got != want {
			t.Errorf("of %v it is new: %v", said, got)
		}
	}
}

// TestAccountValues: what is given, and what is false, is not what is absent.
func TestAccountValues(t *testing.T) {
	src := strings.NewReplacer("Is verified, default: true", "Is verified, required: true", "{display_name: Team}", "{display_name: Team, default: T}").Replace(memberMapping)
	plan, err := mapping.Load("f", []byte(src), memberAPI)
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{
		`{}`:                               "map[mail:m team:T verified:true]",
		`{"verified": false}`:              "map[mail:m team:T verified:false]",
		`{"verified": null}`:               `"verified" is required: Is verified`,
		`{"team": ""}`:                     "map[mail:m team: verified:true]",
		`{"desk": null}`:                   "map[mail:m team:T verified:true]",
		`{"level": 9007199254740992}`:      "map[level:9007199254740992 mail:m team:T verified:true]",
		`{"level": 9007199254740994}`:      `"level" is not a whole number`,
		`{"level": -9007199254740994}`:     `"level" is not a whole number`,
		`{"level": "9223372036854775807"}`: "map[level:9223372036854775807 mail:m team:T verified:true]",
		`{"level": "0x10"}`:                `"level" is not a whole number`,
		`{"roles": [1, "A"]}`:              `"roles" is not a list of texts`,
	} {
		values := map[string]any{"mail": "m", "verified": true}
		if err := json.Unmarshal([]byte(given), &values); err != nil {
			t.Fatal(err)
		}
		read, err := plan.Types[0].Account.Values(values)
		got := fmt.Sprint(read)
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", given, got, want)
		}
	}
}

// TestKindsOfAccountFields: a field is what the request fields are that it fills.
func TestKindsOfAccountFields(t *testing.T) {
	const level = "level: account.level"
	for into, want := range map[string]mapping.FieldKind{
		"count": mapping.FieldNumber, "born": mapping.FieldText, "any": mapping.FieldText, "roles": mapping.FieldTexts, "extra": mapping.FieldObject,
	} {
		src := strings.NewReplacer(level, into+": account.level", "          extra: account.extra\n", "", "        extra: {display_name: More}\n", "").Replace(memberMapping)
		plan, err := mapping.Load("f", []byte(src), memberAPI)
		if err != nil {
			t.Errorf("%s: %v", into, err)
			continue
		}
		if got := plan.Types[0].Account.Fields[3].Kind; got != want {
			t.Errorf("%s takes a %s, not a %s", into, want, got)
		}
	}
}

func TestAccountRequests(t *testing.T) {
	account := loadMembers(t)
	if preferred := account.Credentials[0].Kind; preferred != mapping.RandomPassword {
		t.Errorf("%s is preferred, not the first of the file", preferred)
	}
	for _, c := range []struct {
		name, given string
		kind        mapping.CredentialKind
		want        string
	}{
		{"defaults, and what is absent is left out", `{"mail": "a@b.c"}`, mapping.NoPassword,
			`{"login":"a@b.c","verified":true,"secret":"","kind":"person"}`},
		{"a password", `{"mail": "a@b.c"}`, mapping.RandomPassword,
			`{"login":"a@b.c","verified":true,"secret":"s3cret","kind":"person"}`},
		{"null is absent, and empty is not", `{"mail": "a@b.c", "login": "", "verified": false, "level": null, "team": "T", "roles": [], "extra": {}}`, mapping.NoPassword,
			`{"login":"a@b.c","verified":false,"secret":"","kind":"person","teams":[{"team":"T"}]}`},
		{"everything", `{"mail": "a@b.c", "login": "ann", "level": 3, "team": "T", "roles": ["A, B"], "extra": {"n": [1]}}`, mapping.NoPassword,
			`{"login":"ann","verified":true,"level":3,"secret":"","kind":"person","teams":[{"team":"T","roles":["A, B"]}],"extra":{"n":[1]}}`},
		{"truth and numbers as text", `{"mail": "a@b.c", "verified": "false", "level": "3"}`, mapping.NoPassword,
			`{"login":"a@b.c","verified":false,"level":3,"secret":"","kind":"person"}`},
		{"what is missing", `{"login": "ann"}`, mapping.NoPassword, `"mail" is required: Mail`},
		{"what is required and empty", `{"mail": ""}`, mapping.NoPassword, `"mail" is required: Mail`},
		{"what is required and blank", `{"mail": " \t"}`, mapping.NoPassword, `"mail" is required: Mail`},
		{"a blank before or", `{"mail": "a@b.c", "login": " "}`, mapping.NoPassword, `{"login":"a@b.c","verified":true,"secret":"","kind":"person"}`},
		{"all that is wrong", `{"mial": "a@b.c", "verified": "yes", "level": 0.5, "roles": "A,B", "team": 7, "extra": "{}"}`, mapping.NoPassword,
			`there is no field "mial"; did you mean "mail"?; "mail" is required: Mail; "verified" is not true or false; "level" is not a whole number; ` +
				`"team" is not text; "roles" is not a list of texts; "extra" is not an object`},
		{"a list of more than texts", `{"mail": "a@b.c", "roles": ["A", 1]}`, mapping.NoPassword, `"roles" is not a list of texts`},
		{"a number too large to be exact", `{"mail": "a@b.c", "level": 1e300}`, mapping.NoPassword, `"level" is not a whole number`},
		{"an empty field of a form", `{"mail": "a@b.c", "team": "", "roles": []}`, mapping.NoPassword, `{"login":"a@b.c","verified":true,"secret":"","kind":"person"}`},
		{"what an object needs, as an empty field", `{"mail": "a@b.c", "team": " ", "roles": ["A"]}`, mapping.NoPassword, `AddMember: "teams.team" is required, but account.team has no value`},
		{"what an object needs", `{"mail": "a@b.c", "roles": ["A"]}`, mapping.NoPassword, `AddMember: "teams.team" is required, but account.team has no value`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var given map[string]any
			if err := json.Unmarshal([]byte(c.given), &given); err != nil {
				t.Fatal(err)
			}
			credential, ok := account.Credential(c.kind)
			if !ok {
				t.Fatal("it is not offered")
			}
			values, err := account.Values(given)
			got := fmt.Sprint(err)
			if err == nil {
				in := mapping.Inputs{Account: values}
				if c.kind == mapping.RandomPassword {
					in.Password = "s3cret"
				}
				request, err := credential.Create.Request(in)
				got = fmt.Sprint(err)
				if err == nil {
					written, err := json.Marshal(request.(*addMemberAccountCall).Body)
					if err != nil {
						t.Fatal(err)
					}
					got = string(written)
				}
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// What is looked for without a value would be somebody else.
func TestAccountIsNotFoundByNothing(t *testing.T) {
	src := strings.Replace(memberMapping, "login: account.login or account.mail}, record", "login: account.login}, record", 1)
	plan, err := mapping.Load("f", []byte(src), memberAPI)
	if err != nil {
		t.Fatal(err)
	}
	for _, values := range []map[string]any{{"mail": "a@b.c"}, {"login": ""}} {
		if request, err := plan.Types[0].Account.Find.Request(mapping.Inputs{Account: values}); err == nil {
			t.Errorf("of %v it is looked for by %v", values, request)
		}
	}
	want := "19:43: account.login can lack a value, since none of its fields is required; without it the account cannot be created"
	if got := warningText(mapping.Check("f", []byte(src), memberAPI)); got != want {
		t.Errorf("it warns of %q, not %q", got, want)
	}
}

func TestMistakesInAccounts(t *testing.T) {
	const passwordSent = "random_password: {with: {secret: password}}"
	_, types, _ := strings.Cut(memberMapping, "  member:\n")
	second := "  guest:\n" + types
	for _, c := range []struct{ name, old, new, want string }{
		{"a type that is no user", "trait: user", "trait: app", `11:7: "account" belongs to a type with trait: user`},
		{"a second type with one", "  member:\n", second + "  member:\n", "43:7: only one type can have an account, and guest has one"},
		{"a field that nothing uses", "        team: {", "        desk: {display_name: Desk}\n        team: {", "16:9: nothing uses account.desk"},
		{"a field that is not there", "account.level", "account.levle", "15:9: nothing uses account.level\n25:26: there is no account.levle; did you mean \"level\"?"},
		{"a field that is not there, to find it", "{login: account.login or account.mail}", "{login: account.lgoin}", "19:59: there is no account.lgoin; did you mean \"login\"?"},
		{"a name that is none", "        team: {", "        Team Name: {display_name: x}\n        team: {",
			"16:9: the name of an account field \"Team Name\" may have only lower-case letters, digits, - and _\n16:9: nothing uses account.Team Name"},
		{"a secret that is asked for", "        team: {", "        pass_code_token: {display_name: Token}\n        team: {",
			"16:9: nothing uses account.pass_code_token\n16:9: account.pass_code_token looks like a secret: what is asked for is kept and shown; a password is made by random_password"},
		{"a field that fills a secret", "with: {secret: password}", "with: {secret: account.team, name: password}",
			"16:9: account.team fills secret, which looks like a secret: what is asked for is kept and shown; a password is made by random_password"},
		{"two kinds", "level: account.level", "level: account.verified", "15:9: nothing uses account.level\n25:18: account.verified is a whole number here, and true or false elsewhere"},
		{"two kinds in one", "level: account.level", "level: account.level or account.team", "26:26: account.team is text here, and a whole number elsewhere"},
		{"a number with a fraction", "level: account.level", "share: account.level", "25:18: account.level cannot be a number: a field of an account is text, a truth value, a whole number, a list of text or a free-form object"},
		{"a table for objects", "teams: [{team: account.team, roles: account.roles}]", "teams: [account.team]",
			"17:9: nothing uses account.roles\n26:19: teams is an object; write a table of its fields"},
		{"a default of another kind", "default: true", "default: often", "14:56: default is a truth value, not \"often\""},
		{"an option for a default", "default: true", "default: option.invite", "14:56: default is true or false, not \"option.invite\""},
		{"required, with a default", "required: true}", "required: true, default: x@y.z}", "12:81: mail is required and has a default as well"},
		{"required, in other words", "required: true}", "required: yes please}", "12:66: \"required\" is true or false, not \"yes please\""},
		{"no name", "{display_name: Login}", "{}", "13:16: \"login\" needs \"display_name\": name of the field for people"},
		{"nothing to find it by", "      find: {operation: FindMember, with: {login: account.login or account.mail}, record: member}\n", "",
			`11:7: "account" needs "find": how the account is found by what it is to be called, before and after it is created`},
		{"a reply without the record", "account.mail}, record: member}", "account.mail}}", "19:13: find needs \"record\": the path to a member record (member) in the reply of FindMember"},
		{"a record of something else", "        record: member\n", "        record: member.handles\n", "29:17: member.handles is a list of text, but a member record (member) is expected here"},
		{"what changes nothing", "operation: ExpireSecret", "operation: FindMember", "34:35: force_change calls FindMember, which is a GET and changes nothing"},
		{"a reference in a fixed field", "{kind: person}", "{kind: account.mail}", `28:25: "request" would send the text "account.mail" as it stands; references belong in "with"`},
		{"what says nothing of a new one", "created: new", "created: member.id", "30:18: member.id is text, but a truth value is expected here"},
		{"what the reply has not", "created: new", "created: nwe", "30:18: a reply of AddMember has no field \"nwe\"; did you mean \"new\"?"},
		{"a password that nothing takes", passwordSent, "random_password: {}", "32:26: random_password needs a request field that takes the password: with: {...: password}"},
		{"a password where none is made", `no_password: {request: {secret: ""}}`, "no_password: {with: {secret: password}}", `33:38: "password" is not one of account.NAME`},
		{"a password in create", "          level: account.level\n", "          level: account.level\n          secret: password\n", `26:19: "password" is not one of account.NAME` +
			"\n33:34: AddMember: \"secret\" is set twice\n34:33: AddMember: \"secret\" is set twice"},
		{"a credential that sets what create sets", passwordSent, "random_password: {with: {secret: password, login: account.mail}}", `32:52: AddMember: "login" is set twice`},
		{"numbers in a list", "level: account.level", "numbers: account.level", "25:20: account.level cannot be a list of number: a field of an account is text, a truth value, a whole number, a list of text or a free-form object"},
		{"what reads in place of creating", "operation: AddMember", "operation: PeekMember", "21:20: create calls PeekMember, which is a GET and changes nothing"},
		{"an entry of a list that says what is new", "created: new", "created: flags.on", "30:18: flags.on is a list of truth value, but a truth value is expected here"},
		{"a credential that cannot be read", passwordSent, "random_password: {with: [password]}", `32:33: "with" is a table of keys, not a list`},
		{"none but an unknown one", passwordSent + "\n        no_password: {request: {secret: \"\"}}", "magic: {}", `32:9: unknown key "magic"; it is one of no_password, random_password`},
		{"no credential", passwordSent + "\n        no_password: {request: {secret: \"\"}}\n", "", "32:17: credentials need no_password or random_password"},
		{"another one", "no_password:", "magic:", `33:9: unknown key "magic"; it is one of no_password`},
		{"a needed field that only one credential gives", "          login: account.login or account.mail\n", "", "23:11: AddMember needs \"login\", which \"with\" does not set"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if strings.Count(memberMapping, c.old) != 1 {
				t.Fatalf("not there once: %s", c.old)
			}
			_, err := mapping.Load("f", []byte(strings.Replace(memberMapping, c.old, c.new, 1)), memberAPI)
			if err == nil {
				t.Fatal("no mistake")
			}
			if got := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\nf:", "\n"), "f:"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// What is given for an account is refused, or is a request with all that has to be in it.
func FuzzAccountValues(f *testing.F) {
	for _, seed := range []string{
		`{"mail":"a@b.c"}`, `{"mail":"a@b.c","login":"","verified":"false","level":"3","team":"T","roles":["A"],"extra":{"n":[1]}}`,
		`{"mail":1}`, `{"mail":"a","level":1e99,"roles":[null]}`, `{"mail":"a","roles":[],"extra":{}}`, `{"":null}`, `[]`,
	} {
		f.Add(seed)
	}
	plan, err := mapping.Load("f", []byte(memberMapping), memberAPI)
	if err != nil {
		f.Fatal(err)
	}
	account := plan.Types[0].Account
	f.Fuzz(func(t *testing.T, src string) {
		var given map[string]any
		if json.Unmarshal([]byte(src), &given) != nil {
			return
		}
		values, err := account.Values(given)
		if err != nil {
			return
		}
		found, err := account.Find.Request(mapping.Inputs{Account: values})
		if err != nil || found.(*findMemberCall).Query.Login == "" {
			t.Fatalf("%s is looked for by %v: %v", src, found, err)
		}
		request, err := account.Credentials[0].Create.Request(mapping.Inputs{Account: values, Password: "s3cret"})
		if err != nil {
			return
		}
		body := request.(*addMemberAccountCall).Body
		if body.Login != found.(*findMemberCall).Query.Login || body.Secret == nil || *body.Secret != "s3cret" {
			t.Errorf("%s is created as %v, and looked for by %v", src, body, found)
		}
	})
}
