package oneshot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
)

// maxAge is how long after its start a sync may be continued. What it holds first was
// read then, and a review must not show it as today's.
const maxAge = 24 * time.Hour

// place is the files of a run. It is one run's at a time.
type place struct {
	name    string
	file    string // Only ever a whole sync.
	existed bool
	partial string // The sync as it grows.
	temp    string // Where it is unpacked.
	engine  c1zstore.Engine
	locks   []lock

	found  c1zstore.Engine // Of the file there is; empty without one.
	goesOn bool            // The partial file is of an earlier run.
	// started is when the sync began, which may be in an earlier run.
	started time.Time
}

// takePlace locks the files of a run, clears up after runs that were killed, and
// makes sure that the file there is may be replaced. It asks the API for nothing.
func takePlace(ctx context.Context, o Options) (_ *place, err error) {
	file, err := filepath.Abs(o.File)
	if err != nil {
		return nil, fmt.Errorf("%s: --file %s: %w", o.Name, o.File, err)
	}
	p := &place{name: o.Name, file: file, partial: file + ".partial-" + fingerprint(o.Identity), engine: o.Engine}
	if o.now == nil {
		o.now = time.Now
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.leave())
		}
	}()
	if err := p.lockFile(); err != nil {
		return nil, err
	}
	if err := p.makeTemp(o.TempDir); err != nil {
		return nil, err
	}
	if p.found, err = p.look(ctx, o.ResourceTypes); err != nil {
		return nil, fmt.Errorf("%s: --file %s: %w", o.Name, o.File, err)
	}
	p.existed = p.found != ""
	return p, p.prepare(ctx, o.now)
}

// fingerprint is short for what a sync is of.
func fingerprint(identity []string) string {
	hash := sha256.New()
	for _, part := range identity {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil))[:8]
}

// lockFile keeps other runs from the same file. It also shows whether the folder
// can be written to.
func (p *place) lockFile() error {
	l, err := takeLock(p.file + ".lock")
	switch pathError := (*fs.PathError)(nil); {
	case errors.As(err, &pathError):
		err = pathError.Err
		fallthrough
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: cannot write to the folder %s: %w; allow writing there, or choose another with --file", p.name, p.folder(), err)
	case err != nil:
		return fmt.Errorf("%s: another run is writing %s: wait for it to end, or choose another --file", p.name, p.file)
	}
	p.locks = append(p.locks, l)
	return nil
}

// makeTemp makes a folder to unpack the sync in, and removes those of killed runs:
// the ones whose lock nobody holds.
func (p *place) makeTemp(root string) error {
	if left, err := filepath.Glob(filepath.Join(root, p.name+"-*.lock")); err == nil {
		for _, path := range left {
			if l, err := takeLock(path); err == nil {
				_ = os.RemoveAll(strings.TrimSuffix(path, ".lock")) // Another run may try again.
				_ = l.free()                                        //nolint:errcheck // As above.
			}
		}
	}
	fail := func(err error) error {
		return fmt.Errorf("%s: cannot make a temporary folder in %s: %w; allow writing there, or choose another with --c1z-temp-dir", p.name, root, err)
	}
	f, err := os.CreateTemp(root, p.name+"-*.lock")
	if err != nil {
		return fail(err)
	}
	if err := f.Close(); err != nil {
		return fail(err)
	}
	l, err := takeLock(f.Name())
	if err != nil {
		return fail(err)
	}
	p.locks = append(p.locks, l)
	temp := strings.TrimSuffix(f.Name(), ".lock")
	if err := os.Mkdir(temp, 0o700); err != nil {
		return fail(err)
	}
	p.temp = temp
	return nil
}

// look returns the engine of the file there is, empty if there is none. It fails
// when that file is nothing a sync of this connector may replace.
func (p *place) look(ctx context.Context, resourceTypes []string) (c1zstore.Engine, error) {
	info, err := os.Stat(p.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", errors.New("this is not a file; choose another")
	case info.Size() == 0:
		return "", nil
	}
	const refused = "and is left as it is; remove it, or choose another --file"
	store, err := dotc1z.NewStore(ctx, p.file, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp))
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("the file that is there cannot be read as a c1z (%w) %s", err, refused)
	}
	engine := c1zstore.Engine(store.Metadata().Engine)
	list, err := store.ListResourceTypes(ctx, &v2.ResourceTypesServiceListResourceTypesRequest{})
	err = errors.Join(err, store.Close(ctx))
	if err != nil {
		return "", fmt.Errorf("the file that is there cannot be read as a c1z (%w) %s", err, refused)
	}
	var others []string
	for _, t := range list.GetList() {
		if slices.Contains(resourceTypes, t.GetId()) {
			return engine, nil
		}
		others = append(others, t.GetId())
	}
	if others != nil {
		return "", fmt.Errorf("the file that is there holds a sync of another connector (resource types %s) %s", strings.Join(others, ", "), refused)
	}
	return engine, nil
}

