package explain_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/exampleapis/github"
	"github.com/conductorone/baton-descope/internal/explain"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

var update = flag.Bool("update", false, "update the files in testdata")

func plans(t *testing.T) map[string]*mapping.Plan {
	t.Helper()
	workbench, err := secondapi.Plan()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "..", "mapping", "examples", "github", "github.yaml")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	holders, err := mapping.Load(file, src, mapping.Environment{Operations: github.Operations})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*mapping.Plan{"workbench": workbench, "github": holders}
}

// The files in testdata are what the commands print, of two APIs that are
// nobody's product here.
func TestExplanations(t *testing.T) {
	for name, plan := range plans(t) {
		for extension, write := range map[string]func(io.Writer, *mapping.Plan) error{".txt": explain.Text, ".mermaid": explain.Mermaid} {
			var b strings.Builder
			if err := write(&b, plan); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join("testdata", name+extension)
			if *update {
				if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if b.String() != string(want) {
				t.Errorf("%s is\n%s\nupdate it with -update if that is right", file, b.String())
			}
		}
	}
}

// listOf is a mapping with one list.
func listOf(t *testing.T, pages string) *mapping.Plan {
	t.Helper()
	src := "version: 1\nconnector: {display_name: X}\nresource_types:\n  group:\n    display_name: Group\n    list: {operation: ListGroups, records: data.items" + pages + "}\n    id: group_id\n    name: label\n"
	plan, err := mapping.Load("x.yaml", []byte(src), mapping.Environment{Operations: client.Operations})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestCost(t *testing.T) {
	for pages, want := range map[string]string{
		"": "1",
		", pages: {limit: per_page, size: 50, page: page, total: data.total_count}": "⌈groups / 50⌉",
		", pages: {limit: per_page, size: 50, page: page}":                          "⌈groups / 50⌉ + 1", // an empty page ends it
		", pages: {page: page}": "pages of groups + 1",
	} {
		if got := explain.Cost(listOf(t, pages)); got != want {
			t.Errorf("%s costs %s, want %s", pages, got, want)
		}
	}
}
