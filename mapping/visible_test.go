package mapping_test

import (
	"strings"
	"testing"
)

// Text of blanks is no value of what people see.
func TestBlanksAreNoValue(t *testing.T) {
	for record, want := range map[string]string{
		`{"id":1,"state":" ","contact":{"mail":"a@b"}}`:              "a@b",
		`{"id":1,"state":"\t\u00a0\u3000","contact":{"mail":"a@b"}}`: "a@b",
		`{"id":1,"state":" Ann ","contact":{"mail":"a@b"}}`:          " Ann ",
		`{"id":1,"logins":["  ","ann"]}`:                             "ann",
		`{"id":1,"logins":["  "]}`:                                   "1",
	} {
		res, err := personResource(t, record, "description: state or contact.mail or first logins or id")
		if err != nil {
			t.Fatal(err)
		}
		if res.Description != want {
			t.Errorf("%s has %q, want %q", record, res.Description, want)
		}
	}
	res, err := personResource(t, `{"id":1,"logins":["b"," ","c"],"state":" "}`, "user: {login: first logins, login_aliases: logins}", "description: \"is[ in {state}]\"")
	if err != nil || res.Description != "is" || len(res.User.LoginAliases) != 1 {
		t.Errorf("%+v %v", res, err)
	}
}

// Keys of free-form objects with dots and blanks are written in quotes.
func TestKeysInQuotes(t *testing.T) {
	const record = `{"id":1,"extra":{"k.dot":"dotted","k sp":"spaced","this or that":"both","k":{"dot":"inside"},"x\"y":"quoted"}}`
	for expression, want := range map[string]string{
		`extra."k.dot"`:                        "dotted",
		`extra.'k sp'`:                         "spaced",
		`extra.k.dot`:                          "inside",
		`extra."k"."dot"`:                      "inside",
		`extra."none" or extra."this or that"`: "both",
		`extra.'x"y'`:                          "quoted",
		`'{extra."k.dot"} and {extra."k sp"}'`: "dotted and spaced",
	} {
		res, err := personResource(t, record, "description: "+expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
		} else if res.Description != want {
			t.Errorf("%s is %q, want %q", expression, res.Description, want)
		}
	}
	checkMistakes(t, []mistakeCase{
		{
			name: "a quote that is not closed",
			old:  "custom_attributes: customAttributes\n",
			new:  "custom_attributes: customAttributes.\"k.dot\n",
			want: `46:43: "customAttributes.\"k.dot" is not a field path`,
		},
		{
			name: "a misspelled field behind quotes",
			old:  "first_name: givenName\n",
			new:  "first_name: \"'givenName'.x\"\n",
			want: `41:32: 'givenName' is text and has no field "x"`,
		},
	})
}

func TestUsersWithoutStatusOrLogin(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"no status", statusLine, "", `21:12: a user has no status here, though its record has status; use it, or give a reason: ignored: {status: ...}`},
		{"no login", "      login: first loginIds\n", "", `21:12: a user has no user.login here, though its record has loginIds; use it, or give a reason: ignored: {loginIds: ...}`},
		{"ignored", statusLine + "    user:\n", "    ignored: {permissions: x y, ssoAppIds: x y, userTenants.permissions: x y, status: All of them are.}\n    user:\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := edit(t, c.old, c.new)
			if c.want == "" {
				src = cutIgnored(src)
			}
			if got := warningsIn(t, src, descopeAPI); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// cutIgnored takes what is ignored of a user at the end of its type out of a mapping.
func cutIgnored(src string) string {
	before, rest, _ := strings.Cut(src, "    ignored: # looks like access\n")
	_, after, _ := strings.Cut(rest, "\n\n  tenant:\n")
	return before + "\n  tenant:\n" + after
}