// prepare settles where the sync starts: from what an interrupted run left, or anew.
// Syncs that an SQLite file has already stay in it.
func (p *place) prepare(ctx context.Context, now func() time.Time) error {
	if p.found == c1zstore.EnginePebble || (p.found == c1zstore.EngineSQLite && p.engine == "") {
		p.engine = p.found // As the SDK does: a file keeps its engine.
	}
	p.started = now()
	if _, err := os.Stat(p.partial); err == nil {
		began, err := p.began(ctx)
		if err != nil {
			return err
		}
		if age := p.started.Sub(began); age >= 0 && age <= maxAge {
			p.goesOn, p.started = true, began
			return nil
		}
	}
	return p.startAnew()
}

// began returns when the sync in the partial file was started; the zero time when
// there is none to go on with.
func (p *place) began(ctx context.Context) (began time.Time, err error) {
	fail := func(err error) (time.Time, error) {
		if ctx.Err() != nil {
			return began, ctx.Err()
		}
		return began, fmt.Errorf("%s: cannot open %s, which an earlier run left (remove it to start anew): %w", p.name, p.partial, err)
	}
	store, err := dotc1z.NewStore(ctx, p.partial, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp))
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	lister, ok := store.(interface {
		ListSyncRuns(ctx context.Context, pageToken string, pageSize uint32) ([]*c1zstore.SyncRun, string, error)
	})
	if !ok {
		return began, nil
	}
	for token := ""; ; {
		runs, next, err := lister.ListSyncRuns(ctx, token, 100)
		if err != nil {
			return fail(err)
		}
		for _, run := range runs {
			if run.EndedAt == nil && run.StartedAt != nil && run.StartedAt.After(began) {
				began = *run.StartedAt
			}
		}
		if token = next; token == "" {
			return began, nil
		}
	}
}

// startAnew gives up what the partial file has.
func (p *place) startAnew() error {
	p.goesOn = false
	if err := p.discard(); err != nil {
		return err
	}
	if p.found == c1zstore.EngineSQLite && p.engine == c1zstore.EngineSQLite {
		return p.copyFile()
	}
	return nil
}

func (p *place) copyFile() error {
	in, err := os.Open(p.file)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(p.partial + ".tmp")
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return os.Rename(out.Name(), p.partial)
}

// publish puts the whole sync in its place.
func (p *place) publish() error {
	if err := os.Rename(p.partial, p.file); err != nil {
		return fmt.Errorf("%s: the sync is whole, but stays in %s: %w", p.name, p.partial, err)
	}
	if folder, err := os.Open(p.folder()); err == nil {
		_ = folder.Sync() //nolint:errcheck // Not every file system can; the rename happened.
		_ = folder.Close()
	}
	// What runs with other settings left is older than this.
	left, err := filepath.Glob(globEscape(p.file) + ".partial-????????*")
	if err != nil {
		return nil //nolint:nilerr // They are in nobody's way.
	}
	for _, path := range left {
		_ = os.Remove(path)
	}
	return nil
}

// globEscape makes a path mean itself in a pattern.
func globEscape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}

// discard removes the partial file.
func (p *place) discard() error {
	if err := os.Remove(p.partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: cannot remove what an earlier run left: %w", p.name, err)
	}
	return nil
}

// leave removes what only this run needs.
func (p *place) leave() error {
	var errs []error
	if p.temp != "" {
		errs = append(errs, os.RemoveAll(p.temp))
	}
	for _, l := range p.locks {
		errs = append(errs, l.free())
	}
	return errors.Join(errs...)
}

func (p *place) folder() string { return filepath.Dir(p.file) }

// lock is a file that one process holds. The system frees it when the process ends,
// however that comes about.
type lock struct {
	path string
	held io.Closer
}

// takeLock returns a *fs.PathError, or fs.ErrNotExist, when the file cannot be made,
// and another error when somebody else holds it.
func takeLock(path string) (lock, error) {
	held, err := vfs.Default.Lock(path)
	return lock{path, held}, err
}

func (l lock) free() error {
	removed := os.Remove(l.path) // First, so that nobody takes the lock of a file that goes.
	err := l.held.Close()
	if removed != nil { // Windows keeps files that are open.
		removed = os.Remove(l.path)
	}
	return errors.Join(removed, err)
}
