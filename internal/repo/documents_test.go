package repo

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// root is the repository, from this folder.
var root = filepath.Join("..", "..")

// read returns a file of the repository.
func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func exists(name string) bool {
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(name)))
	return err == nil && len(found) > 0
}

// documents returns the Markdown files of the repository.
func documents(t *testing.T) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir() && slices.Contains([]string{".git", "bin", "demo", ".tools", "dist"}, name):
			return filepath.SkipDir
		case filepath.Ext(name) == ".md":
			found = append(found, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) < 6 {
		t.Fatalf("there are only %v", found)
	}
	return found
}

var (
	link       = regexp.MustCompile(`\[[^\]]*\]\(([^)\s]+)\)`)
	reference  = regexp.MustCompile(`(?m)^\[[^\]]+\]:\s+(\S+)`)
	inlineCode = regexp.MustCompile("`[^`\n]*`")
	ourFile    = regexp.MustCompile(`^https://github\.com/conductorone/baton-descope/(?:blob|tree)/main/(.*)$`)
	ownFile    = regexp.MustCompile(`https://github\.com/conductorone/baton-descope/(?:blob|tree)/main/[^\s"')]+`)
)

// TestLinks: what a document links to in the repository is there, to the heading.
func TestLinks(t *testing.T) {
	for _, name := range documents(t) {
		text := inlineCode.ReplaceAllStringFunc(prose(read(t, name)), func(code string) string { return strings.Repeat("x", len(code)) })
		for _, found := range append(link.FindAllStringSubmatch(text, -1), reference.FindAllStringSubmatch(text, -1)...) {
			if problem := follow(t, name, found[1]); problem != "" {
				t.Errorf("%s links to %s: %s", name, found[1], problem)
			}
		}
	}
}

// follow says what is wrong with a link in a document.
func follow(t *testing.T, document, to string) string {
	t.Helper()
	folder := filepath.ToSlash(filepath.Dir(document))
	if ours := ourFile.FindStringSubmatch(to); ours != nil {
		folder, to = ".", ours[1]
	}
	if strings.Contains(to, "://") || strings.HasPrefix(to, "mailto:") {
		return ""
	}
	file, heading, anchored := strings.Cut(to, "#")
	target := document
	if file != "" {
		target = filepath.ToSlash(filepath.Join(folder, file))
	}
	switch {
	case strings.HasPrefix(target, ".."):
		return "that is outside the repository"
	case !exists(target):
		return "there is no such file"
	case anchored && filepath.Ext(target) != ".md":
		return "only documents have headings"
	case anchored && !slices.Contains(anchors(read(t, target)), heading):
		return fmt.Sprintf("%s has no such heading; it has %v", target, anchors(read(t, target)))
	}
	return ""
}

// prose returns a document with its code blocks emptied.
func prose(text string) string {
	var b strings.Builder
	fence := ""
	for line := range strings.Lines(text) {
		bare := strings.TrimSpace(line)
		opens := strings.HasPrefix(bare, "```") || strings.HasPrefix(bare, "~~~")
		switch {
		case fence == "" && opens:
			fence = bare[:3]
			line = "\n"
		case fence != "":
			if strings.HasPrefix(bare, fence) {
				fence = ""
			}
			line = "\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

var headingLine = regexp.MustCompile(`(?m)^#{1,6}\s+(.*?)\s*#*$`)

// anchors returns the names that GitHub gives to the headings of a document.
func anchors(text string) []string {
	var names []string
	count := map[string]int{}
	for _, found := range headingLine.FindAllStringSubmatch(prose(text), -1) {
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
		if n := count[name]; n > 0 {
			names = append(names, fmt.Sprintf("%s-%d", name, n))
		} else {
			names = append(names, name)
		}
		count[name]++
	}
	return names
}

func TestAnchors(t *testing.T) {
	got := anchors("# The mapping language\n```sh\n# not one\n```\n## `list.pages`, `holders.pages`\n## Twice\n## Twice\n### A GitHub organization: [github/](github)\n")
	want := []string{"the-mapping-language", "listpages-holderspages", "twice", "twice-1", "a-github-organization-github"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

var (
	makeCommand = regexp.MustCompile(`(?m)(?:^|\$ |&& |; )make ([a-z][a-z-]*)`)
	makeTarget  = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	codeSpan    = regexp.MustCompile("`([^`\n]+)`")
	somePath    = regexp.MustCompile(`^\.?[\w*.-]+(/[\w*.-]+)+/?$|^[\w-]+\.(go|md|mod|json|ya?ml)$|^Makefile$`)
)

// codeOf returns the code in a document: its blocks and what stands in backticks.
func codeOf(text string) string {
	var b strings.Builder
	blocks, plain := strings.Split(text, "\n"), strings.Split(prose(text), "\n")
	for i, line := range blocks {
		if i < len(plain) && plain[i] == line {
			for _, span := range codeSpan.FindAllStringSubmatch(line, -1) {
				b.WriteString(span[1] + "\n")
			}
			continue
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// TestMakeTargets: every `make something` in documents and workflows can be made.
func TestMakeTargets(t *testing.T) {
	targets := map[string]bool{}
	for _, found := range makeTarget.FindAllStringSubmatch(read(t, "Makefile"), -1) {
		targets[found[1]] = true
	}
	code := map[string]string{}
	for _, name := range documents(t) {
		code[name] = codeOf(read(t, name))
	}
	for name, w := range workflows(t) {
		code[name] = w.commands()
	}
	named := 0
	for name, text := range code {
		for _, found := range makeCommand.FindAllStringSubmatch(text, -1) {
			named++
			if !targets[found[1]] {
				t.Errorf("%s: there is no target %q in the Makefile", name, found[1])
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d targets are named", named)
	}
}

// TestFilesOfContributing: what CONTRIBUTING.md and SECURITY.md call a file is one.
func TestFilesOfContributing(t *testing.T) {
	// What is built, or made by whoever reads.
	made := []string{"./bin", "./bin/baton-descope", "bin/baton-descope"}
	for _, document := range []string{"CONTRIBUTING.md", "SECURITY.md"} {
		named := 0
		for _, span := range codeSpan.FindAllStringSubmatch(prose(read(t, document)), -1) {
			for word := range strings.FieldsSeq(span[1]) {
				if !somePath.MatchString(word) || slices.Contains(made, word) {
					continue
				}
				named++
				if !exists(word) && !exists("*/"+word) && !exists("*/*/"+word) {
					t.Errorf("%s: there is no file %s", document, word)
				}
			}
		}
		if named < 5 {
			t.Errorf("%s names only %d files", document, named)
		}
	}
}

// TestOwnLinksOfForms: what issue forms link to in this repository is there.
func TestOwnLinksOfForms(t *testing.T) {
	forms, err := filepath.Glob(filepath.Join(root, ".github", "ISSUE_TEMPLATE", "*.yml"))
	if err != nil || len(forms) < 3 {
		t.Fatalf("%v, %v", forms, err)
	}
	for _, form := range forms {
		content, err := os.ReadFile(form)
		if err != nil {
			t.Fatal(err)
		}
		for _, to := range ownFile.FindAllString(string(content), -1) {
			if problem := follow(t, "README.md", to); problem != "" {
				t.Errorf("%s links to %s: %s", form, to, problem)
			}
		}
	}
}
