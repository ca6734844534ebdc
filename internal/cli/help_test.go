package cli

import (
	"bytes"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	sdkconfig "github.com/conductorone/baton-sdk/pkg/config"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope/config"
)

// commandLine is the command line of run, without its effects.
func commandLine(t testing.TB) *cobra.Command {
	t.Helper()
	_, root, err := sdkconfig.DefineConfigurationV2(t.Context(), name, serverWith("dev", forService), config.Schema)
	if err != nil {
		t.Fatal(err)
	}
	root.Version = "dev"
	root.AddCommand(newMappingCommand(), newManCommand())
	describe(root)
	return root
}

// prints returns what the command line writes to stdout.
func prints(t *testing.T, args ...string) string {
	t.Helper()
	root := commandLine(t)
	var out bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&out)
	root.SetArgs(args)
	if err := root.Execute(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// An SDK update that adds or removes flags fails here: each flag needs a place in the
// help, or in unusedFlags.
func TestHelpCoversEveryFlag(t *testing.T) {
	root := commandLine(t)
	var listed []string
	for _, group := range flagGroups {
		for _, flag := range group.flags {
			if slices.Contains(listed, flag.name) {
				t.Errorf("--%s is listed twice", flag.name)
			}
			listed = append(listed, flag.name)
		}
	}
	for _, flag := range slices.Concat(listed, unusedFlags) {
		if flagOf(root, flag) == nil {
			t.Errorf("there is no flag --%s", flag)
		}
	}
	root.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden && !slices.Contains(listed, flag.Name) {
			t.Errorf("--%s is in no group of the help", flag.Name)
		}
	})
}

func TestHelp(t *testing.T) {
	help := prints(t, "--help")
	place := 0
	for _, title := range []string{"Usage", "Examples", "Mappings", "About the connector", "Tools",
		"Descope", "Output", "Provisioning", "Service mode: ", "Diagnostics"} {
		next := strings.Index(help[place:], "\n"+title)
		if next < 0 {
			t.Fatalf("%q is missing or not in its place:\n%s", title, help)
		}
		place += next
	}
	for _, line := range strings.Split(help, "\n") {
		if len(line) > totalWidth {
			t.Errorf("a line is too long for a terminal: %s", line)
		}
		if strings.Contains(line, "$BATON_") && !strings.Contains(line, "$BATON_TMPDIR") {
			t.Errorf("the name in the environment is the same for all: %s", line)
		}
	}
}

func TestCommandHelpShowsOwnFlags(t *testing.T) {
	for _, command := range []string{"mapping", "capabilities", "completion", "config"} {
		if help := prints(t, command, "--help"); strings.Contains(help, "--client-id") || strings.Contains(help, "--log-level") {
			t.Errorf("%s has flags of the connector:\n%s", command, help)
		}
	}
	if help := prints(t, "health-check", "--help"); !strings.Contains(help, "--health-check-port") {
		t.Errorf("health-check does not name its port:\n%s", help)
	}
}

// The examples of the help are valid command lines.
func TestExamplesParse(t *testing.T) {
	examples := strings.ReplaceAll(rootExamples, "\\\n", " ")
	for _, line := range regexp.MustCompile(`(?m)^ *baton-descope (.*)$`).FindAllStringSubmatch(examples, -1) {
		root := commandLine(t)
		command, args, err := root.Find(strings.Fields(line[1]))
		if err != nil {
			t.Errorf("%s: %v", line[0], err)
			continue
		}
		if err := command.ParseFlags(args); err != nil {
			t.Errorf("%s: %v", line[0], err)
		}
	}
}

func TestMissingCredentials(t *testing.T) {
	for name, test := range map[string]struct {
		cfg  generated.Descope
		says string
	}{
		"both":           {generated.Descope{}, "there is no project ID and no management key."},
		"the project ID": {generated.Descope{ManagementKey: "K2secret"}, "there is no project ID."},
		"the key":        {generated.Descope{ProjectId: "P2abc"}, "there is no management key."},
	} {
		t.Run(name, func(t *testing.T) {
			err := checkCredentials(&test.cfg)
			if err == nil {
				t.Fatal("nothing is missing")
			}
			for _, part := range []string{test.says, "export BATON_PROJECT_ID=", "export BATON_MANAGEMENT_KEY=", "--project-id", "--management-key", "Descope console"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is missing in: %v", part, err)
				}
			}
			if strings.Contains(err.Error(), "K2secret") {
				t.Error("the key is shown")
			}
		})
	}
	if err := checkCredentials(&generated.Descope{ProjectId: "P2abc", ManagementKey: "K2secret"}); err != nil {
		t.Error(err)
	}
}

func TestUnknownFlagHint(t *testing.T) {
	root := commandLine(t)
	root.SetArgs([]string{"mapping", "check", "--nope"})
	err := root.Execute()
	if err == nil || err.Error() != "unknown flag: --nope; see baton-descope mapping check --help" {
		t.Error(err)
	}
}

func TestCompletion(t *testing.T) {
	for words, wants := range map[string][]string{
		"--log-level ":      {"debug\n", "info\n", "warn\n", "error\n"},
		"--storage-engine ": {"pebble\n", "sqlite\n"},
		"--base":            {"--base-url\tBase URL of the Descope API\n"},
		"mapping ch":        {"check\t"},
	} {
		got := prints(t, append([]string{"__complete"}, strings.Split(words, " ")...)...)
		for _, want := range wants {
			if !strings.Contains(got, want) {
				t.Errorf("%q completes to %q, without %q", words, got, want)
			}
		}
	}
}

func TestManPage(t *testing.T) {
	page := prints(t, "man")
	for _, section := range []string{"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES"} {
		if !strings.Contains(page, "\n.SH "+section+"\n") {
			t.Errorf("there is no section %s", section)
		}
	}
	for _, text := range []string{
		`.B \-\-project\-id ID`, `.B \-f, \-\-file FILE`, `.SS baton\-descope mapping check [FILE] [flags]`, `(default: sync.c1z)`,
	} {
		if !strings.Contains(page, "\n"+text) && !strings.Contains(page, text+"\n") {
			t.Errorf("%q is missing", text)
		}
	}
	if strings.Contains(page, "_connector") {
		t.Error("the page shows a hidden command")
	}
}

// Formatters accept the page without warnings.
func TestManPageIsValidRoff(t *testing.T) {
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skipf("there is no groff on this %s", runtime.GOOS)
	}
	cmd := exec.CommandContext(t.Context(), groff, "-man", "-Tutf8", "-ww", "-z")
	cmd.Stdin = strings.NewReader(prints(t, "man"))
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v\n%s", err, out)
	}
}
