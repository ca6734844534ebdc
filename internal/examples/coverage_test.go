package examples_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/examples"
)

// What no example shows of a mapping is said, in the order of the mapping.
func TestCoverage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "example")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, examples.File), []byte(replies+right), 0o600); err != nil {
		t.Fatal(err)
	}
	env := workbench
	env.Coverage = true
	var out strings.Builder
	if err := examples.Suite(context.Background(), &out, dir, env, false); err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(out.String(), "1 as expected\n")
	want := `coverage of the mapping: 9 of 21; no example shows
         person: the status false
         person: the rule for group.member on {group_id: workspaces.groups.id}
         group: a value of group_id in the id
         group: the rule for workspace.reader on {id: shared_with}
         somebody who holds group.member
         a grant of group.member
         a revocation of group.member
         workspace: the status frozen
         workspace: the status open
         somebody who holds workspace.reader
         a grant of role.held
         a revocation of role.held
`
	if got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
