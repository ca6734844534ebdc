package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/examples"
)

// TestExamples runs the examples of the mapping that is built in, as
// `baton-descope mapping test` does.
func TestExamples(t *testing.T) {
	dirs, err := examples.Find(filepath.Join("..", "..", "mapping", "testdata", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) { runExample(t, dir) })
	}
}

// TestExampleInManual runs the example in docs/mapping.md.
func TestExampleInManual(t *testing.T) {
	manual, err := os.ReadFile(filepath.Join("..", "..", "docs", "mapping.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(manual), "```yaml example\n")
	example, _, closed := strings.Cut(example, "```")
	if !found || !closed {
		t.Fatal("the manual has no example")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, examples.File), []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	runExample(t, dir)
}

func runExample(t *testing.T, dir string) {
	t.Helper()
	c, err := examples.Load(dir, exampleEnvironment("").Operations)
	if err != nil {
		t.Fatal(err)
	}
	result, err := c.Run(t.Context(), exampleEnvironment(""))
	if err != nil {
		t.Fatal(err)
	}
	if !result.OK() {
		t.Errorf("%s (- expected, + seen)\n%s", c.Title(), strings.Join(result.Differences, "\n"))
	}
}
