package mapping

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

type hireCall struct {
	Body struct {
		Login    string         `json:"login"`
		Name     *string        `json:"name,omitempty"`
		Verified *bool          `json:"verified,omitempty"`
		Level    *int32         `json:"level,omitempty"`
		Secret   *string        `json:"secret,omitempty"`
		Roles    *[]string      `json:"roles,omitempty"`
		Teams    []hireTeam     `json:"teams,omitempty"`
		Office   *hireOffice    `json:"office,omitempty"`
		Extra    map[string]any `json:"extra,omitempty"`
		Note     any            `json:"note,omitempty"`
	} `in:"body"`
}

type hireTeam struct {
	Team  string   `json:"team"`
	Roles []string `json:"roles,omitempty"`
}

type hireOffice struct {
	Desk *string    `json:"desk,omitempty"`
	Team *hireTeam  `json:"team,omitempty"`
	Also []hireTeam `json:"also,omitempty"`
}

type hired struct {
	ID     string   `json:"id"`
	Mail   string   `json:"mail,omitempty"`
	Logins []string `json:"logins,omitempty"`
	Active *bool    `json:"active,omitempty"`
	Office struct {
		Desk string `json:"desk,omitempty"`
	} `json:"office,omitempty"`
}

// compileTestCall compiles a "with" at a place that has every head, and returns what
// the caller has to give.
func compileTestCall(t *testing.T, with string) (call *Call, fills []string, mistakes string) {
	t.Helper()
	src := `version: 1
connector: {display_name: X}
resource_types:
  worker:
    display_name: Worker
    list: {operation: List, records: workers}
    id: id
    name: id
    get:
      operation: Hire
      record: worker
      with: {` + with + "}\n"
	found := &syntax.Collector{File: "f"}
	doc, _, ok := syntax.Parse(found, []byte(src))
	if !ok {
		t.Fatal(found.All)
	}
	type listReply struct {
		Workers []hired `json:"workers"`
	}
	type hireReply struct {
		Worker hired `json:"worker"`
	}
	c := newCompiler(found, Environment{Operations: api.NewOperations(
		&api.Operation{Name: "List", Request: reflect.TypeFor[struct{}](), Reply: reflect.TypeFor[listReply]()},
		&api.Operation{Name: "Hire", Request: reflect.TypeFor[hireCall](), Reply: reflect.TypeFor[hireReply]()},
	)})
	get := doc.ResourceTypes.Entries[0].Value.Get.Call
	doc.ResourceTypes.Entries[0].Value.Get = syntax.Get{}
	plan := c.compile(doc)
	names := map[string][]string{"login": nil, "name": nil, "roles": nil, "team": nil, "profile": {"desk", "name"}}
	note := func(name, key string, typ reflect.Type) {
		fills = append(fills, fmt.Sprintf("%s.%s %s", name, key, typ))
	}
	worker := plan.Types[0]
	call = c.compileCall(place{key: "hire", recordOf: []*ResourceType{worker}, heads: map[string]head{
		headResource: partHead(false, worker),
		headRecord:   recordHead(worker),
		headAccount:  givenHead(headAccount, names, note),
		headInput:    givenHead(headInput, names, note),
		headPassword: passwordHead(),
	}}, &get)
	return call, fills, found.Sorted().Error()
}

