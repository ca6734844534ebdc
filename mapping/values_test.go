package mapping_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ name, expr, record, want string }{
		{"a field", "state", `{"state":"on"}`, "on"},
		{"a number", "serial", `{"serial":18446744073709551615}`, "18446744073709551615"},
		{"a number with a fraction", "score", `{"score":0.25}`, "0.25"},
		{"through pointers", "contact.other.mail", `{"contact":{"other":{"mail":"a@b"}}}`, "a@b"},
		{"of an embedded object", "created", `{"created":"today"}`, "today"},
		{"through a free-form object", "extra.cost.centre", `{"extra":{"cost":{"centre":42}}}`, "42"},
		{"through any value", "anything.a.b", `{"anything":{"a":{"b":"x"}}}`, "x"},
		{"long digits in a free-form object", "extra.n", `{"extra":{"n":12345678901234567890}}`, "12345678901234567890"},
		{"an exponent", "extra.n", `{"extra":{"n":1e3}}`, "1000"},
		{"the first alternative with a value", "state or contact.mail or id", `{"contact":{"mail":"a@b"}}`, "a@b"},
		{"the first of a list", "first logins", `{"logins":["a","b"]}`, "a"},
		{"the first of a list that has a value", "first logins", `{"logins":["","b"]}`, "b"},
		{"the first of a field in a list", "first teams.team", `{"teams":[{},{"team":7}]}`, "7"},
		{"a template", `"{state}-{id}"`, `{"state":"on"}`, "on-1"},
		{"a template with alternatives", `"<{state or id}>"`, `{}`, "<1>"},
		{"a group whose path has a value", `"{id}[ ({state})]"`, `{"state":"on"}`, "1 (on)"},
		{"a group whose path has none", `"{id}[ ({state})]"`, `{}`, "1"},
		{"a group with one of two", `"{id}[ {state}/{region}]."`, `{"state":"on"}`, "1."},

		{"missing", "state", `{}`, ""},
		{"null", "contact.mail", `{"contact":{"mail":null}}`, ""},
		{"a null object", "contact.mail", `{"contact":null}`, ""},
		{"empty", "state", `{"state":""}`, ""},
		{"zero", "age", `{"age":0}`, ""},
		{"zero in a free-form object", "extra.n", `{"extra":{"n":-0.0}}`, ""},
		{"a key that is not there", "extra.n", `{"extra":{"m":1}}`, ""},
		{"a key of what is no object", "extra.n.m", `{"extra":{"n":1}}`, ""},
		{"an object where text could be", "extra.n", `{"extra":{"n":{}}}`, ""},
		{"an empty list", "first logins", `{"logins":[]}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			record := strings.Replace(c.record, "{", `{"id":1,`, 1)
			res, err := personResource(t, strings.Replace(record, ",}", "}", 1), "description: "+c.expr)
			if err != nil {
				t.Fatal(err)
			}
			if res.Description != c.want {
				t.Errorf("%s of %s is %q, want %q", c.expr, c.record, res.Description, c.want)
			}
		})
	}
}

func TestProfileValuesKeepTheirKind(t *testing.T) {
	for _, c := range []struct {
		name, expr, record string
		want               any
	}{
		{"text", "state", `{"id":1,"state":"on"}`, "on"},
		{"a number", "age", `{"id":1,"age":42}`, 42.0},
		{"a truth value", "active", `{"id":1,"active":true}`, true},
		{"a template", "{state}!", `{"id":1,"state":"on"}`, "on!"},
		{"false, when nothing else has a value", "active or state", `{"id":1,"active":false}`, false},
		{"not false, when something else has", "active or state", `{"id":1,"active":false,"state":"on"}`, "on"},
		{"a list", "logins", `{"id":1,"logins":["a","b"]}`, []any{"a", "b"}},
		{"the first of a list", "first logins", `{"id":1,"logins":["a","b"]}`, "a"},
		{"a field in a list", "teams.team", `{"id":1,"teams":[{"team":1},{},{"team":3}]}`, []any{1.0, 3.0}},
		{"an integer that a float64 cannot hold", "serial", `{"id":1,"serial":9007199254740993}`, "9007199254740993"},
		{"the greatest integer", "extra.n", `{"id":1,"extra":{"n":9223372036854775807}}`, "9223372036854775807"},
		{"a number too large for a float64", "extra.n", `{"id":1,"extra":{"n":1e400}}`, "1e400"},
		{"a free-form object", "extra", `{"id":1,"extra":{"t":"x","n":1.5,"f":false,"z":0,"l":[1,"a",null,[true]],"o":{"p":{}},"e":"","u":null,"d":12345678901234567890}}`,
			map[string]any{"t": "x", "n": 1.5, "f": false, "z": 0.0, "l": []any{1.0, "a", []any{true}}, "d": "12345678901234567890"}},
		{"any value", "anything", `{"id":1,"anything":[{"a":1}]}`, []any{map[string]any{"a": 1.0}}},
		{"nothing", "extra or state or active", `{"id":1,"extra":{}}`, nil},
		{"zero", "age", `{"id":1,"age":0}`, nil},
		{"zero of a free-form object", "extra.n", `{"id":1,"extra":{"n":0}}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, err := personResource(t, c.record, "profile: {x: '"+c.expr+"'}")
			if err != nil {
				t.Fatal(err)
			}
			if got := res.Profile["x"]; !reflect.DeepEqual(got, c.want) {
				t.Errorf("%s of %s is %#v, want %#v", c.expr, c.record, got, c.want)
			}
		})
	}
}

