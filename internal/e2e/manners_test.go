package e2e

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// The first thing that somebody new sees.
func TestFirstRun(t *testing.T) {
	t.Parallel()
	e := run(t, nil, "baton-descope")
	if e.code != 2 {
		t.Errorf("exit code %d, want 2", e.code)
	}
	want := `baton-descope: there is no project ID and no management key. Both are needed:

  export BATON_PROJECT_ID=P2...       # from Project in the Descope console
  export BATON_MANAGEMENT_KEY=K2...   # made under Company, Management Keys, with access to the project
  baton-descope -f descope.c1z

--project-id and --management-key do the same, but other users of this machine can see flags.
baton-descope --help tells the rest
`
	if e.all != want {
		t.Errorf("%s\nwant\n%s", e.all, want)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	if e := run(t, nil, "baton-descope", "--version"); e.all != "baton-descope version "+builtVersion+"\n" {
		t.Error(e.all)
	}
}

// NO_COLOR is honoured: nothing is ever coloured.
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

func TestCompletionScripts(t *testing.T) {
	t.Parallel()
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		if e := run(t, nil, "baton-descope", "completion", shell); e.code != 0 || !strings.Contains(e.stdout, "__complete") {
			t.Errorf("%s: exit code %d\n%s", shell, e.code, e.all)
		}
	}
}
