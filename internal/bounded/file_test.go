package bounded_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/bounded"
)

func TestReadFile(t *testing.T) {
	dir := t.TempDir()
	for size, fits := range map[int]bool{0: true, 99: true, 100: true, 101: false, 5000: false} {
		name := filepath.Join(dir, "file")
		content := bytes.Repeat([]byte("x"), size)
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := bounded.ReadFile(name, 100)
		if fits && (err != nil || !bytes.Equal(got, content)) {
			t.Errorf("%d bytes: %d, %v", size, len(got), err)
		}
		if !fits && (err == nil || !strings.HasPrefix(err.Error(), name+" has more than 100 bytes")) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	for _, name := range []string{dir, filepath.Join(dir, "none")} {
		if _, err := bounded.ReadFile(name, 100); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
