//go:build !windows

package bounded_test

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/conductorone/baton-descope/internal/bounded"
)

// What is no file is refused; a FIFO without a writer would be waited for.
func TestOnlyRegularFiles(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // The name of a socket is short.
	if err := syscall.Mkfifo("fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("unix", "socket") //nolint:noctx // It is there at once.
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	for name, is := range map[string]string{"fifo": "a FIFO", "socket": "a socket", "folder": "a folder", "/dev/null": "a device"} {
		if name == "folder" {
			if err := os.Mkdir(name, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		link := "link to " + filepath.Base(name)
		if err := os.Symlink(name, link); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{name, link} {
			if _, err := bounded.ReadFile(path, 100); err == nil || err.Error() != "open "+path+": this is "+is+", not a file" {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
	if err := os.WriteFile("file", []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("file", "link"); err != nil {
		t.Fatal(err)
	}
	if got, err := bounded.ReadFile("link", 100); err != nil || string(got) != "text" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := bounded.ReadFile("none", 100); err == nil || !strings.HasPrefix(err.Error(), "open none: ") {
		t.Errorf("%v", err)
	}
}
