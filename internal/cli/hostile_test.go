package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/mapping"
)

// The mapping commands report an error for any hostile file.
func TestHostileFiles(t *testing.T) {
	const aliases = "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
	dir := folder(t, map[string]string{
		"right.yaml":  string(mapping.Descope),
		"bomb.yaml":   aliases,
		"deep.yaml":   strings.Repeat("[", 60<<10),
		"large.yaml":  strings.Repeat("# it goes on and on\n", 1000<<10/20),
		"huge.yaml":   strings.Repeat("# it goes on and on\n", 2<<20/20),
		"twice.yaml":  "version: 1\nversion: 1\n",
		"latin1.yaml": "version: \xe9\n",
	})
	for _, test := range []struct {
		command []string
		want    string
	}{
		{[]string{"bomb.yaml"}, "1:4: anchors (&a) are not supported; write the value out"},
		{[]string{"deep.yaml"}, "not YAML: exceeded max depth of 10000"},
		{[]string{"large.yaml"}, "the file has 1024000 bytes; a mapping has at most 65536"},
		{[]string{"huge.yaml"}, "huge.yaml has more than 1048576 bytes"},
		{[]string{"twice.yaml"}, `2:1: "version" is given twice`},
		{[]string{"latin1.yaml"}, "1:10: the file is not UTF-8 from here on"},
	} {
		file := filepath.Join(dir, test.command[0])
		for _, command := range [][]string{{"check", file}, {"explain", file}} {
			said, err := mappingCommand(t, command...)
			if err == nil || !strings.Contains(said+err.Error(), test.want) {
				t.Errorf("%v: %v, %s; want %q", command, err, said, test.want)
			}
		}
		if _, err := descope.LoadMapping(&generated.Descope{Mapping: file}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("--mapping %s: %v, want %q", file, err, test.want)
		}
	}
	for lock, want := range map[string]string{
		"bomb.yaml": "bomb.yaml", "huge.yaml": "huge.yaml has more than 1048576 bytes", "deep.yaml": "exceeded max depth", "latin1.yaml": "latin1.yaml",
	} {
		if _, err := mappingCommand(t, "check", filepath.Join(dir, "right.yaml"), "--lock", filepath.Join(dir, lock)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--lock %s: %v, want %q", lock, err, want)
		}
	}
}

// Recorded replies may hold any text: it is shown on one line, without control
// characters.
func TestHostileReplies(t *testing.T) {
	hostile := map[string]string{
		"LoadAllPermissions.json": `{"permissions": []}`,
		"LoadAllTenants.json":     `{"tenants": []}`,
		"LoadAllRoles.json":       `{"roles": [{"name": "a\u001b[31mb\nc\u202ed\u0000\u009b\u2028e"}]}`,
		"SearchUsers.json":        `{"total": 1, "users": [{"userId": "U1", "email": "a\u001b]0;title\u0007@b", "customAttributes": {"x\u001b[2J": "y\u202e"}}]}`,
	}
	said, err := mappingCommand(t, "explain", "--replies", folder(t, hostile))
	if err != nil {
		t.Fatal(err)
	}
	if i := strings.IndexFunc(said, func(r rune) bool {
		return r != '\n' && (r < ' ' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r >= 0x202a && r <= 0x202e)
	}); i >= 0 {
		t.Errorf("the output has the character %+q:\n%q", []rune(said[i:])[0], said)
	}
	hostile["SearchUsers.json"] = `{"total": 1, "users": ` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}"
	if _, err := mappingCommand(t, "explain", "--replies", folder(t, hostile)); err == nil || !strings.Contains(err.Error(), "SearchUsers: unusable reply") {
		t.Errorf("a reply that nests without end: %v", err)
	}
	dir := folder(t, nil)
	if err := os.WriteFile(filepath.Join(dir, "LoadAllRoles.json"), []byte("{\"roles\": [{\"name\": \"\xff\"}]}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mappingCommand(t, "explain", "--replies", dir); err == nil {
		t.Error("a reply that is not UTF-8 passes")
	}
}
