package oneshot

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/conductorone/baton-descope/internal/bounded"
)

// maxLinks is how many links in a row are followed.
const maxLinks = 40

// target returns the absolute path of the file that a path names, which may not be
// there yet. A link is followed to what it names: replaced by a file, it would leave
// that as it was. What is no file, and what the process has open, is refused.
func target(path string) (string, error) {
	fail := func(err error) (string, error) { return "", fmt.Errorf("%w; choose another", err) }
	if info, err := os.Stat(cmp.Or(path, ".")); err == nil {
		if err := bounded.Regular(info); err != nil {
			return fail(err)
		}
		for _, stream := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
			if open, err := stream.Stat(); err == nil && os.SameFile(open, info) {
				return fail(fmt.Errorf("this run has it open as %s", stream.Name()))
			}
		}
	}
	followed := path
	for range maxLinks {
		link, err := os.Readlink(followed)
		if err != nil { // It is no link, or is not there.
			if followed != path {
				return linked(followed)
			}
			return filepath.Abs(path)
		}
		if !filepath.IsAbs(link) {
			folder, _ := filepath.Split(followed)
			link = folder + link // Join would take "link/.." for nothing.
		}
		followed = link
	}
	return fail(errors.New("this link goes round"))
}

// linked returns the path of what a link names. Its folder has to be there.
func linked(path string) (string, error) {
	folder, file := filepath.Split(path)
	folder, err := filepath.EvalSymlinks(folder + ".")
	if err != nil || file == "" {
		return "", fmt.Errorf("this is a link to %s, whose folder is not there; make it, or choose another", path)
	}
	return filepath.Abs(filepath.Join(folder, file))
}
