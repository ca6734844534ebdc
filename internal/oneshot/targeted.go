package oneshot

import (
	"context"
	"errors"
	"fmt"

	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
)

// Targeted lets run sync some resources into a file that it is given, with temporary
// files in a folder of its own, and puts that in the place of o.File when it ends
// without an error. Such a sync has only the resources, and a c1z holds one sync: a
// file that holds a whole one is refused, and left as it is.
func Targeted(ctx context.Context, o Options, run func(file, tempDir string) error) (err error) {
	p, err := claim(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.leave()) }()
	if p.existed {
		whole, err := p.holdsWhole(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("%s: --file %s: %w", o.Name, o.File, err)
		case whole:
			return fmt.Errorf("%s: %s holds a whole sync, which this one of a few resources would replace: choose another --file for it, or sync everything", o.Name, o.File)
		}
	}
	if err := p.discard(); err != nil {
		return err
	}
	if err := run(p.partial, p.temp.path); err != nil {
		return errors.Join(err, p.discard())
	}
	return p.publish()
}

// holdsWhole tells whether the file there is holds a finished sync of everything.
func (p *place) holdsWhole(ctx context.Context) (whole bool, err error) {
	store, err := dotc1z.NewStore(ctx, p.file, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp.path))
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	full, err := store.SyncMeta().LatestFullSync(ctx)
	if err != nil || full != nil {
		return full != nil, err
	}
	last, err := store.SyncMeta().LatestFinishedSyncOfAnyType(ctx)
	return last != nil && last.Type != connectorstore.SyncTypePartial, err
}
