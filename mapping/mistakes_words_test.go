package mapping_test

import (
	"strings"
	"testing"
)

// What other languages write is answered with what a mapping writes.
func TestMistakesInWordsOfOtherLanguages(t *testing.T) {
	const login = "      login: first loginIds\n"
	checkMistakes(t, []mistakeCase{
		{name: "an index", old: login, new: "      login: loginIds[0]\n",
			want: `35:14: "loginIds[0]" is not a field path; a path goes through a list without an index: write "first loginIds" for the first entry, "loginIds" for all`},
		{name: "an index in a rule", old: "on: {name: roleNames}", new: `on: {name: "roleNames[*]"}`,
			want: `50:50: "roleNames[*]" is not a field path; a path goes through a list without an index: write "first roleNames" for the first entry, "roleNames" for all`},
		{name: "or in another language", old: "    name: name or id\n", new: "    name: name || id\n",
			want: `62:11: "name || id" is not a field path; write "name or id"`},
		{name: "the same in braces", old: `display_name: "{name or id} member"`, new: `display_name: "{name ?? id} member"`,
			want: `67:25: "name ?? id" is not a field path; write "name or id"`},
		{name: "a path of JSONPath", old: "      email: email\n", new: "      email: $.email\n",
			want: `37:14: "$.email" is not a field path; write "email"`},
		{name: "braces around a path", old: "on: {id: userTenants.tenantId}", new: `on: {id: "{userTenants.tenantId}"}`,
			want: `49:48: "{userTenants.tenantId}" is not a field path; write "userTenants.tenantId"`},
		{name: "braces around a part of an id", old: "with: {userId: id}", new: `with: {userId: "{id}"}`,
			want: `29:47: a text with paths in braces cannot stand here; write "id"`},
		{name: "a condition", old: "on: {name: roleNames}}", new: "on: {name: roleNames}, when: verifiedEmail}",
			want: "50:61: unknown key \"when\": a mapping has no conditions; what is not to be synced is left out by the request of the list, with a reason under narrowed"},
		{name: "a method", old: "    get: {operation", new: "    get: {method: GET, operation",
			want: "29:11: unknown key \"method\": how a request is sent follows from its operation in the API document"},
		{name: "an escape that only JSON has", old: `"Confers the permission {name}"`, new: `"Confers the permission \/ {name}"`,
			want: `121:9: not YAML: a text in double quotes has an escape that only JSON has, such as \/: write "/" without the backslash, and a backslash as \\`},
		{name: "a character in two escapes", old: `"Confers the permission {name}"`, new: `"Confers the permission \ud83d\ude00 {name}"`,
			want: `121:9: not YAML: a text has a character in two escapes, as JSON writes it (\ud83d\ude00): write the character itself`},
	})
	src := strings.Replace(string(frozen), "tenantId: resource.id}\n          principal: user\n        revoke:", "tenantId: \"{resource.id}\"}\n          principal: user\n        revoke:", 1)
	want := `71:55: a text with paths in braces cannot stand here; write "resource.id"`
	if got := mistakesIn(t, src); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	for _, directive := range []string{"%YAML 1.2\n---\n", "%YAML 1.3\n---\n", "%FOO bar\n---\n", "%YAML 1.1\n"} {
		want := "not YAML: lines that start with % are not supported; remove them, and the line --- behind them"
		if got := mistakesIn(t, directive+string(frozen)); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", directive, got)
		}
	}
}
