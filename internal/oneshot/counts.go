package oneshot

import (
	"context"
	"errors"
	"os"

	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	formatv3 "github.com/conductorone/baton-sdk/pkg/dotc1z/format/v3"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
)

// grantCount is the name of the grants among counts, as in the SDK's statistics.
const grantCount = "grants"

// tellCounts tells the progress what the published file holds, also of a sync that
// earlier runs began. The sync is whole, whatever comes of it.
func (r *run) tellCounts(ctx context.Context) {
	counts, err := r.place.counts(ctx)
	if err != nil {
		ctxzap.Extract(ctx).Warn("the sync is whole, and what it holds could not be counted", zap.Error(err))
		return
	}
	r.Progress.stored(counts)
}

// counts returns how many resources of each type the last sync in the file has, and how
// many grants. A Pebble file has it in its header; others are opened.
func (p *place) counts(ctx context.Context) (map[string]int64, error) {
	if p.engine == c1zstore.EngineSQLite {
		return p.countsOfSQLite(ctx)
	}
	f, err := os.Open(p.file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	header, err := formatv3.ReadManifestHeader(f)
	if err != nil {
		return nil, err
	}
	counts := map[string]int64{}
	for _, run := range header.GetSyncRuns() { // A sync replaces what the file held: there is one.
		for id, n := range run.GetStats().GetResourcesByResourceType() {
			counts[id] = n
		}
		counts[grantCount] = run.GetStats().GetGrants()
	}
	return counts, nil
}

func (p *place) countsOfSQLite(ctx context.Context) (counts map[string]int64, err error) {
	store, err := dotc1z.NewStore(ctx, p.file, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(p.temp.path))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close(ctx)) }()
	return store.SyncMeta().Stats(ctx, connectorstore.SyncTypeAny, "")
}
