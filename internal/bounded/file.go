// Package bounded reads untrusted files: too large and endless files are refused and
// not read into memory, and other than regular files are not opened.
//
//	src, err := bounded.ReadFile("team.yaml", bounded.Text)
package bounded

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Limits of files, in bytes.
const (
	// Text is the limit for what people write.
	Text = 1 << 20
	// Reply is the limit for a recorded reply, that of a reply over the network.
	Reply = 64 << 20
)

// Open opens a regular file to read it; links to one are followed. Anything else is a
// [*fs.PathError] at once: opening a FIFO waits for a writer, and opening a device may
// do something.
func Open(name string) (*os.File, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, opening(name, err)
	}
	if err := Regular(info); err != nil {
		return nil, opening(name, err)
	}
	file, err := os.OpenFile(name, os.O_RDONLY|nonBlocking, 0)
	if err != nil {
		return nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = Regular(info) // It may have been replaced.
	}
	if err != nil {
		return nil, errors.Join(opening(name, err), file.Close())
	}
	return file, nil
}

// opening is the error of [os.Open], whatever call failed.
func opening(name string, err error) error {
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		err = pathError.Err
	}
	return &fs.PathError{Op: "open", Path: name, Err: err}
}

// Regular returns an error that says what something is when it is no regular file.
func Regular(info fs.FileInfo) error {
	what := "something else"
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		what = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		what = "a FIFO"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	case mode&fs.ModeSymlink != 0:
		what = "a link"
	}
	return fmt.Errorf("this is %s, not a file", what)
}

// ReadFile reads a regular file of at most limit bytes.
func ReadFile(name string, limit int64) ([]byte, error) {
	file, err := Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes, which is the limit", name, limit)
	}
	return content, nil
}
