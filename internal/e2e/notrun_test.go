//go:build unix

package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/field"

	"github.com/conductorone/baton-descope/internal/descope/config"
)

// notRun are the commands of the documents that cannot be run in a test, by how they
// start, and why. What can be said of them without is said by check.
var notRun = []entry{
	{"make test", "it is what runs this", nil},
	{"make test-lambda", "a job of CI", nil},
	{"make lint", "it downloads the linter; a job of CI", nil},
	{"make generate", "it writes to the repository; part of make test", nil},
	{"docker ", "there may be no engine; internal/e2e/container_test.go runs the image's program", checkDocker},
	{"go install ", "it takes the program from the network", checkInstall},
	{"go test ", "tests in a test; make test runs them", checkGoTest},
	{"curl -LO ", "it takes a release from the network", checkRelease},
	{"tar ", "it unpacks a release", checkRelease},
	{"cosign ", "it needs a release", checkRelease},
	{"sha256sum ", "it needs a release", checkRelease},
	{"install ", "it writes to the system; internal/packaging looks up each file", nil},
	{"systemctl ", "it changes the system", nil},
	{"journalctl ", "there is no such service", nil},
	{"git clone ", "it takes the repository from the network", checkClone},
	{"./bin/baton explorer ", "it serves until it is stopped", nil},
	{"cd ", "it goes into what git clone made", nil},
}

type entry struct {
	start, why string
	check      func(t *testing.T, command string)
}

// measured are documents of which no command is run, and why.
var measured = map[string]entry{
	"docs/operations.md":  {"", "it measures large projects, for minutes", checkFlags},
	"docs/performance.md": {"", "it measures for minutes; internal/bench tests its program", checkBench},
}

// listed returns the entry of a command of a document that is not run.
func listed(document, command string) *entry {
	if e, ok := measured[document]; ok {
		return &e
	}
	for i, e := range notRun {
		if command == strings.TrimSpace(e.start) || strings.HasSuffix(e.start, " ") && strings.HasPrefix(command, e.start) {
			return &notRun[i]
		}
	}
	return nil
}

// TestNotRunIsUsed: what no document has any more is off the list.
func TestNotRunIsUsed(t *testing.T) {
	used := map[string]bool{}
	for _, name := range withCommands(t) {
		for _, b := range blocksOf(t, name) {
			for _, c := range b.commands {
				if e := listed(name, c.text); e != nil {
					used[e.start] = true
				}
			}
		}
	}
	for _, e := range notRun {
		if !used[e.start] {
			t.Errorf("no document has a command that starts with %q", e.start)
		}
	}
}

func checkNotRun(t *testing.T, command string, e *entry) {
	t.Helper()
	for _, name := range regexp.MustCompile(`\bBATON_[A-Z0-9_]+`).FindAllString(command, -1) {
		flag := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "BATON_"), "_", "-"))
		if !flagNames()[flag] && !slices.Contains([]string{"config-path", "host-id", "tmpdir"}, flag) {
			t.Errorf("%s: there is no %s", command, name)
		}
	}
	if e.check != nil {
		e.check(t, command)
	}
}

func flagNames() map[string]bool {
	all := map[string]bool{"help": true, "version": true}
	for _, f := range slices.Concat(field.DefaultFields, config.Schema.Fields) {
		all[f.FieldName], all[f.GetCLIShortHand()] = true, true
	}
	return all
}

// checkDocker looks up what is built, or what is run and with which flags.
func checkDocker(t *testing.T, command string) {
	t.Helper()
	if strings.HasPrefix(command, "docker build ") {
		checkPaths(t, command)
	} else if !ours.MatchString(command) {
		t.Errorf("%s: that is not our image", command)
	}
	checkFlags(t, command)
}

// ours is the program or its image, and what comes after it.
var ours = regexp.MustCompile(` (?:\./bin/|ghcr\.io/conductorone/)?baton-descope(?::\S+)?((?: .*)?)$`)

