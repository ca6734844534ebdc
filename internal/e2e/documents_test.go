package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/conductorone/baton-sdk/pkg/field"

	"github.com/conductorone/baton-descope/internal/descope/config"
)

// root is the repository, from this folder.
var root = filepath.Join("..", "..")

// file returns a file of the repository.
func file(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// contents returns the files that a pattern matches.
func contents(t *testing.T, pattern string) []string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s: %v, %v", pattern, names, err)
	}
	var all []string
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(content))
	}
	return all
}

// documents returns the Markdown files of the repository, and those that read like them.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "demo", "dist"}, entry.Name()):
			return filepath.SkipDir
		case filepath.Ext(name) == ".md" || filepath.Ext(name) == ".mdx" || filepath.Base(filepath.Dir(name)) == "ISSUE_TEMPLATE":
			relative, err := filepath.Rel(root, name)
			found = append(found, filepath.ToSlash(relative))
			return err
		}
		return nil
	})
	if err != nil || len(found) < 10 {
		t.Fatalf("%v, %v", found, err)
	}
	return found
}

var (
	fenced  = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	inline  = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)|(?m:^\[[^\]]+\]:\s+(\S+))|(https://github\.com/conductorone/baton-descope/(?:blob|tree)/main/[^\s"')]+)`)
	heading = regexp.MustCompile(`(?m)^#{1,6}\s+(.*?)\s*$`)
)

// TestLinks checks that what documents link to in this repository is there, to the
// heading.
func TestLinks(t *testing.T) {
	t.Parallel()
	for _, name := range documents(t) {
		text := inline.ReplaceAllString(fenced.ReplaceAllString(file(t, name), ""), "")
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			to, anchor, anchored := strings.Cut(found[1]+found[2]+found[3], "#")
			ours := regexp.MustCompile(`^https://github\.com/conductorone/baton-descope/(?:blob|tree)/main/`).FindString(to)
			target := path.Join(path.Dir(name), to)
			switch {
			case ours != "":
				target = strings.TrimPrefix(to, ours)
			case strings.Contains(to, ":"):
				continue
			case to == "":
				target = name
			}
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(target))); err != nil {
				t.Errorf("%s links to %s: %v", name, to, err)
			} else if anchored && !slices.Contains(anchors(file(t, target)), anchor) {
				t.Errorf("%s links to #%s of %s, which has %v", name, anchor, target, anchors(file(t, target)))
			}
		}
	}
}

// anchors returns the names that GitHub gives to the headings of a document.
func anchors(text string) []string {
	var names []string
	count := map[string]int{}
	for _, found := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		shown := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(found[1], "$1")
		name := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, shown)
		names = append(names, name)
		if n := count[name]; n > 0 {
			names[len(names)-1] = fmt.Sprintf("%s-%d", name, n)
		}
		count[name]++
	}
	return names
}

var (
	variable   = regexp.MustCompile(`\bBATON_[A-Z0-9_]+`)
	flagInText = regexp.MustCompile("`(?:baton-descope )?--([a-z][a-z0-9-]*)")
	ourCommand = regexp.MustCompile(`(?m)^.*\bbaton-descope(?::\S+)?((?: [^\n#>|]*)?)`)
	flagOfOurs = regexp.MustCompile(` --?([a-z][a-z0-9-]*)`)
	target     = regexp.MustCompile("(?:`|(?m:^(?:\\$ )?)|&& )make ([a-z][a-z-]*)")
	ourPackage = regexp.MustCompile(`\bgithub\.com/conductorone/baton-descope/((?:cmd|internal)/[\w/-]+)`)
)

// copied are files from which a reader copies settings.
var copied = []string{
	"README.md", "docs/connector.mdx", "deploy/README.md", "deploy/systemd/README.md", "deploy/systemd/baton-descope.service", "Dockerfile",
	"deploy/docker/release.Dockerfile", "deploy/kubernetes/deployment.yaml", "deploy/kubernetes/secret.example.yaml",
}

// TestNames checks that what a reader copies exists: settings and flags of the
// connector, targets of make, and packages.
func TestNames(t *testing.T) {
	t.Parallel()
	flags := map[string]bool{"help": true, "version": true}
	variables := map[string]bool{"BATON_CONFIG_PATH": true, "BATON_HOST_ID": true, "BATON_TMPDIR": true} // the SDK has no flags for these
	for _, f := range slices.Concat(field.DefaultFields, config.Schema.Fields) {
		flags[f.FieldName], flags[f.GetCLIShortHand()], variables[variableOf(f)] = true, true, true
	}
	check := func(name, what string, known map[string]bool, found [][]string) {
		for _, f := range found {
			if !known[f[len(f)-1]] {
				t.Errorf("%s: there is no %s %s", name, what, f[len(f)-1])
			}
		}
	}
	for _, name := range copied {
		check(name, "setting", variables, variable.FindAllStringSubmatch(file(t, name), -1))
		check(name, "flag", flags, flagInText.FindAllStringSubmatch(file(t, name), -1))
	}
	targets := map[string]bool{}
	for _, found := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(file(t, "Makefile"), -1) {
		targets[found[1]] = true
	}
	for _, name := range documents(t) {
		text := strings.ReplaceAll(file(t, name), "\\\n", "")
		for _, found := range ourCommand.FindAllStringSubmatch(strings.Join(fenced.FindAllString(text, -1), "\n"), -1) {
			if !strings.HasPrefix(found[1], " mapping ") && !strings.Contains(found[0], "docker build ") {
				check(name, "flag", flags, flagOfOurs.FindAllStringSubmatch(found[1], -1))
			}
		}
		check(name, "target of make", targets, target.FindAllStringSubmatch(text, -1))
		for _, found := range ourPackage.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(filepath.Join(root, found[1])); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// variableOf returns the environment variable of a setting.
func variableOf(f field.SchemaField) string {
	return "BATON_" + strings.ToUpper(strings.ReplaceAll(f.FieldName, "-", "_"))
}

// TestSettingsOfREADME checks that README.md describes each setting of the connector's own.
func TestSettingsOfREADME(t *testing.T) {
	t.Parallel()
	readme := file(t, "README.md")
	for _, f := range config.Schema.Fields {
		if row := "| `--" + f.FieldName + "` | `" + variableOf(f) + "` | "; !strings.Contains(readme, row) {
			t.Errorf("README.md has no row %s", row)
		}
	}
}

// TestFilesOfContributing checks that what CONTRIBUTING.md and SECURITY.md call a file is one.
func TestFilesOfContributing(t *testing.T) {
	t.Parallel()
	somePath := regexp.MustCompile(`^\.?[\w*.-]+(/[\w*.-]+)+/?$|^[\w-]+\.(go|md|mod|json|ya?ml)$`)
	for _, document := range []string{"CONTRIBUTING.md", "SECURITY.md"} {
		for _, span := range inline.FindAllString(fenced.ReplaceAllString(file(t, document), ""), -1) {
			for word := range strings.FieldsSeq(strings.Trim(span, "`")) {
				if !somePath.MatchString(word) || strings.Contains(word, "bin/") { // what is built
					continue
				}
				var found []string
				for _, folder := range []string{"", "*", "*/*"} {
					names, err := filepath.Glob(filepath.Join(root, folder, word))
					if err != nil {
						t.Fatal(err)
					}
					found = append(found, names...)
				}
				if len(found) == 0 {
					t.Errorf("%s: there is no file %s", document, word)
				}
			}
		}
	}
}
