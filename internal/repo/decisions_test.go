package repo

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDecisions: the records are numbered without a gap, have the same parts, and
// are in the index under their titles.
func TestDecisions(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "docs", "decisions", "0*.md"))
	if err != nil || len(files) < 10 {
		t.Fatalf("%v, %v", files, err)
	}
	slices.Sort(files)
	index := read(t, "docs/decisions/README.md")
	for i, file := range files {
		name := filepath.Base(file)
		text := read(t, "docs/decisions/"+name)
		number := fmt.Sprintf("%04d", i+1)
		title, _, _ := strings.Cut(strings.TrimPrefix(text, "# "+number+". "), "\n")
		if !strings.HasPrefix(name, number+"-") || !strings.HasPrefix(text, "# "+number+". ") {
			t.Errorf("%s is to be number %s, in its name and title", name, number)
		}
		if row := fmt.Sprintf("| [%s](%s) | %s |\n", number, name, title); !strings.Contains(index, row) {
			t.Errorf("the index has no row %s", row)
		}
		var parts []string
		for line := range strings.Lines(text) {
			if part, ok := strings.CutPrefix(line, "## "); ok {
				parts = append(parts, strings.TrimSpace(part))
			}
		}
		if want := []string{"Why", "What was decided", "What else was considered", "What follows"}; !slices.Equal(parts, want) {
			t.Errorf("%s has the parts %q, want %q", name, parts, want)
		}
	}
}
