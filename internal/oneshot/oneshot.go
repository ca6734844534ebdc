// Package oneshot runs one sync, or one change, of a connector in this process.
// It knows the Baton SDK and nothing of any connector.
//
// The SDK's own one-shot run starts the connector as a child process. It loses
// everything when interrupted, and sometimes exits with 0 after a failed sync. This one
// runs the SDK's syncer in process:
//
//   - A sync is written to FILE.partial-…, and renamed to FILE when complete. So
//     FILE is a complete sync or does not exist, and a failed run changes nothing.
//   - It runs in windows of some minutes. At the end of each the syncer stops after a
//     page, and the partial file is packed, so a power cut costs one window. A
//     signal does the same at once.
//   - The next run with the same settings resumes there.
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
)

// Options describe a sync.
type Options struct {
	// Name is the connector's name, the prefix of errors and of temporary folders.
	Name string
	// NewServer makes the connector.
	NewServer func(context.Context, sessions.SessionStore) (types.ConnectorServer, error)
	// ResourceTypes are the ids of the connector's resource types.
	ResourceTypes []string
	// Identity is everything that decides about the contents of a sync. Only a run of
	// the same identity resumes it.
	Identity []string

	// File is the c1z to write, or a link to it.
	File string
	// Engine stores the sync; empty for that of the existing file, or the SDK's default.
	Engine c1zstore.Engine
	// TempDir is where the SDK unpacks the file, in a folder of the run.
	TempDir string
	// SystemTemp uses that folder for all temporary files of this process until the run
	// ends: the process does nothing else meanwhile.
	SystemTemp bool
	// Targets are the only resources to sync; empty for all.
	Targets []*v2.Resource
	// Sync are further options of the SDK's syncer.
	Sync []sdksync.SyncOpt
	// Window is how long the sync runs before it is packed; 0 for DefaultWindow.
	Window time.Duration
	// Progress shows the progress of the sync; optional.
	Progress *Progress

	// Set by tests.
	freeSpace func(folder string) (uint64, error)
	now       func() time.Time
}

// unlimited is the window of a sync that cannot be resumed.
const unlimited = 365 * 24 * time.Hour

// DefaultWindow is roughly the work that a power cut may cost.
const DefaultWindow = 3 * time.Minute

// Sync runs a sync until it is complete, the context is over, or it fails. An
// interruption by a signal of [WithSignals] is a [*Stopped]. Other errors carry the
// gRPC code of their cause.
func Sync(ctx context.Context, o Options) (err error) {
	take := takePlace
	if len(o.Targets) > 0 {
		take = takeTargeted
		o.Window = unlimited
		o.Sync = append(slices.Clone(o.Sync), sdksync.WithTargetedSyncResources(o.Targets))
	}
	place, err := take(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, place.leave()) }()

	r := &run{Options: o, place: place, session: &Session{}}
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
	r.client = &validatedOnce{ConnectorClient: NewClient(ctx, server, r.call)}
	return r.sync(ctx)
}

// closeServer lets the connector end its pending work.
func closeServer(ctx context.Context, server types.ConnectorServer) {
	closer, ok := server.(interface{ Close(context.Context) error })
	if !ok {
		return
	}
	if err := closer.Close(context.WithoutCancel(ctx)); err != nil {
		ctxzap.Extract(ctx).Warn("closing the connector failed", zap.Error(err))
	}
}
