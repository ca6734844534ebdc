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

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"

	"github.com/conductorone/baton-descope/internal/bounded"
)

// maxAge limits the age of a resumed sync: its first records are that old, and a
// review must not show them as current.
const maxAge = 24 * time.Hour

// place is the set of files of a run, locked by it.
type place struct {
	file    string // Only ever a complete sync.
	existed bool
	partial string // The sync as it grows.
	engine  c1zstore.Engine
	lock    lock        // On the file.
	temp    *tempFolder // Where the sync is unpacked.

	found   c1zstore.Engine // Of the existing file; empty without one.
	resumed bool            // The partial file is from an earlier run.
	// started is when the sync began, which may be in an earlier run.
	started time.Time
}

// takePlace locks the files of a run, removes those of killed runs, and verifies that
// the existing file may be replaced. It sends no request.
func takePlace(ctx context.Context, o Options) (_ *place, err error) {
	p, err := claim(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.now == nil {
		o.now = time.Now
	}
	if err := p.prepare(ctx, o.now); err != nil {
		return nil, errors.Join(err, p.leave())
	}
	return p, nil
}

// claim is takePlace without regard to the partial file of an earlier run.
func claim(ctx context.Context, o Options) (_ *place, err error) {
	refused := func(err error) error { return fmt.Errorf("--file %s: %w", o.File, err) }
	file, err := target(o.File)
	if err != nil {
		return nil, refused(err)
	}
	p := &place{file: file, partial: file + ".partial-" + fingerprint(o.Identity), engine: o.Engine}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.leave())
		}
	}()
	if err := p.lockFile(); err != nil {
		return nil, err
	}
	if p.temp, err = newTempFolder(o.Name, o.TempDir); err != nil {
		return nil, err
	}
	if o.SystemTemp {
		if err := p.temp.systemWide(); err != nil {
			return nil, err
		}
	}
	if err := p.clear(); err != nil {
		return nil, refused(err)
	}
	if p.found, err = p.look(ctx, o.ResourceTypes); err != nil {
		return nil, refused(err)
	}
	p.existed = p.found != ""
	return p, nil
}

// fingerprint returns a short hash of the identity of a sync.
func fingerprint(identity []string) string {
	hash := sha256.New()
	for _, part := range identity {
		fmt.Fprintf(hash, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(hash.Sum(nil))[:8]
}

// lockFile locks the file against other runs. It fails if the folder is not writable.
func (p *place) lockFile() (err error) {
	var pathError *fs.PathError
	switch p.lock, err = takeLock(p.file + ".lock"); {
	case err == nil:
		return nil
	case errors.Is(err, errHeld):
		return fmt.Errorf("another run is writing %s: wait for it to end, or choose another --file", p.file)
	case errors.Is(err, errForeign):
		return fmt.Errorf("%w and is left as it is; if no run is under way remove it, or choose another --file", err)
	case errors.As(err, &pathError):
		err = pathError.Err
	}
	return fmt.Errorf("cannot write to the folder %s: %w; allow writing there, or choose another with --file", p.folder(), err)
}

// packing is the suffix of a file that the SDK is packing.
const packing = ".tmp"

// clear removes the file of a run that was killed while packing. The SDK would write
// into a file of that name, or through a link.
func (p *place) clear() error {
	for _, path := range []string{p.partial, p.partial + packing} {
		info, err := os.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return err
		}
		if err := bounded.Regular(info); err != nil {
			return fmt.Errorf("%s is in the way: %w; remove it, or choose another", path, err)
		}
	}
	if err := os.Remove(p.partial + packing); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// look returns the engine of the existing file, empty without one. It fails if a sync
// of this connector must not replace that file.
func (p *place) look(ctx context.Context, resourceTypes []string) (c1zstore.Engine, error) {
	info, err := os.Stat(p.file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	case err != nil:
		return "", err
	case info.Size() == 0:
		return "", nil
	}
	const refused = "and is left as it is; remove it, or choose another --file"
	store, err := dotc1z.NewStore(ctx, p.file, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp.path))
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("the existing file cannot be read as a c1z (%w) %s", err, refused)
	}
	engine := c1zstore.Engine(store.Metadata().Engine)
	types, ours, err := typesOf(ctx, store, resourceTypes)
	if err = errors.Join(err, store.Close(ctx)); err != nil {
		return "", fmt.Errorf("the existing file cannot be read as a c1z (%w) %s", err, refused)
	}
	if types != "" && !ours {
		return "", fmt.Errorf("the existing file holds a sync of another connector (resource types %s) %s", types, refused)
	}
	return engine, nil
}

// typesOf lists the resource types in a file as text, and reports whether one of them
// is the connector's.
func typesOf(ctx context.Context, file connectorstore.Reader, connectors []string) (types string, ours bool, err error) {
	list, err := file.ListResourceTypes(ctx, &v2.ResourceTypesServiceListResourceTypesRequest{})
	if err != nil {
		return "", false, err
	}
	var ids []string
	for _, t := range list.GetList() {
		ids = append(ids, t.GetId())
		ours = ours || slices.Contains(connectors, t.GetId())
	}
	return strings.Join(ids, ", "), ours, nil
}

// prepare decides whether the sync resumes an interrupted run or starts over. Earlier
// syncs in an SQLite file stay in it.
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
			p.resumed, p.started = true, began
			return nil
		}
	}
	return p.startOver()
}

// began returns the start of the sync in the partial file; the zero time if there is
// none to resume.
func (p *place) began(ctx context.Context) (began time.Time, err error) {
	fail := func(err error) (time.Time, error) {
		if ctx.Err() != nil {
			return began, ctx.Err()
		}
		return began, fmt.Errorf("cannot open %s, which an earlier run left (remove it to start over): %w", p.partial, err)
	}
	store, err := dotc1z.NewStore(ctx, p.partial, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp.path))
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

// startOver discards the partial file.
func (p *place) startOver() error {
	p.resumed = false
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
	out, err := os.OpenFile(p.partial+packing, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, os.Remove(out.Name()))
	}
	return os.Rename(out.Name(), p.partial)
}

// publish renames the complete sync to the file.
func (p *place) publish() error {
	if err := os.Rename(p.partial, p.file); err != nil {
		return fmt.Errorf("the sync is complete, but stays in %s: %w", p.partial, err)
	}
	if folder, err := os.Open(p.folder()); err == nil {
		_ = folder.Sync() //nolint:errcheck // Not every file system can; the rename happened.
		_ = folder.Close()
	}
	// Partial files of runs with other settings are older than this sync.
	for _, suffix := range []string{"", packing} {
		left, err := filepath.Glob(globEscape(p.file) + ".partial-" + strings.Repeat("[0-9a-f]", 8) + suffix)
		if err != nil {
			return nil //nolint:nilerr // They do no harm.
		}
		for _, path := range left {
			_ = os.Remove(path)
		}
	}
	return nil
}

// discard removes the partial file.
func (p *place) discard() error {
	if err := os.Remove(p.partial); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("cannot remove what an earlier run left: %w", err)
	}
	return nil
}

// leave removes the temporary files of this run.
func (p *place) leave() error {
	var err error
	if p.temp != nil {
		err = p.temp.remove()
	}
	if p.lock.held != nil {
		err = errors.Join(err, p.lock.free())
	}
	return err
}

func (p *place) folder() string { return filepath.Dir(p.file) }
