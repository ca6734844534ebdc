//go:build !windows

package oneshot

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A FIFO in place of a lock does not block.
func TestFIFOAsLock(t *testing.T) {
	l := newLibrary(t)
	if err := syscall.Mkfifo(l.options.File+".lock", 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := takePlace(t.Context(), l.options)
	says(t, err, "is not a lock of this program (this is a FIFO, not a file)")
}

// Files of another user are left alone.
func TestOtherUsersLock(t *testing.T) {
	l := newLibrary(t)
	path := l.options.File + ".lock"
	l.write(path, "")
	if err := os.Chown(path, 1234, -1); err != nil {
		t.Skip("only root gives files away")
	}
	_, err := takePlace(t.Context(), l.options)
	says(t, err, "is not a lock of this program (this is another user's)")
	l.only("shelf.c1z.lock")
}

// A file that cannot be a c1z is refused before the first request, and left unchanged.
func TestSpecialFiles(t *testing.T) {
	for what, put := range map[string]func(path string) error{
		"a FIFO": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"a socket": func(path string) error {
			listener, err := net.Listen("unix", path) //nolint:noctx // It is there at once.
			if err == nil {
				t.Cleanup(func() { listener.Close() })
			}
			return err
		},
		"a device": func(path string) error { return syscall.Mknod(path, syscall.S_IFCHR|0o600, 1<<8|3) }, // As /dev/null.
		"a folder": folder,
	} {
		dir, err := os.MkdirTemp("", "shelf") // The name of a socket is short.
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		path := filepath.Join(dir, "it")
		if err := put(path); err != nil {
			t.Logf("%s: %v", what, err) // Only root makes devices.
			continue
		}
		if err := os.Symlink(path, path+"-link"); err != nil {
			t.Fatal(err)
		}
		before := tree(t, dir)
		for _, file := range []string{path, path + "-link"} {
			l := &library{t: t, options: Options{Name: "shelf", File: file, TempDir: t.TempDir()}}
			says(t, l.sync(func(context.Context, int) error {
				t.Error("the connector was asked")
				return nil
			}), "--file "+file+": this is "+what+", not a file; choose another")
		}
		if after := tree(t, dir); len(after) != 2 || after[0] != before[0] || after[1] != before[1] {
			t.Errorf("it was %q, and is %q", before, after)
		}
	}
}
