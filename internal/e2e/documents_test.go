//go:build unix

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
	"sync"
	"testing"
)

// The commands of the documents are run, and print what the documents say.
//
// A block of commands is fenced as console: a line that starts with "$ " is a
// command, and the lines below it are what it prints, where "..." stands for any
// text, and alone on a line for any lines. What prints more than logs and is shown
// without output may print anything. In a block that is fenced as sh every line is a
// command. A block fenced as "yaml edit=FILE" is an edit of a file: the lines that
// end in "# the new line" join the others, which are there.
//
// All blocks of a document are one session of a shell, in a folder with copies of
// what the commands read and the programs in bin. notRun lists what is not run.
func TestCommandsOfDocuments(t *testing.T) {
	t.Parallel()
	for _, name := range withCommands(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shell := sync.OnceValue(func() *session { return open(t) })
			for _, b := range blocksOf(t, name) {
				if b.file != "" {
					edit(t, filepath.Join(shell().dir, b.file), b.text)
				}
				for _, c := range b.commands {
					if e := listed(name, c.text); e != nil {
						checkNotRun(t, c.text, e)
						continue
					}
					if !c.runs() {
						t.Errorf("%q: whether the test is to run it has to be said, in programsRun, ofMake or notRun", c.text)
						continue
					}
					got, code := shell().run(t, c)
					if c.output == "" && code != 0 {
						t.Errorf("$ %s\nended with exit code %d and printed\n%s", c.text, code, got)
					}
					if c.output != "" && !matches(got, c.output) {
						t.Errorf("$ %s\nprinted\n%s\nand the document says\n%s", c.text, got, c.output)
					}
				}
			}
		})
	}
}

// programsRun are the programs that the test runs when a document does.
var programsRun = []string{
	"./bin/baton", "./bin/baton-descope", "./bin/descope-emulator", "baton", "baton-descope",
	"cat", "cp", "curl", "cut", "diff", "echo", "export", "grep", "head", "kill", "ls", "mkdir", "printf", "sed", "sleep", "tail", "test", "unset",
}

// elsewhere are documents whose commands another test looks at.
var elsewhere = []string{
	"docs/regenerating.md", // The change that it makes is not in the repository; internal/apidiff.
}

// withCommands returns the documents that have commands.
func withCommands(t *testing.T) []string {
	t.Helper()
	var found []string
	repository := os.DirFS(filepath.Join("..", ".."))
	for _, pattern := range []string{"*.md", "docs/*.md", "deploy/*.md", "deploy/*/*.md", "mapping/examples/*.md"} {
		names, err := fs.Glob(repository, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !slices.Contains(elsewhere, name) && len(blocksOf(t, name)) > 0 {
				found = append(found, name)
			}
		}
	}
	if len(found) < 5 {
		t.Fatalf("there are only %v", found)
	}
	return found
}

// block is a fenced part of a document: commands, or an edit of a file.
type block struct {
	commands []command
	file     string
	text     string
}

// command is one that a document shows, and what it is to print.
type command struct{ text, output string }

var assignments = regexp.MustCompile(`^([A-Z_]+=\S+ )*`)

// runs tells whether the test may run the command.
func (c command) runs() bool {
	if _, ok := ofMake[c.text]; ok {
		return true
	}
	program, _, _ := strings.Cut(assignments.ReplaceAllString(c.text, ""), " ")
	return slices.Contains(programsRun, program)
}

// blocksOf returns the blocks of a document that are about commands.
func blocksOf(t *testing.T, name string) []block {
	t.Helper()
	source, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	var blocks []block
	for i, part := range strings.Split("\n"+string(source), "\n```") {
		info, text, _ := strings.Cut(part, "\n")
		if i%2 == 0 {
			continue
		}
		switch kind, file, _ := strings.Cut(info, "="); kind {
		case "console":
			blocks = append(blocks, block{commands: consoleCommands(t, name, text)})
		case "sh":
			blocks = append(blocks, block{commands: shellCommands(text)})
		case "yaml edit":
			blocks = append(blocks, block{file: file, text: text + "\n"})
		}
	}
	return blocks
}

func consoleCommands(t *testing.T, name, text string) []command {
	t.Helper()
	var all []command
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		if command, ok := strings.CutPrefix(line, "$ "); ok {
			all = append(all, newCommand(command))
			continue
		}
		if len(all) == 0 {
			t.Fatalf("%s: a block of commands starts with the output %q", name, line)
		}
		all[len(all)-1].output += line
	}
	return all
}

