package exampleapis

import (
	"os/exec"
	"strings"
	"testing"
)

// TestNotLinked holds that no program of the module has the examples' clients in it.
func TestNotLinked(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "github.com/conductorone/baton-descope/cmd/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range strings.FieldsSeq(string(out)) {
		if strings.Contains(pkg, "/exampleapis") {
			t.Errorf("a program links %s", pkg)
		}
	}
}
