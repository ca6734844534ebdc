// Package oneshot runs one sync, or one change, of a connector in this process.
// It knows the Baton SDK and nothing of any connector.
//
// The SDK's own one-shot run makes a child process of the connector. It loses
// everything when it is interrupted, and when a sync fails it now and then ends
// with exit code 0. This one runs the SDK's syncer here:
//
//   - A sync grows in a file beside the one that is asked for, FILE.partial-…,
//     and takes its place when it is whole. So FILE is a whole sync or is not
//     there, and a run that fails takes nothing away.
//   - It runs in windows of some minutes. At the end of each the syncer stops at a
//     page and what was read is packed into the partial file, so that a power cut
//     costs one window. A signal does the same at once.
//   - The next run with the same settings goes on from there.
package oneshot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/internal/inprocess"
)

// Options say what to sync, and where to.
type Options struct {
	// Name is the connector's. It starts errors and the names of temporary folders.
	Name string
	// NewServer makes the connector.
	NewServer func(context.Context, sessions.SessionStore) (types.ConnectorServer, error)
	// ResourceTypes are the ids of the connector's resource types.
	ResourceTypes []string
	// Identity is everything that decides what a sync finds. One that stopped is
	// continued only by a run of the same identity.
	Identity []string

	// File is the c1z to write, or a link to it.
	File string
	// Engine stores the sync; empty for that of the file there is, or the SDK's default.
	Engine c1zstore.Engine
	// TempDir is where the SDK unpacks the file to work on it, in a folder of the run.
	TempDir string
	// SystemTemp makes that folder the one for all temporary files of this process,
	// until the run ends: the process does nothing else meanwhile.
	SystemTemp bool
	// Targets are the resources to sync, and nothing but these; none for everything.
	Targets []*v2.Resource
	// Sync are further options of the SDK's syncer.
	Sync []sdksync.SyncOpt
	// Window is how long the sync runs before it is packed; 0 for DefaultWindow.
	Window time.Duration
	// Progress is told how far the sync is; nil for nobody.
	Progress *Progress

	// Set by tests.
	freeSpace func(folder string) (uint64, error)
	now       func() time.Time
}

// neverOver is the window of a sync that cannot go on after one.
const neverOver = 365 * 24 * time.Hour

// DefaultWindow is what a power cut may cost, more or less.
const DefaultWindow = 3 * time.Minute

// Sync runs a sync until it is whole, the context is over, or it fails. An
// interruption by a signal of [WithSignals] is a [*Stopped]. Other errors carry the
// gRPC code of what failed.
func Sync(ctx context.Context, o Options) (err error) {
	take := takePlace
	if len(o.Targets) > 0 {
		take = takeTargeted
		o.Window = neverOver
		o.Sync = append(slices.Clone(o.Sync), sdksync.WithTargetedSyncResources(o.Targets))
	}
	place, err := take(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.leave()) }()

	r := &run{Options: o, place: place, session: &inprocess.Session{}}
	r.Window = cmp.Or(r.Window, DefaultWindow)
	if r.Progress == nil {
		r.Progress = &Progress{}
	}
	if r.freeSpace == nil {
		r.freeSpace = freeSpace
	}
	server, err := o.NewServer(ctx, r.session)
	if err != nil {
		return err
	}
	defer closeServer(ctx, server)
	r.client = &validatedOnce{ConnectorClient: inprocess.NewClient(ctx, server, r.call)}
	return r.sync(ctx)
}

// closeServer lets the connector end what it has under way.
func closeServer(ctx context.Context, server types.ConnectorServer) {
	closer, ok := server.(interface{ Close(context.Context) error })
	if !ok {
		return
	}
	if err := closer.Close(context.WithoutCancel(ctx)); err != nil {
		ctxzap.Extract(ctx).Warn("closing the connector failed", zap.Error(err))
	}
}