func TestReferences(t *testing.T) {
	on := true
	record := RecordOf(&hired{ID: "W1", Mail: "ann@example.com", Logins: []string{"ann", "a"}, Active: &on})
	for _, test := range []struct {
		name, with string
		account    map[string]any
		want       string
	}{
		{"of each head", "login: resource.id, name: record.mail, secret: password, note: account.name", map[string]any{"name": "Ann"},
			`{"login":"W1","name":"ann@example.com","secret":"s3cret","note":"Ann"}`},
		{"what is absent is left out, null as well", "login: resource.id, name: account.name, roles: account.roles", map[string]any{"name": nil}, `{"login":"W1"}`},
		{"what is empty is sent", "login: account.login, name: account.name, verified: account.team, roles: account.roles",
			map[string]any{"login": "", "name": "", "team": false, "roles": []any{}}, `{"login":"","name":"","verified":false,"roles":[]}`},
		{"the first with a value", "login: account.login or account.name or resource.id", map[string]any{"name": "Ann"}, `{"login":"Ann"}`},
		{"the first that is not empty", "login: account.login or resource.id", map[string]any{"login": ""}, `{"login":"W1"}`},
		{"the empty one, of which there is no other", "login: resource.id, name: account.login or account.name", map[string]any{"name": ""}, `{"login":"W1","name":""}`},
		{"of a record, the first with a value", "login: record.office.desk or first record.logins, verified: record.active", nil, `{"login":"ann","verified":true}`},
		{"a list of a record", "login: resource.id, roles: record.logins", nil, `{"login":"W1","roles":["ann","a"]}`},
		{"a list of references", "login: resource.id, roles: [account.name, resource.id, account.team]", map[string]any{"name": "Ann"}, `{"login":"W1","roles":["Ann","W1"]}`},
		{"a list without a value", "login: resource.id, roles: [account.name]", nil, `{"login":"W1"}`},
		{"a table in a list", "login: resource.id, teams: [{team: account.team, roles: account.roles}]", map[string]any{"team": "T1", "roles": []any{"A"}},
			`{"login":"W1","teams":[{"team":"T1","roles":["A"]}]}`},
		{"a table without a value is left out of its list", "login: resource.id, teams: [{team: account.team, roles: account.roles}, {team: resource.id}]", nil,
			`{"login":"W1","teams":[{"team":"W1"}]}`},
		{"a table that lacks what it needs", "login: resource.id, teams: [{team: account.team, roles: account.roles}]", map[string]any{"roles": []any{"A"}},
			`Hire: "teams.team" is required, but account.team has no value`},
		{"a table in a table", "login: resource.id, office: {desk: account.name, team: {team: account.team}}", map[string]any{"team": "T1"},
			`{"login":"W1","office":{"team":{"team":"T1"}}}`},
		{"tables without a value", "login: resource.id, office: {desk: account.name, team: {team: account.team}}", nil, `{"login":"W1"}`},
		{"free-form objects", "login: resource.id, extra: {by: account.name, in: [account.team]}, note: {at: resource.id}", map[string]any{"team": "T1"},
			`{"login":"W1","extra":{"in":["T1"]},"note":{"at":"W1"}}`},
		{"a free-form object that is given", "login: resource.id, extra: account.profile", map[string]any{"profile": map[string]any{"n": json.Number("12345678901234567890"), "on": false}},
			`{"login":"W1","extra":{"n":12345678901234567890,"on":false}}`},
		{"a key of an object", "login: resource.id, name: account.profile.desk, level: account.team", map[string]any{"profile": map[string]any{"desk": "7a"}, "team": 3.0},
			`{"login":"W1","name":"7a","level":3}`},
		{"a required field without a value", "login: account.login or account.name", nil, `Hire: "login" is required, but account.login or account.name has no value`},
		{"a value of another kind", "login: resource.id, verified: account.name", map[string]any{"name": "yes"}, `Hire: "verified": a truth value is expected, not text`},
		{"text for a list", "login: resource.id, roles: account.roles", map[string]any{"roles": "A"}, `Hire: "roles": a list of text is expected, not text`},
		{"a list for text", "login: account.login", map[string]any{"login": []any{"a"}}, `Hire: "login": text is expected, not a list`},
		{"a number in text", "login: account.login", map[string]any{"login": 3.0}, `Hire: "login": text is expected, not a number`},
	} {
		t.Run(test.name, func(t *testing.T) {
			call, _, mistakes := compileTestCall(t, test.with)
			if mistakes != "" {
				t.Fatal(mistakes)
			}
			request, err := call.Request(Inputs{Resource: ID{"W1"}, Record: record, Account: test.account, Password: "s3cret"})
			got := fmt.Sprint(err)
			if err == nil {
				written, err := json.Marshal(request.(*hireCall).Body)
				if err != nil {
					t.Fatal(err)
				}
				got = string(written)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if want := strings.Contains(test.with, "record."); call.NeedsRecord() != want {
				t.Errorf("it needs the record: %v", !want)
			}
			if written := "{" + test.with + "}"; (argument{fields: call.with}).String() != written {
				t.Errorf("it is written %s, not %s", argument{fields: call.with}, written)
			}
		})
	}
}

func TestReferencesFillKinds(t *testing.T) {
	_, fills, _ := compileTestCall(t, "login: account.login, verified: input.profile.desk, roles: [account.name], teams: [{team: account.team, roles: account.roles}]")
	if got, want := strings.Join(fills, "; "), "login. string; profile.desk bool; name. string; team. string; roles. []string"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMistakesInReferences(t *testing.T) {
	for with, want := range map[string]string{
		"login: acount.login":                                         `12:21: "acount.login" is not one of account.NAME, input.NAME, password, record.PATH, resource.PART; did you mean "account"?`,
		"login: resource.id or acount.login":                          `12:36: "acount.login" is not one of account.NAME, input.NAME, password, record.PATH, resource.PART; did you mean "account"?`,
		"login: account.logn":                                         `12:29: there is no account.logn; did you mean "login"?`,
		"login: input.profile.dsk":                                    `12:27: input.profile has no key "dsk"; did you mean "desk"?`,
		"login: input.name.x":                                         `12:27: input.name has no key "x"`,
		"login: first account.login":                                  `12:21: "first" stands only before record.PATH`,
		"login: password.x":                                           `12:21: "password.x" is not one of account.NAME, input.NAME, password, record.PATH, resource.PART; did you mean "password"?`,
		"login: resource.id, verified: password":                      `12:44: password is text, but a truth value is expected here`,
		"login: record.mial":                                          `12:28: a worker record (hired) has no field "mial"; did you mean "mail"?`,
		"login: resource.id or record.logins":                         `12:43: logins is a list of text, but text is expected here; write "first logins"`,
		"login: first record.mail":                                    `12:34: mail is text; "first" needs a list; write "mail"`,
		"login: record.parent.id":                                     `12:28: parent.id: a worker has no parent here`,
		`login: "{record.mail}"`:                                      `12:21: a text with paths in braces cannot stand here; write "record.mail"`,
		"login: resource.mail":                                        "12:21: resource.mail is not available here: only the parts of the id of a worker are (id)",
		"login: [resource.id]":                                        "12:21: login is one value, not a list",
		"login: {id: resource.id}":                                    "12:21: login is text, not a table of fields",
		"login: resource.id, roles: resource.id":                      "12:41: roles is a list; write [resource.id]",
		"login: resource.id, office: account.team":                    "12:42: office is an object; write a table of its fields",
		"login: resource.id, office: {dsk: account.team}":             `12:43: office has no field "dsk"; did you mean "desk"?`,
		"login: resource.id, office: {team: {roles: [account.team]}}": `12:49: Hire needs "team.team", which "with" does not set`,
		"login: resource.id, teams: {team: account.team}":             "12:41: teams is a list; write [{...}]",
		"name: resource.id":                                           `12:13: Hire needs "login", which "with" does not set`,
		"lgin: acount.login": `12:14: Hire takes no "lgin"; did you mean "login"?
f:12:20: "acount.login" is not one of account.NAME, input.NAME, password, record.PATH, resource.PART; did you mean "account"?`,
	} {
		if _, _, got := compileTestCall(t, with); strings.TrimPrefix(got, "f:") != want {
			t.Errorf("%s\ngot  %s\nwant %s", with, strings.TrimPrefix(got, "f:"), want)
		}
	}
}

// Any text can stand for a reference: it is a mistake inside the text, or yields a
// request or an error.
func FuzzReference(f *testing.F) {
	for _, seed := range []string{
		"resource.id", "record.mail or first record.logins", "account.profile.desk", "input.name or password", "first record.office.desk",
		"record.", "record", ".", "first ", " or ", "password.password", "record.parent.id", "account.login or ", "{record.mail}", "名.前",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, written string) {
		// In single quotes YAML has every text as it is, but for these.
		if !utf8.ValidString(written) || strings.TrimSpace(written) == "" || len(written) > 1000 || strings.ContainsFunc(written, func(r rune) bool {
			return r < ' ' || r == '\'' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff
		}) {
			t.Skip()
		}
		call, _, mistakes := compileTestCall(t, "login: '"+written+"'")
		if mistakes == "" {
			_, _ = call.Request(Inputs{Resource: ID{"W1"}, Record: RecordOf(&hired{}), Input: map[string]any{"name": 1.0}}) // It must not panic.
			return
		}
		const quote = 21
		for mistake := range strings.SplitSeq(mistakes, "\n") {
			var line, col int
			if n, _ := fmt.Sscanf(mistake, "f:%d:%d:", &line, &col); n != 2 || line != 12 || col < quote || col > quote+1+utf8.RuneCountInString(written) {
				t.Errorf("%q: the mistake is elsewhere: %s", written, mistake)
			}
		}
	})
}
