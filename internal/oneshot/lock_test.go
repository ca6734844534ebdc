package oneshot

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/bounded"
)

// contender makes the test program take and free a lock, again and again.
const contender = "ONESHOT_TEST_LOCK"

// contend takes a lock a number of times. Whoever holds it makes a file that must not
// be there yet.
func contend(path string) error {
	for range 300 {
		l, err := takeLock(path)
		if errors.Is(err, errHeld) {
			continue
		} else if err != nil {
			return err
		}
		alone, err := os.OpenFile(path+".alone", os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err // It is held twice.
		}
		if err := errors.Join(alone.Close(), os.Remove(alone.Name()), l.free()); err != nil {
			return err
		}
	}
	return nil
}

// Of many processes that take and free a lock, one holds it at a time.
func TestLockIsExclusive(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "shelf.lock")
	var outcomes []chan string
	for range 6 {
		outcome := make(chan string, 1)
		go func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), contender+"="+path)
			if out, err := cmd.CombinedOutput(); err != nil {
				outcome <- err.Error() + ": " + string(out)
			}
			close(outcome)
		}()
		outcomes = append(outcomes, outcome)
	}
	for _, outcome := range outcomes {
		if failed := <-outcome; failed != "" {
			t.Error(failed)
		}
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the lock is still there")
	}
}

// A file that is not a lock of ours is not locked, changed or removed, nor are files
// with similar names.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file string // Beside the c1z, or in the temporary folder.
		temp bool
		put  func(path string) error
		says string // Nothing if the run does not mind.
	}{
		"a lock with words in it": {".lock", false, words, "shelf.c1z.lock is not a lock of this program (this is not empty) and is left as it is"},
		"a folder as a lock":      {".lock", false, folder, "is not a lock of this program (this is a folder, not a file)"},
		"a link as a lock":        {".lock", false, link, "is not a lock of this program (this is a link, not a file)"},
		"a dangling link":         {".lock", false, dangling, "is not a lock of this program (this is a link, not a file)"},
		"a link as what grows":    {".partial-" + fingerprint([]string{"1"}), false, link, "is in the way: this is a link, not a file; remove it"},
		"a link where is packed":  {".partial-" + fingerprint([]string{"1"}) + ".tmp", false, link, "is in the way: this is a link, not a file; remove it"},
		"a name like ours":        {".partial-meeting1", false, words, ""},
		"another such name":       {".partial-0123abcd.notes", false, words, ""},
		"another's folder":        {"shelf-backup.lock", true, empty, ""},
		"another's lock":          {"shelf-0123456789abcdef.lock", true, words, ""},
		"another's link":          {"shelf-0123456789abcdef.lock", true, link, ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLibrary(t)
			path := l.options.File + test.file
			if test.temp {
				l.options.TempDir = t.TempDir() // Looked at here, not by sync.
				path = filepath.Join(l.options.TempDir, test.file)
				if err := folder(strings.TrimSuffix(path, ".lock")); err != nil {
					t.Fatal(err)
				}
			}
			if err := test.put(path); err != nil {
				t.Skip(err) // Windows may allow no links.
			}
			before := tree(t, filepath.Dir(path))
			p, err := takePlace(t.Context(), l.options)
			if err == nil {
				err = errors.Join(os.WriteFile(p.partial, nil, 0o600), p.publish(), p.leave(), os.Remove(l.options.File))
			}
			if test.says != "" {
				says(t, err, test.says, "choose another")
			} else if err != nil {
				t.Error(err)
			}
			if after := tree(t, filepath.Dir(path)); !slices.Equal(after, before) {
				t.Errorf("it was %q, and is %q", before, after)
			}
		})
	}
}

func words(path string) error    { return os.WriteFile(path, []byte("dear diary"), 0o600) }
func empty(path string) error    { return os.WriteFile(path, nil, 0o600) }
func folder(path string) error   { return os.Mkdir(path, 0o700) }
func dangling(path string) error { return os.Symlink(path+".nowhere", path) }

func link(path string) error {
	return errors.Join(words(path+".diary"), os.Symlink(path+".diary", path))
}

// tree returns the files of a folder with their contents.
func tree(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		content, _ := bounded.ReadFile(filepath.Join(folder, e.Name()), bounded.Text)
		all = append(all, e.Type().String()+" "+e.Name()+" "+string(content))
	}
	return all
}