func shellCommands(text string) []command {
	var all []command
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", "")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, newCommand(line))
		}
	}
	return all
}

var (
	comment = regexp.MustCompile(`\s+# .*`)
	spaces  = regexp.MustCompile(`\s{2,}`)
)

// newCommand returns a command without its comment.
func newCommand(text string) command {
	return command{text: spaces.ReplaceAllString(strings.TrimSpace(comment.ReplaceAllString(text, "")), " ")}
}

// edit makes a change to a file that a document describes.
func edit(t *testing.T, file, text string) {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var old strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasSuffix(line, "# the new line\n") {
			old.WriteString(line)
		}
	}
	if strings.Count(string(source), old.String()) != 1 || old.String() == text {
		t.Fatalf("%s is not once in %s, or there is no new line", old.String(), path.Base(file))
	}
	write(t, file, strings.Replace(string(source), old.String(), text, 1))
}

var (
	colour = regexp.MustCompile("\x1b\\[[0-9;]*m")
	logged = regexp.MustCompile(`(?m)^\{"level":.*\n?`)
	// What is different each time, and what stands for it on both sides.
	volatile = []struct {
		pattern *regexp.Regexp
		becomes string
	}{
		{regexp.MustCompile(`\bv\d+\.\d+\.\d+[\w.-]*`), "v0.0.0"},
		{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*(Z|[+-]\d\d:\d\d)`), "0000-00-00T00:00:00Z"},
		{regexp.MustCompile(`127\.0\.0\.1:\d+`), "127.0.0.1:0"},
		{regexp.MustCompile(`\b\d+(\.\d+)?(ms|s)\b`), "0s"},
	}
)

// plain returns lines as they are compared: without colours, logs, blank lines and
// spaces at the end.
func plain(text string) string {
	text = logged.ReplaceAllString(colour.ReplaceAllString(text, ""), "")
	for _, v := range volatile {
		text = v.pattern.ReplaceAllString(text, v.becomes)
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimRight(line, " \t\r\n"); line != "" {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// matches tells whether a document shows what was printed.
func matches(printed, shown string) bool {
	var pattern strings.Builder
	for line := range strings.Lines(plain(shown)) {
		if line == "...\n" {
			pattern.WriteString(`(?:.*\n)*`)
			continue
		}
		pattern.WriteString(strings.ReplaceAll(regexp.QuoteMeta(line), `\.\.\.`, `.*`))
	}
	return regexp.MustCompile(`^` + pattern.String() + `$`).MatchString(plain(printed))
}

func TestWhatMatches(t *testing.T) {
	printed := "\x1b[96mID \x1b[0m | Name  \n\nU1 | Ann\nU2 | Ben\n{\"level\":\"info\"}\nread at 2026-01-02T03:04:05Z in 12.5s\n"
	for shown, want := range map[string]bool{
		"ID | Name\nU1 | Ann\nU2 | Ben\nread at 2020-01-01T00:00:00Z in 3ms\n":    false, // a space less
		"ID  | Name\nU1 | Ann\nU2 | Ben\nread at 2020-01-01T00:00:00Z in 3ms\n":   true,
		"ID  | Name\n...\nread at 2020-01-01T00:00:00Z in 3ms\n":                  true,
		"ID  | Name\nU1 | A...\nU2 | Ben\nread at ... in 3ms\n":                   true,
		"ID  | Name\nU1 | Ann\n...\nU3 | Cy\n...\n":                               false,
		"ID  | Name\nU1 | Ann\nU2 | Ben\n":                                        false,
		"...\nU2 | Ben\n...\n":                                                    true,
		"ID  | Name\nU1 | Ann\nU2 | Ben\n...\nread at 2020-01-01T00:00:00Z in ..": false,
	} {
		if got := matches(printed, shown); got != want {
			t.Errorf("%t for\n%s", got, shown)
		}
	}
}

func TestBlocks(t *testing.T) {
	got := fmt.Sprint(consoleCommands(t, "", "$ make demo    # a comment\n$ baton \\\n    -f x\na\n\nb\n"), shellCommands("# About it\nls -l \\\n  here\n"))
	if want := "[{make demo } {baton -f x a\n\nb\n}] [{ls -l here }]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
