//go:build unix

package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/leaktest"
)

// session is a shell in a folder of its own, in which the commands of a document are
// run one after the other. The real Descope is out of its reach: a local one stands
// for it.
type session struct {
	dir     string
	in      io.Writer
	lines   <-chan string // what the commands print
	replace *strings.Replacer
}

// copied is what the commands of documents read.
var copied = []string{"Makefile", "api", "docs", "internal/scripts", "mapping"}

// demoKey is the key of the demo project. The documents have it in commands.
const demoKey = "local-management-key"

// open starts a shell.
func open(t *testing.T) *session {
	t.Helper()
	d := emulatortest.Start(t, emulator.Demo(), emulator.Options{ManagementKey: demoKey})
	s := &session{dir: t.TempDir()}
	for _, name := range copied {
		copyTo(t, filepath.Join("..", "..", name), filepath.Join(s.dir, name))
	}
	if err := os.Symlink(programs, filepath.Join(s.dir, "bin")); err != nil {
		t.Fatal(err)
	}
	address := free(t)
	s.replace = strings.NewReplacer(
		"P2...", d.ProjectID(), "K2...", demoKey, "unset BATON_BASE_URL", "export BATON_BASE_URL="+d.URL,
		"127.0.0.1:8484", address, "./bin/descope-emulator", "./bin/descope-emulator --addr "+address,
	)

	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	shell := exec.CommandContext(ctx, "sh")
	shell.Dir = s.dir
	shell.Env = []string{
		"HOME=" + s.dir, "TMPDIR=" + t.TempDir(), "PATH=" + programs + ":" + os.Getenv("PATH"), "NO_COLOR=1", "LC_ALL=C",
		"http_proxy=http://127.0.0.1:9", "https_proxy=http://127.0.0.1:9", "no_proxy=127.0.0.1,localhost", // no way out
		"BATON_PROJECT_ID=" + d.ProjectID(), "BATON_MANAGEMENT_KEY=" + demoKey, "BATON_BASE_URL=" + d.URL,
	}
	// What it leaves running ends with it.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	in, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s.in = in
	out, printed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	shell.Stdout, shell.Stderr = printed, printed
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	printed.Close()
	lines := make(chan string, 1000)
	s.lines = lines
	go func() {
		defer close(lines)
		for r := bufio.NewReader(out); ; {
			line, err := r.ReadString('\n')
			if line != "" {
				lines <- line
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		_ = shell.Wait() // It was killed.
		for range lines {
		}
		out.Close()
	})
	return s
}

// ofMake are the recipes that stand for `make TARGET`: it would build once more.
var ofMake = map[string]string{
	"make build": "true",
	"make demo":  "internal/scripts/demo",
	"make help":  "make help",
}

// run runs a command and returns what it printed and its exit code.
func (s *session) run(t *testing.T, c command) (printed string, code int) {
	t.Helper()
	text := s.replace.Replace(c.text)
	if recipe, ok := ofMake[text]; ok {
		text = recipe
	}
	const end = "@end of the command"
	// The command comes in by the shell's own input, which it must not read itself.
	fmt.Fprintf(s.in, "{ %s\n} </dev/null\nprintf '\\n%s %%d\\n' $?\n", text, end)
	// What runs on prints when it is ready, which may be after the shell is.
	ready := func() bool {
		return !strings.HasSuffix(c.text, "&") || strings.Count(plain(printed), "\n") >= strings.Count(plain(c.output), "\n")
	}
	code = -1
	for code < 0 || !ready() {
		line, ok := <-s.lines
		if !ok {
			t.Fatalf("$ %s\ndid not end, and printed\n%s", c.text, printed)
		}
		if status, ok := strings.CutPrefix(line, end+" "); ok {
			code, _ = strconv.Atoi(strings.TrimSpace(status))
			continue
		}
		printed += line
	}
	leaktest.New(demoKey).Hidden(t, "the output", []byte(printed))
	return strings.ReplaceAll(printed, s.dir, "."), code
}

func copyTo(t *testing.T, from, to string) {
	t.Helper()
	info, err := os.Stat(from)
	if err == nil && info.IsDir() {
		err = os.CopyFS(to, os.DirFS(from))
	} else if err == nil {
		var content []byte
		if content, err = os.ReadFile(from); err == nil {
			err = os.WriteFile(to, content, info.Mode())
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// free returns an address that nothing listens on.
func free(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
