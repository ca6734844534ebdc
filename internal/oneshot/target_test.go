package oneshot

import (
	"os"
	"path/filepath"
	"testing"
)

// A link is kept, and its target is updated, or created.
func TestLinks(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		link, to string
		file     string // What is written; nothing if it is refused.
	}{
		"to a file":                     {"pub/d.c1z", "../store/old.c1z", "store/old.c1z"},
		"to a link":                     {"pub/d.c1z", "link.c1z", "store/old.c1z"},
		"to a file that is not there":   {"pub/d.c1z", "../store/new.c1z", "store/new.c1z"},
		"beside it":                     {"pub/d.c1z", "new.c1z", "pub/new.c1z"},
		"through a link to a folder":    {"elsewhere/d.c1z", "../old.c1z", "store/old.c1z"},
		"and back out of such a folder": {"pub/d.c1z", "../elsewhere/../new.c1z", "store/new.c1z"},
		"into a folder not there":       {"pub/d.c1z", "../nowhere/new.c1z", ""},
		"under a file":                  {"pub/d.c1z", "../store/old.c1z/new.c1z", ""},
		"to itself":                     {"pub/d.c1z", "d.c1z", ""},
		"to nothing but a folder":       {"pub/d.c1z", "../nowhere/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLibrary(t)
			dir := filepath.Dir(l.options.File)
			in := func(path string) string { return filepath.Join(dir, filepath.FromSlash(path)) }
			for _, path := range []string{"pub", "store/sub"} {
				if err := os.MkdirAll(in(path), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			l.options.File = in("store/old.c1z")
			if err := l.syncShelf(t.Context(), &shelf{"book", 3, fine, &l.asked}); err != nil {
				t.Fatal(err)
			}
			for _, l := range [][2]string{{"elsewhere", "store/sub"}, {"pub/link.c1z", "../store/old.c1z"}, {test.link, test.to}} {
				if err := os.Symlink(filepath.FromSlash(l[1]), in(l[0])); err != nil {
					t.Skip(err) // Windows may not allow it.
				}
			}
			l.options.File = in(test.link)
			err := l.sync(fine)
			if test.file == "" {
				says(t, err, "--file "+l.options.File+": this ", "choose another")
				return
			} else if err != nil {
				t.Fatal(err)
			}
			l.holds(10)
			l.options.File = in(test.file)
			l.holds(10)
			if to, err := os.Readlink(in(test.link)); err != nil || to != filepath.FromSlash(test.to) {
				t.Errorf("the link is to %q: %v", to, err)
			}
			if info, err := os.Lstat(in(test.file)); err != nil || !info.Mode().IsRegular() {
				t.Errorf("the file is %v: %v", info, err)
			}
		})
	}
}
