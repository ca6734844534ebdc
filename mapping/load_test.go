package mapping_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

// descopeAPI is what a mapping of Descope may refer to.
var descopeAPI = mapping.Environment{
	Operations: descope.Operations,
	Options:    map[string]any{"include-test-users": false},
}

// frozen is the mapping that the tests of the language read and edit: a copy of
// descope.yaml of some day, so that descope.yaml is free to change.
//
//go:embed testdata/frozen.yaml
var frozen []byte

func loadFrozen(t testing.TB) *mapping.Plan {
	t.Helper()
	plan, err := mapping.Load("frozen.yaml", frozen, descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// A mistakeCase is one edit of the frozen mapping, and what Load says of it:
// LINE:COL: WHAT.
type mistakeCase struct{ name, old, new, want string }

func checkMistakes(t *testing.T, cases []mistakeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := mistakesIn(t, edit(t, c.old, c.new)); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// edit returns the frozen mapping with a text replaced that is in it once.
func edit(t *testing.T, from, to string) string {
	t.Helper()
	src := string(frozen)
	if n := strings.Count(src, from); n != 1 {
		t.Fatalf("frozen.yaml has this text %d times, not once:\n%s", n, from)
	}
	return strings.Replace(src, from, to, 1)
}

// mistakesIn returns what Load says of a file, a line each, without the file's name.
func mistakesIn(t *testing.T, src string) string {
	t.Helper()
	_, err := mapping.Load("f", []byte(src), descopeAPI)
	if err == nil {
		return ""
	}
	return strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\nf:", "\n"), "f:")
}

// The examples of the language's description, made at once: all are reported,
// sorted by place.
func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	src := string(frozen)
	for _, c := range [][2]string{
		{"operation: SearchUsers", "operation: SerchUsers"},
		{"email: email\n", "email: mail\n"},
		{"login: first loginIds", "login: loginIds"},
		{"    profile:", "    profil:"},
		{"operation: AddUserRoles\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}", "operation: AddUserRoles\n          with: {loginId: principal.userId, tenantId: resource.tenantId}"},
		{"operation: RemoveUserRoles\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}", "operation: RemoveUserRoles\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.description]}"},
		{"- {entitlement: role.assigned, on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}", "- {entitlement: role.assigned, on: {tenantId: userTenants.tenantId, name: roleNames}}"},
		{"enabled: enabled", "enabled: off"},
		{"{entitlement: permission.granted, on: {name: permissionNames}, expand: assigned}", "{entitlement: role.assigned, on: {name: permissionNames}}"},
	} {
		if strings.Count(src, c[0]) != 1 {
			t.Fatalf("not there once: %s", c[0])
		}
		src = strings.Replace(src, c[0], c[1], 1)
	}
	want := strings.TrimSpace(`
23:18: the API has no operation "SerchUsers"; did you mean "SearchUsers"?
33:37: "off" is not a value of status in the API; it is one of disabled, enabled, expired, invited
35:14: loginIds is a list of text, but text is expected here; write "first loginIds"
37:14: a user record (ResponseUser) has no field "mail"; did you mean "email"?
40:5: unknown key "profil"; did you mean "profile"?
51:81: roleNames and userTenants are different lists; their entries cannot be paired
100:17: AddUserRoles needs "roleNames", which "with" does not set
105:86: resource.description is not available here: only the parts of the id of a role are (tenantId, name)
108:23: role.assigned can be held by user, but this rule is in role
`)
	if got := mistakesIn(t, src); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestLineEndingsAndByteOrderMarks(t *testing.T) {
	src := string(frozen)
	for name, other := range map[string]string{
		"CRLF":               strings.ReplaceAll(src, "\n", "\r\n"),
		"a byte order mark":  "\ufeff" + src,
		"no newline at end":  strings.TrimSpace(src),
		"a document's start": "---\n" + src,
	} {
		t.Run(name, func(t *testing.T) {
			if got := mistakesIn(t, other); got != "" {
				t.Error(got)
			}
		})
	}
	// Places are the same as with LF and without the mark.
	broken := strings.Replace("\ufeff"+src, "email: email\n", "email: mail\n", 1)
	want := `37:14: a user record (ResponseUser) has no field "mail"; did you mean "email"?`
	if got := mistakesIn(t, strings.ReplaceAll(broken, "\n", "\r\n")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestInvalidFiles(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"nothing":       {"", "1:1: the file is empty"},
		"only comments": {"# later\n", "1:1: the file is empty"},
		"null":          {"---\n", "1:1: the file is empty"},
		"a list":        {"- version: 1\n", "1:1: a mapping is a table of keys, not a list"},
		"too large":     {"# " + strings.Repeat("x", 64<<10), "1:1: the file has 65538 bytes; a mapping has at most 65536"},
		"too deep":      {"a: " + strings.Repeat("[", 40) + strings.Repeat("]", 40), "1:35: nested more than 32 levels deep"},
		"a long text":   {"version: " + strings.Repeat("1", 1001), "1:10: a text of 1001 bytes; a mapping has at most 1000"},
		"UTF-16":        {"\xff\xfev\x00", "1:1: the file is not UTF-8 from here on"},
		"another BOM":   {"version: 1\ufeff", "1:11: the character U+FEFF is not allowed in YAML"},
		"an alias bomb": {"a: &a [x, x]\nb: [*a, *a]\n", "1:4: anchors (&a) are not supported; write the value out"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := mistakesIn(t, c.src); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}