func TestCreatedAt(t *testing.T) {
	for written, want := range map[string]string{
		`1700000000`:                  "2023-11-14T22:13:20Z",
		`1700000000123`:               "2023-11-14T22:13:20.123Z",
		`1700000000.5`:                "2023-11-14T22:13:20.5Z",
		`"1700000000"`:                "2023-11-14T22:13:20Z",
		`"2023-11-14T23:13:20+01:00"`: "2023-11-14T22:13:20Z",
		`"2023-11-14T22:13:20.5Z"`:    "2023-11-14T22:13:20.5Z",
		`-86400`:                      "1969-12-31T00:00:00Z",
		`0`:                           "",
		`null`:                        "",
		`""`:                          "",
		`"yesterday"`:                 `created_at of person "1": "yesterday" is not a time (Unix seconds or milliseconds, or RFC 3339)`,
		`"NaN"`:                       `created_at of person "1": "NaN" is not a time (Unix seconds or milliseconds, or RFC 3339)`,
		`1700000000123456`:            `created_at of person "1": "1700000000123456" is not a time (Unix seconds or milliseconds, or RFC 3339)`,
	} {
		t.Run(written, func(t *testing.T) {
			res, err := personResource(t, `{"id":1,"anything":`+written+`}`, "created_at: anything")
			got := ""
			if err != nil {
				got = err.Error()
			} else if !res.CreatedAt.IsZero() {
				got = res.CreatedAt.Format(time.RFC3339Nano)
			}
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestStatus(t *testing.T) {
	rule := "status: {from: state, enabled: [on, active], pending: new, disabled: off, deleted: gone}"
	for state, want := range map[string]mapping.Status{
		"on": mapping.StatusEnabled, "active": mapping.StatusEnabled, "new": mapping.StatusPending,
		"off": mapping.StatusDisabled, "gone": mapping.StatusDeleted,
		"never seen": mapping.StatusUnknown, "": mapping.StatusUnknown,
	} {
		res, err := personResource(t, `{"id":1,"state":"`+state+`"}`, rule)
		if err != nil {
			t.Fatal(err)
		}
		if res.Status != want || res.StatusDetail != state {
			t.Errorf("%q is %q (%q), want %q", state, res.Status, res.StatusDetail, want)
		}
	}
}

func TestUser(t *testing.T) {
	res, err := personResource(t, `{"id":1,"logins":["a","b"],"admin":true,"contact":{"mail":"a@b"},"created":"2023-11-14T22:13:20Z"}`,
		"user: {login: first logins, login_aliases: logins, email: contact.mail, last_login: created, mfa: active or admin, sso: active}")
	if err != nil {
		t.Fatal(err)
	}
	u := res.User
	if u.Login != "a" || !reflect.DeepEqual(u.LoginAliases, []string{"b"}) || u.Email != "a@b" || u.LastLogin.Unix() != 1700000000 || !*u.MFA || *u.SSO {
		t.Errorf("%+v", u)
	}
}

func TestNameDefaultsToTheID(t *testing.T) {
	typ := loadFrozen(t).Type("tenant")
	res, err := typ.Resource(mapping.ID{"T1"}, mapping.RecordOf(&descope.Tenant{}), mapping.Record{})
	if err != nil || res.Name != "T1" {
		t.Errorf("%v %v", res, err)
	}
}

func TestParentTexts(t *testing.T) {
	typ := loadFrozen(t).Type("role")
	role := mapping.RecordOf(&descope.Role{Name: "Editor", TenantID: new("T1")})
	for _, c := range []struct {
		parent mapping.Record
		want   string
	}{
		{mapping.RecordOf(&descope.Tenant{ID: "T1", Name: new("Acme")}), "Editor (Acme)"},
		{mapping.RecordOf(&descope.Tenant{ID: "T1"}), "Editor (T1)"},
		{mapping.Record{}, "Editor"},
	} {
		res, err := typ.Resource(mapping.ID{"T1", "Editor"}, role, c.parent)
		if err != nil || res.Name != c.want {
			t.Errorf("got %v %v, want %s", res, err, c.want)
		}
	}
	if !typ.NeedsParent || loadFrozen(t).Type("user").NeedsParent {
		t.Error("a role needs its parent's record, a user does not")
	}
}

// TestAbsentTruthValue: false is a value, and what is absent is none.
func TestAbsentTruthValue(t *testing.T) {
	src := strings.Replace(string(frozen), "\n    created_at: createdTime\n", "\n    created_at: createdTime\n    description: '{verifiedEmail}'\n", 1)
	plan, err := mapping.Load("frozen.yaml", []byte(src), descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	for want, user := range map[string]descope.ResponseUser{
		"": {UserID: "U1"}, "false": {UserID: "U1", VerifiedEmail: new(false)}, "true": {UserID: "U1", VerifiedEmail: new(true)},
	} {
		res, err := plan.Type("user").Resource(mapping.ID{"U1"}, mapping.RecordOf(user), mapping.Record{})
		if err != nil || res.Description != want {
			t.Errorf("%v %v, want %q", res, err, want)
		}
	}
}
