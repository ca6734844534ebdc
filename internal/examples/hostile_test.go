package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/examples"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
)

// load loads an example of the text.
func load(t *testing.T, text string) (*examples.Case, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, examples.File), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return examples.Load(dir, client.Operations)
}

// bomb is a text of ten letters, ten times as often on each of so many levels.
func bomb(levels int) string {
	b := &strings.Builder{}
	b.WriteString("title: x\nreplies:\n  ListRoles:\n    a0: &a0 xxxxxxxxxx\n")
	for i := 1; i <= levels; i++ {
		fmt.Fprintf(b, "    a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

// Hostile examples are refused with an error, and cost little.
func TestHostileExamples(t *testing.T) {
	const most = 256 << 20
	for name, test := range map[string]struct{ text, want string }{
		"a bomb":                   {bomb(9), "with its aliases written out it has more than"},
		"an alias in itself":       {"title: x\nreplies: {ListRoles: &a [*a]}\n", "line 2: &a contains itself"},
		"an alias of nothing":      {"title: x\nreplies: {ListRoles: *a}\n", "unknown anchor"},
		"brackets":                 {"title: " + strings.Repeat("[", 20000), "exceeded max depth"},
		"deep":                     {"title: x\nreplies: {ListRoles: " + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}\n", "nested more than 100 levels deep"},
		"too large":                {"title: " + strings.Repeat("x", 1<<20), "has more than 1048576 bytes"},
		"a key twice":              {"title: x\nreplies: {ListRoles: {catalogue: [], catalogue: []}}\n", `line 2: "catalogue" is given twice`},
		"an operation twice":       {"title: x\nreplies:\n  ListRoles: {}\n  ListRoles: {}\n", `line 4: "ListRoles" is given twice`},
		"a title twice":            {"title: x\ntitle: y\n", `line 2: "title" is given twice`},
		"a merge":                  {"title: x\nreplies: {ListRoles: {<<: {a: 1}}}\n", "merge keys (<<) are not supported"},
		"a key that is a list":     {"title: x\nreplies: {ListRoles: {[a]: 1}}\n", "a key that is not text"},
		"two documents":            {"title: x\n---\ntitle: y\n", "a second YAML document"},
		"not UTF-8":                {"title: \xff\n", "not UTF-8"},
		"a control character":      {"title: \x01\n", "control characters are not allowed"},
		"no number of JSON":        {"title: x\nreplies: {ListRoles: {catalogue: .inf}}\n", ".inf is no JSON"},
		"a key of tomorrow":        {"title: x\nexpects: {}\n", "field expects not found"},
		"a mapping that is a list": {"title: x\nmapping: [" + strings.Repeat("a,", 1000) + "]\n", "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := load(t, test.text)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), examples.File) {
				t.Errorf("%v, want %q", err, test.want)
			}
			if err != nil && len(err.Error()) > 2000 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > most {
				t.Errorf("%d MiB were taken", taken>>20)
			}
		})
	}
	if _, err := load(t, bomb(3)); err != nil {
		t.Errorf("aliases as people use them: %v", err)
	}
}

// FuzzCase: every file is an example or an error that names it.
func FuzzCase(f *testing.F) {
	for _, seed := range []string{
		"title: x\n", replies + right, bomb(2), "title: x\nreplies: {ListRoles: &a [*a]}\n", "title: x\nsteps: [{grant: a:b:c, to: d:e}]\n",
		"a: &a [b]\n<<: *a\n", "title: !!binary eA==\n", "title: 'x'\nreplies: {ListRoles: 'not JSON', ListPeople.http500: {}}\n", "? [a]\n: b\n",
	} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		file := filepath.Join(dir, examples.File)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := examples.Load(dir, client.Operations)
		switch {
		case err == nil && c.Title() == "":
			t.Error("an example without a title")
		case err != nil && !strings.HasPrefix(err.Error(), file+": "):
			t.Errorf("the error does not name the file: %v", err)
		}
	})
}

// What YAML does not take of JSON, and what this program does not take of YAML, is said
// in words of what to write.
func TestExamplesInOtherForms(t *testing.T) {
	for text, want := range map[string]string{
		"%YAML 1.2\n---\ntitle: x\n":                                "lines that start with % are not supported; remove them",
		"title: x\nreplies: {ListRoles: {a: \"https:\\/\\/x\"}}\n":  `write "/" without the backslash`,
		"title: x\nreplies: {ListRoles: {a: \"\\ud83d\\ude00\"}}\n": "write the character itself",
	} {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
