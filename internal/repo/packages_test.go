package repo

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const modulePath = "github.com/conductorone/baton-descope/"

// imports returns which of our packages the programs link, and what of ours each
// of them imports, as go list tells.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", `{{.ImportPath}} {{join .Imports " "}}`,
		"./cmd/baton-descope", "./cmd/descope-emulator")
	list.Dir = root
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name, ours := strings.CutPrefix(words[0], modulePath)
		if !ours {
			continue
		}
		found[name] = nil
		for _, word := range words[1:] {
			if imported, ours := strings.CutPrefix(word, modulePath); ours {
				found[name] = append(found[name], imported)
			}
		}
	}
	return found
}

// picture draws packages and their imports. An import that follows from others is
// not drawn.
func picture(imports map[string][]string) string {
	reaches := map[string]map[string]bool{}
	var reach func(from string) map[string]bool
	reach = func(from string) map[string]bool {
		if reaches[from] == nil {
			reaches[from] = map[string]bool{}
			for _, to := range imports[from] {
				reaches[from][to] = true
				maps.Copy(reaches[from], reach(to))
			}
		}
		return reaches[from]
	}
	var b strings.Builder
	b.WriteString("flowchart TD\n")
	for _, from := range slices.Sorted(maps.Keys(imports)) {
		for _, to := range slices.Sorted(slices.Values(imports[from])) {
			if !slices.ContainsFunc(imports[from], func(other string) bool { return other != to && reach(other)[to] }) {
				fmt.Fprintf(&b, "  %s --> %s\n", node(from), node(to))
			}
		}
	}
	return b.String()
}

func node(name string) string {
	return regexp.MustCompile(`\W`).ReplaceAllString(name, "_") + `["` + name + `"]`
}

// TestPictureOfPackages: the picture in docs/architecture.md is what go list tells.
func TestPictureOfPackages(t *testing.T) {
	text := read(t, "docs/architecture.md")
	_, rest, ok := strings.Cut(text, "<!-- packages:begin -->\n```mermaid\n")
	drawn, _, end := strings.Cut(rest, "```\n<!-- packages:end -->")
	if want := picture(imports(t)); !ok || !end || drawn != want {
		t.Errorf("between packages:begin and packages:end in docs/architecture.md there has to be\n%s", want)
	}
}

func TestPicture(t *testing.T) {
	got := picture(map[string][]string{"a": {"c/d", "b"}, "b": {"c/d"}, "c/d": nil})
	if want := "flowchart TD\n  a[\"a\"] --> b[\"b\"]\n  b[\"b\"] --> c_d[\"c/d\"]\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestWaysOfImports: packages know only what is below them.
func TestWaysOfImports(t *testing.T) {
	all := imports(t)
	for name, may := range map[string][]string{
		"api":                      {},
		"mapping":                  {"api", "internal/spelling", "mapping/internal/apitype", "mapping/internal/syntax"},
		"mapping/internal/apitype": {"api"},
		"mapping/internal/syntax":  {"internal/spelling"},
		"internal/spelling":        {},
		"connector":                {"api", "mapping", "connector/paging", "connector/transport"},
		"connector/paging":         {},
		"connector/transport":      {"api"},
		"gen/descope":              {"api"},
		"internal/emulator":        {"api", "gen/descopeserver"},
		"internal/emulator/fault":  {"internal/emulator"},
	} {
		if _, ok := all[name]; !ok {
			t.Errorf("there is no package %s", name)
		}
		for _, imported := range all[name] {
			if !slices.Contains(may, imported) {
				t.Errorf("%s imports %s; it may import %v", name, imported, may)
			}
		}
	}
}

var (
	namedInFile = regexp.MustCompile("`(?:(\\w+)\\.)?(\\w+)` \\(`([\\w/.-]+\\.go)`\\)")
)

// TestFunctionsOfArchitecture: what docs/architecture.md says is in a file is there.
func TestFunctionsOfArchitecture(t *testing.T) {
	found := namedInFile.FindAllStringSubmatch(strings.Join(strings.Fields(read(t, "docs/architecture.md")), " "), -1)
	if len(found) < 15 {
		t.Fatalf("only %d functions are named", len(found))
	}
	for _, names := range found {
		method := `\(\w+ \*?` + names[1] + `(?:\[\w+\])?\) `
		if names[1] == "" {
			method = `(?:\(\w+ \*?\w+\) )?`
		}
		if !exists(names[3]) {
			t.Errorf("there is no %s", names[3])
		} else if !regexp.MustCompile(`(?m)^(?:func ` + method + `|type |var )` + names[2] + `\b`).MatchString(read(t, names[3])) {
			t.Errorf("%s has no %s", names[3], strings.TrimPrefix(names[1]+"."+names[2], "."))
		}
	}
}

// TestEveryPackageIsDescribed: docs/architecture.md says of every package what it is.
func TestEveryPackageIsDescribed(t *testing.T) {
	text := read(t, "docs/architecture.md")
	folders, err := filepath.Glob(filepath.Join(root, "internal", "*"))
	if err != nil || len(folders) < 15 {
		t.Fatalf("%v, %v", folders, err)
	}
	for _, folder := range folders {
		if name := filepath.Base(folder); !regexp.MustCompile(`\| \x60internal/` + name + `\x60`).MatchString(text) {
			t.Errorf("docs/architecture.md has no row of internal/%s", name)
		}
	}
}
