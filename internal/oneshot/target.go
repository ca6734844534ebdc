package oneshot

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/conductorone/baton-descope/internal/bounded"
)

// maxLinks is the maximum number of links in a chain.
const maxLinks = 40

// target returns the absolute path of a file, which need not exist. Links are followed:
// to replace a link by a file would leave the linked file unchanged. It refuses other
// than regular files, and a file that the process has open.
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
		if err != nil { // Not a link, or missing.
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
	return fail(errors.New("this link refers to itself"))
}

// linked returns the target of a link. Its folder has to exist.
func linked(path string) (string, error) {
	folder, file := filepath.Split(path)
	folder, err := filepath.EvalSymlinks(folder + ".")
	if err != nil || file == "" {
		return "", fmt.Errorf("this is a link to %s, whose folder does not exist; create it, or choose another", path)
	}
	return filepath.Abs(filepath.Join(folder, file))
}
