package e2e

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// TestNoColor checks that nothing is ever coloured, so that NO_COLOR is honoured.
func TestNoColor(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	for _, args := range [][]string{
		{"--log-format", "console"}, {"--help"}, {"mapping", "check"}, {"mapping", "explain"}, {"man"}, {"--nope"},
	} {
		if e := connector(t, d, args...); strings.Contains(e.all, "\x1b") {
			t.Errorf("%v colours its output: %q", args, e.all)
		}
	}
}