// checkFlags looks up the flags of the connector.
func checkFlags(t *testing.T, command string) {
	t.Helper()
	found := ours.FindStringSubmatch(" " + command)
	if found == nil || strings.HasPrefix(command, "docker build ") {
		return
	}
	for word := range strings.FieldsSeq(found[1]) {
		name, _, _ := strings.Cut(word, "=")
		if strings.HasPrefix(word, "-") && !flagNames()[strings.TrimLeft(name, "-")] {
			t.Errorf("%s: the connector has no flag %s", command, name)
		}
	}
}

// checkBench looks up the flags of the program that measures; internal/repo looks up
// the targets of make.
func checkBench(t *testing.T, command string) {
	t.Helper()
	arguments, ok := strings.CutPrefix(command, "go run ./internal/bench ")
	if !ok && !strings.HasPrefix(command, "make ") {
		t.Errorf("%s: that measures nothing", command)
	}
	for word := range strings.FieldsSeq(arguments) {
		if name, isFlag := strings.CutPrefix(word, "-"); ok && isFlag && !strings.Contains(string(source(t, "internal/bench/main.go")), `"`+name+`"`) {
			t.Errorf("%s: the program has no flag -%s", command, name)
		}
	}
}

// checkInstall looks up a package of this module.
func checkInstall(t *testing.T, command string) {
	t.Helper()
	pkg, version, _ := strings.Cut(strings.Fields(command)[2], "@")
	sub, ours := strings.CutPrefix(pkg, module(t)+"/")
	switch {
	case version == "":
		t.Errorf("%s: there is no version", command)
	case ours:
		exists(t, command, sub+"/main.go")
	case pkg != "github.com/conductorone/baton-sdk/cmd/baton":
		t.Errorf("%s: that is not a program of ours", command)
	}
}

func checkClone(t *testing.T, command string) {
	t.Helper()
	if !strings.HasSuffix(command, " https://"+module(t)) {
		t.Errorf("%s: the module is %s", command, module(t))
	}
}

// checkGoTest looks up the package and the tests that are named.
func checkGoTest(t *testing.T, command string) {
	t.Helper()
	words := strings.Fields(strings.ReplaceAll(command, "'", ""))
	folder := strings.TrimSuffix(words[2], "/...")
	exists(t, command, folder)
	for i, word := range words[:len(words)-1] {
		name := strings.Trim(words[i+1], "^$")
		if (word != "-run" && word != "-fuzz") || name == "" {
			continue
		}
		found := false
		for _, file := range glob(t, filepath.Join(folder, "*_test.go")) {
			found = found || strings.Contains(string(source(t, file)), "\nfunc "+name)
		}
		if !found {
			t.Errorf("%s: %s has no %s", command, folder, name)
		}
	}
}

// checkRelease compares the names of archives with those that are released.
func checkRelease(t *testing.T, command string) {
	t.Helper()
	releases := string(source(t, ".goreleaser.yaml"))
	for _, name := range regexp.MustCompile(`baton-descope_[\w.]+?_(\w+)_(\w+)\.tar\.gz`).FindAllStringSubmatch(command, -1) {
		if !strings.Contains(releases, `"{{ .ProjectName }}_{{ .Version }}_{{ .Os }}_{{ .Arch }}"`) || !strings.Contains(releases, "- "+name[1]+"_"+name[2]+"\n") {
			t.Errorf("%s: %s is not released", command, name[0])
		}
	}
	if strings.Contains(command, "https://github.com/") && !strings.Contains(command, "https://"+module(t)+"/") {
		t.Errorf("%s: the module is %s", command, module(t))
	}
}

// checkPaths looks up the paths below deploy and the like.
func checkPaths(t *testing.T, command string) {
	t.Helper()
	for _, word := range strings.Fields(command) {
		if strings.HasPrefix(word, "deploy/") {
			exists(t, command, word)
		}
	}
}

func module(t *testing.T) string {
	t.Helper()
	line, _, _ := strings.Cut(string(source(t, "go.mod")), "\n")
	return strings.TrimPrefix(line, "module ")
}

func exists(t *testing.T, command, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join("..", "..", name)); err != nil {
		t.Errorf("%s: %v", command, err)
	}
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", pattern))
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files {
		files[i], _ = filepath.Rel(filepath.Join("..", ".."), file)
	}
	return files
}

func source(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}
