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

// reportCounts reports the contents of the published file to the progress, including
// those of earlier runs. An error does not fail the sync.
func (r *run) reportCounts(ctx context.Context) {
	counts, err := r.place.counts(ctx)
	if err != nil {
		ctxzap.Extract(ctx).Warn("the sync is complete, but its contents could not be counted", zap.Error(err))
		return
	}
	r.Progress.stored(counts)
}

// counts returns the numbers of resources by type, and of grants, of the last sync in
// the file. A Pebble file has them in its header; others are opened.
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
	for _, run := range header.GetSyncRuns() { // There is one: a sync replaces the contents.
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
