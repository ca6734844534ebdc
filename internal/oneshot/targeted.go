package oneshot

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
)

// takeTargeted is takePlace for a sync of some resources. Since a c1z holds one sync, a
// file with a complete one is refused. A sync of some resources always starts over.
func takeTargeted(ctx context.Context, o Options) (*place, error) {
	p, err := claim(ctx, o)
	if err != nil {
		return nil, err
	}
	p.started = time.Now()
	if p.existed {
		err = p.refuseWhole(ctx, o.File)
	}
	if err == nil {
		err = p.discard()
	}
	if err != nil {
		return nil, errors.Join(err, p.leave())
	}
	return p, nil
}

// refuseWhole returns an error if the existing file holds a finished complete sync.
func (p *place) refuseWhole(ctx context.Context, file string) error {
	store, err := dotc1z.NewStore(ctx, p.file, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp.path))
	if err != nil {
		return fmt.Errorf("--file %s: %w", file, err)
	}
	full, err := store.SyncMeta().LatestFullSync(ctx)
	last, lastErr := store.SyncMeta().LatestFinishedSyncOfAnyType(ctx)
	if err := errors.Join(err, lastErr, store.Close(ctx)); err != nil {
		return fmt.Errorf("--file %s: %w", file, err)
	}
	if full != nil || last != nil && last.Type != connectorstore.SyncTypePartial {
		return fmt.Errorf("%s holds a complete sync, which this one of a few resources would replace: choose another --file for it, or sync everything", file)
	}
	return nil
}
