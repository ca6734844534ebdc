package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScripts runs the scripts of testdata/script, in the language of testscript.
// The folder of a script has the programs in bin, and what the documents' commands
// read. The real Descope is out of its reach.
//
// A script has a command more: "console DOCUMENT" runs the commands that a document
// shows in its blocks fenced as console, and compares their output. Every document
// with such a block is in a script.
func TestScripts(t *testing.T) {
	t.Parallel()
	scripts := filepath.Join("testdata", "script")
	testscript.Run(t, testscript.Params{
		Dir: scripts,
		Setup: func(env *testscript.Env) error {
			for name, value := range map[string]string{
				"PATH": programs + string(os.PathListSeparator) + os.Getenv("PATH"), "HOME": env.WorkDir, "NO_COLOR": "1", "LC_ALL": "C",
				"http_proxy": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1",
			} {
				env.Setenv(name, value)
			}
			return setUp(env.WorkDir)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"console": func(ts *testscript.TestScript, _ bool, args []string) { console(ts, args[0], freePort(t)) },
		},
	})
	all := strings.Join(contents(t, filepath.Join(scripts, "*.txtar")), "\n")
	for _, name := range documents(t) {
		// internal/apidiff tests this one: it changes what is in the repository.
		if name != "docs/regenerating.md" && strings.Contains(file(t, name), "\n```console\n") && !strings.Contains(all, "\nconsole "+name+"\n") {
			t.Errorf("no script runs the commands of %s", name)
		}
	}
}

// setUp puts into a folder what the documents' commands need.
func setUp(dir string) error {
	for _, name := range []string{"internal/scripts", "mapping"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(root, name))); err != nil {
			return err
		}
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "Makefile"), makefile, 0o600); err != nil {
		return err
	}
	if runtime.GOOS == "windows" { // No document is run there.
		return nil
	}
	return os.Symlink(programs, filepath.Join(dir, "bin"))
}

// console runs the commands of a document and compares what they print with what
// the document shows. There, "..." stands for any text, and alone on a line for any
// lines; a command without output has to succeed, and may print anything. Lines of
// the log are not shown. A line of a mapping may have any number: the built-in one
// changes.
func console(ts *testscript.TestScript, document, port string) {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(document)))
	ts.Check(err)
	text := strings.NewReplacer(
		"127.0.0.1:8484", "127.0.0.1:"+port, "./bin/descope-emulator", "./bin/descope-emulator --addr 127.0.0.1:"+port,
		"P2...", "P2demo0000000000000000000000", "K2...", "local-management-key", "$ make build\n", "", // the programs are there
	).Replace(string(content))
	script, shown := session(text)
	ts.Check(os.WriteFile(ts.MkAbs("session.sh"), []byte(script), 0o600))
	failed := ts.Exec("sh", "session.sh")
	printed := plain(ts.ReadFile("stdout"))
	pattern := "^"
	for _, part := range shown {
		expected := lineNumber.ReplaceAllString(regexp.QuoteMeta(plain(part)), `$1\d+$2`)
		pattern += strings.ReplaceAll(strings.ReplaceAll(expected, `\.\.\.`+"\n", `(?:.*\n)*`), `\.\.\.`, `.*`)
		if !regexp.MustCompile(pattern).MatchString(printed) {
			ts.Fatalf("%s shows something else than is printed:\n%s", document, part)
		}
	}
	if failed != nil || !regexp.MustCompile(pattern+"$").MatchString(printed) {
		ts.Fatalf("%s: more is printed than it shows, or its last command failed: %v", document, failed)
	}
}

var (
	lineNumber = regexp.MustCompile(`(?m)(\.yaml:|^ +)\d+(:| \\\|)`) // quoted: FILE.yaml:37:14, or 37 | before the text
	block      = regexp.MustCompile("(?ms)^```(console|yaml edit=(\\S+))\n(.*?)^```$")
	command    = regexp.MustCompile(`(?s)^((?:[^\n]*\\\n)*[^\n]*\n)(.*)$`) // with the lines that continue it
)

// session returns a shell script of the commands in a document, and what it prints:
// each command, and its output. An edit of a file, fenced as "yaml edit=FILE", is a
// line that is there once, and the new line below it.
func session(text string) (script string, shown []string) {
	var b strings.Builder
	b.WriteString("exec 2>&1 </dev/null\ntrap 'kill $! 2>/dev/null' EXIT\n")
	for _, found := range block.FindAllStringSubmatch(text, -1) {
		if name := found[2]; name != "" {
			lines := strings.Split(found[3], "\n")
			fmt.Fprintf(&b, "at=%s new=%s awk '{print} $0 == ENVIRON[\"at\"] {print ENVIRON[\"new\"]; n++} END {exit n != 1}' %s >edited && mv edited %s || exit\n",
				quoted(lines[0]), quoted(lines[1]), name, name)
			continue
		}
		for part := range strings.SplitSeq("\n"+found[3], "\n$ ") {
			parts := command.FindStringSubmatch(part + "\n")
			if part == "" {
				continue
			}
			line, output := parts[1], parts[2]
			fmt.Fprintf(&b, "printf '%%s' %s\n", quoted("$ "+line))
			program, background := strings.CutSuffix(line, " &\n")
			switch {
			case background: // It is ready when it has printed what is shown.
				fmt.Fprintf(&b, "mkfifo printed\n%s >printed 2>&1 &\nexec 9<printed\n", program)
				b.WriteString(strings.Repeat("IFS= read -r line <&9; printf '%s\\n' \"$line\"\n", strings.Count(plain(output), "\n")))
			case strings.TrimSpace(output) == "":
				fmt.Fprintf(&b, "{ %s} || exit\n", line)
				output = "...\n"
			default:
				fmt.Fprintf(&b, "{ %s} || :\n", line)
			}
			shown = append(shown, "$ "+line+output)
		}
	}
	return b.String(), shown
}

// quoted returns a text as one word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// plain returns lines without those of the log, empty ones, and spaces at the end.
func plain(text string) string {
	lines := strings.Split(regexp.MustCompile(`(?m)[ \t]+$`).ReplaceAllString(text, ""), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return line == "" || strings.HasPrefix(line, `{"level":`) })
	return strings.Join(lines, "\n") + "\n"
}
