package apidiff_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/apidiff"
)

// A block of docs/regenerating.md is a fenced one, of which the words behind the
// fence say what it is:
//
//	yaml in=PATH    what is added to a file of the repository
//	yaml new=PATH   what is in a file that the change makes
//	console         commands and what they print
type manualBlock struct{ kind, path, text string }

const root = "../.."

func manual(t *testing.T) (prose string, blocks []manualBlock) {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(root, "docs", "regenerating.md"))
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split(string(src), "\n```") {
		if i%2 == 0 {
			prose += part
			continue
		}
		info, text, _ := strings.Cut(part, "\n")
		kind, path, _ := strings.Cut(info, "=")
		blocks = append(blocks, manualBlock{kind, path, text + "\n"})
	}
	return prose, blocks
}

// TestTheDocumentOfTheManual adds to descope.yaml what the manual adds, and checks
// that this is an OpenAPI document, and that the known differences are of it.
func TestTheDocumentOfTheManual(t *testing.T) {
	_, blocks := manual(t)
	whole := make(map[string]map[string]any) // by file
	for _, b := range blocks {
		if b.kind != "yaml in" {
			continue
		}
		if whole[b.path] == nil {
			whole[b.path] = readYAML(t, readFile(t, b.path))
		}
		merge(whole[b.path], readYAML(t, []byte(b.text)))
	}
	document, err := openapi3.NewLoader().LoadFromData(writeYAML(t, whole["api/descope.yaml"]))
	if err != nil {
		t.Fatal(err)
	}
	if err := document.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	places, err := apidiff.Places(parse(t, "api/descope.yaml", writeYAML(t, whole["api/descope.yaml"])))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range known(t, string(writeYAML(t, whole["api/known-differences.yaml"]))).Differences {
		for _, at := range d.At {
			if !places[at.Text] {
				t.Errorf("the manual declares a difference of %s, which it does not have", at.Text)
			}
		}
	}
}

// merge adds the keys of one table to another: tables and lists grow.
func merge(into, from map[string]any) {
	for key, value := range from {
		switch there := into[key].(type) {
		case map[string]any:
			more, _ := value.(map[string]any)
			merge(there, more)
		case []any:
			more, _ := value.([]any)
			into[key] = slices.Concat(there, more)
		default:
			into[key] = value
		}
	}
}

// TestTheCommandsOfTheManual looks up each program, make target, subcommand and flag.
func TestTheCommandsOfTheManual(t *testing.T) {
	_, blocks := manual(t)
	made := newFiles(blocks)
	commands := 0
	for _, b := range blocks {
		if b.kind != "console" {
			continue
		}
		for line := range strings.Lines(b.text) {
			if command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ "); ok {
				commands++
				checkCommand(t, command, made)
			}
		}
	}
	if commands < 20 {
		t.Errorf("the manual has %d commands", commands)
	}
}

func checkCommand(t *testing.T, command string, made map[string]bool) {
	t.Helper()
	words := strings.Fields(command)
	switch program := words[0]; program {
	case "make":
		if !strings.Contains(string(readFile(t, "Makefile")), "\n"+words[1]+":") {
			t.Errorf("%s: make has no such target", command)
		}
	case "./bin/baton-descope":
		for _, word := range words[1:] {
			checkWord(t, command, word)
		}
	case "./bin/baton", "./bin/descope-emulator", "cp", "diff", "export", "git", "go", "mkdir":
	default:
		t.Errorf("%s: the test does not know the program %s", command, program)
	}
	for _, word := range words[1:] {
		if strings.Contains(word, "/") && !strings.Contains(word, "=") {
			checkFile(t, command, word, made)
		}
	}
}

// checkWord looks for a flag or a subcommand of mapping in the program's source.
func checkWord(t *testing.T, command, word string) {
	t.Helper()
	flag, isFlag := strings.CutPrefix(word, "--")
	wanted := regexp.MustCompile(`"` + regexp.QuoteMeta(flag) + `"`)
	switch {
	case isFlag:
	case strings.Contains(command, " mapping "+word):
		wanted = regexp.MustCompile(`Use:\s+"` + regexp.QuoteMeta(word) + `\b`)
	default:
		return
	}
	if !wanted.Match(programSource(t)) {
		t.Errorf("%s: baton-descope has no %s", command, word)
	}
}

// programSource is the source of baton-descope's command line.
func programSource(t *testing.T) []byte {
	t.Helper()
	var all []byte
	for _, pattern := range []string{"internal/cli/*.go", "internal/descope/config/*.go"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if !strings.HasSuffix(path, "_test.go") {
				all = append(all, readFile(t, strings.TrimPrefix(path, root+"/"))...)
			}
		}
	}
	return all
}

var (
	inlinePath = regexp.MustCompile("`([A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+)`")
	link       = regexp.MustCompile(`\]\(([^)#:]+)\)`)
)

// TestTheFilesOfTheManual looks up each file that it names.
func TestTheFilesOfTheManual(t *testing.T) {
	prose, blocks := manual(t)
	made := newFiles(blocks)
	for _, found := range inlinePath.FindAllStringSubmatch(prose, -1) {
		if !strings.HasPrefix(found[1], "bin/") {
			checkFile(t, "regenerating.md", found[1], made)
		}
	}
	for _, found := range link.FindAllStringSubmatch(prose, -1) {
		checkFile(t, "regenerating.md", filepath.Join("docs", found[1]), made)
	}
	for _, b := range blocks {
		switch b.kind {
		case "yaml in":
			checkFile(t, "a block", b.path, nil)
		case "yaml new":
			if _, err := os.Stat(filepath.Join(root, b.path)); err == nil {
				t.Errorf("%s is in the repository, and the manual says that the change makes it", b.path)
			}
		case "console", "go":
		default:
			t.Errorf("a block that nothing tests: %s", b.kind)
		}
	}
}

// newFiles are the files that the change makes, and the folders they are in.
func newFiles(blocks []manualBlock) map[string]bool {
	made := make(map[string]bool)
	for _, b := range blocks {
		if b.kind == "yaml new" {
			made[b.path], made[filepath.Dir(b.path)] = true, true
			made[strings.TrimSuffix(b.path, ".yaml")+".lock.yaml"] = true
		}
	}
	return made
}

func checkFile(t *testing.T, where, path string, made map[string]bool) {
	t.Helper()
	path = filepath.Clean(path)
	if _, err := os.Stat(filepath.Join(root, path)); err != nil && !made[path] {
		t.Errorf("%s: there is no %s", where, path)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func readYAML(t *testing.T, src []byte) map[string]any {
	t.Helper()
	var table map[string]any
	if err := yaml.Unmarshal(src, &table); err != nil {
		t.Fatal(err)
	}
	return table
}

func writeYAML(t *testing.T, table map[string]any) []byte {
	t.Helper()
	src, err := yaml.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	return src
}
