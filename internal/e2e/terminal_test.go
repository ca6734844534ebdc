//go:build linux

package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// On a terminal a line shows the progress of a sync and what it waits for, until the
// summary replaces it.
func TestOnATerminal(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	d.Fail(t, "429:2 on=SearchUsers call=2")
	screen, terminal := openTerminal(t)
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "baton-descope"), "--project-id", d.ProjectID(), "--base-url", d.URL, "-f", "sync.c1z")
	cmd.Dir = dir
	cmd.Env = []string{"HOME=" + dir, "TMPDIR=" + dir, "TERM=xterm", "BATON_MANAGEMENT_KEY=" + key}
	cmd.Stdout, cmd.Stderr = terminal, terminal
	err := cmd.Start()
	terminal.Close()
	if err != nil {
		t.Fatal(err)
	}
	shown, _ := io.ReadAll(screen) // At the end of the program it fails.
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	const erase = `\r\x1b\[K`
	for _, want := range []string{
		erase + `[^\r]*waiting \d s for Descope's rate limit`,
		erase + `users: 57 of 57 \[#{20}\] 100 %`,
		erase + `sync\.c1z: 57 users, 6 tenants, 34 roles, 20 permissions, 225 grants in \d\.\ds\r\n`,
		`Look at it with: baton resources -f sync\.c1z, or in a browser: baton explorer -f sync\.c1z\r\n(` + erase + `[^\r]*)*` + erase + `$`,
	} {
		if !regexp.MustCompile(want).Match(shown) {
			t.Errorf("the screen lacks %s:\n%q", want, shown)
		}
	}
}

// openTerminal returns the two ends of a terminal: what it shows, and what programs write.
func openTerminal(t *testing.T) (screen, terminal *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("there are no terminals: %v", err)
	}
	t.Cleanup(func() { screen.Close() })
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return screen, terminal
}
