//go:build unix

package e2e

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// A FIFO in place of the configuration file is refused without waiting for it.
func TestConfigFileThatIsAFIFO(t *testing.T) {
	t.Parallel()
	for _, name := range []string{".baton.yaml", ".baton.json"} {
		d := descope(t, emulator.Demo())
		dir := t.TempDir()
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, d, runWithCredentials(t, d, dir, nil), "the configuration file "+name+" is not a regular file")
	}
}
