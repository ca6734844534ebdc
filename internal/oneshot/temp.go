package oneshot

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// tempFolder is a folder of one run, which is alive while it holds the lock.
type tempFolder struct {
	path    string
	lock    lock
	systems map[string]string // What systemWide changed.
}

// newTempFolder creates a temporary folder, and removes those of killed runs, whose
// locks are free.
func newTempFolder(name, root string) (_ *tempFolder, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot make a temporary folder in %s: %w; allow writing there, or choose another with --c1z-temp-dir", root, err)
		}
	}()
	if root, err = filepath.Abs(root); err != nil {
		return nil, err
	}
	removeLeft(name, root)
	for {
		var random [8]byte
		_, _ = rand.Read(random[:]) // It always succeeds.
		t := &tempFolder{path: filepath.Join(root, name+"-"+hex.EncodeToString(random[:]))}
		switch t.lock, err = takeLock(t.path + ".lock"); {
		case errors.Is(err, errHeld): // By a run that removes folders of killed runs.
			continue
		case err != nil:
			return nil, err
		}
		if err := os.Mkdir(t.path, 0o700); err != nil {
			return nil, errors.Join(err, t.lock.free())
		}
		return t, nil
	}
}

// removeLeft removes the folders of killed runs, as far as possible.
func removeLeft(name, root string) {
	locks, err := filepath.Glob(globEscape(filepath.Join(root, name)) + "-" + strings.Repeat("[0-9a-f]", 16) + ".lock")
	if err != nil {
		return
	}
	for _, path := range locks {
		if info, err := os.Lstat(path); err != nil || checkLock(path, info) != nil {
			continue
		}
		if l, err := takeLock(path); err == nil {
			_ = (&tempFolder{path: strings.TrimSuffix(path, ".lock"), lock: l}).remove() //nolint:errcheck // As above.
		}
	}
}

// systemWide uses the folder for all temporary files of this process, since the SDK
// creates some that way. The process must do nothing else.
func (t *tempFolder) systemWide() error {
	t.systems = map[string]string{}
	for _, name := range tempVariables {
		t.systems[name] = os.Getenv(name)
		if err := os.Setenv(name, t.path); err != nil {
			return err
		}
	}
	return nil
}

// remove removes the folder, and its lock with it.
func (t *tempFolder) remove() error {
	for name, value := range t.systems {
		_ = os.Setenv(name, value) // An empty one counts as none.
	}
	if err := os.RemoveAll(t.path); err != nil {
		return errors.Join(err, t.lock.held.Unlock()) // The lock stays, for the next run to see.
	}
	return t.lock.free()
}

// globEscape escapes a path for a pattern.
func globEscape(path string) string {
	if filepath.Separator == '\\' { // Where \ is no escape.
		return path
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
