package oneshot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"

	"github.com/gofrs/flock"

	"github.com/conductorone/baton-descope/internal/bounded"
)

// lock is an empty file locked by one process, readable by its user alone. The
// system unlocks it when the process ends, however it ends.
type lock struct{ held *flock.Flock }

var (
	errHeld    = errors.New("another process holds the lock")
	errForeign = errors.New("is not a lock of this program")
)

// takeLock creates and takes a lock. It returns errHeld when another process has it,
// and errForeign when the file there is not a lock.
func takeLock(path string) (lock, error) {
	for {
		switch info, err := os.Lstat(path); { //nolint:gosec // Where the user wants the file.
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return lock{}, err
		default:
			if err := checkLock(path, info); err != nil {
				return lock{}, err
			}
		}
		held := flock.New(path, flock.SetFlag(os.O_CREATE|os.O_RDONLY|openFlags))
		if ok, err := held.TryLock(); err != nil {
			return lock{}, err
		} else if !ok {
			return lock{}, errHeld
		}
		if l := (lock{held}); l.isThere() {
			return l, nil
		}
		// Its holder removed it after it was opened here.
		if err := held.Unlock(); err != nil {
			return lock{}, err
		}
	}
}

// checkLock verifies that takeLock made a file: a link, a file of another user and a
// file that is not empty are left alone.
func checkLock(path string, info fs.FileInfo) error {
	err := bounded.Regular(info)
	switch {
	case err != nil:
	case info.Size() > 0:
		err = errors.New("this is not empty")
	case !isOurs(info):
		err = errors.New("this is another user's")
	default:
		return nil
	}
	return fmt.Errorf("%s %w (%w)", path, errForeign, err)
}

// isThere reports whether the path still names the locked file.
func (l lock) isThere() bool {
	locked, err := l.held.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(l.held.Path())
	return err == nil && os.SameFile(locked, named)
}

// free removes the lock and unlocks it, in this order: a process that has opened the
// file by then finds another one, or none, at the path. Windows removes no open file,
// which excludes two holders as well.
func (l lock) free() error {
	if runtime.GOOS == "windows" {
		err := l.held.Unlock()
		_ = os.Remove(l.held.Path()) // Another process has it by now.
		return err
	}
	var removed error
	if l.isThere() {
		removed = os.Remove(l.held.Path())
	}
	return errors.Join(removed, l.held.Unlock())
}
