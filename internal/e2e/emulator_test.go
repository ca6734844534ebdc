package e2e

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// As in make demo, both programs are separate processes.
func TestDemo(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "descope-emulator"), "--addr", "127.0.0.1:0")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Fields(line) // descope-emulator: listening on URL (project ID)
	file := filepath.Join(t.TempDir(), "sync.c1z")
	e := run(t, []string{"BATON_MANAGEMENT_KEY=" + emulator.DefaultManagementKey}, "baton-descope",
		"--project-id", emulator.DefaultProjectID, "--base-url", words[3], "-f", file)
	if e.code != 0 {
		t.Fatalf("exit code %d\n%s", e.code, e.all)
	}
	stop(t, cmd)
	equal(t, read(t, file), wantedOf(emulator.New(emulator.Demo(), emulator.Options{}).Store(), false, false))
}

// stop ends a program as a service manager does. Windows has no such signal.
func stop(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if runtime.GOOS == "windows" {
		cmd.Process.Kill()
		cmd.Wait()
		return
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("descope-emulator: %v", err)
	}
}
