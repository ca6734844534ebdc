package oneshot

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/engine/pebble"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// run is one sync, window by window.
type run struct {
	Options
	place   *place
	session *Session
	client  *validatedOnce

	stopping context.Context // Over when the run is to stop.
	stop     context.CancelCauseFunc
	underway underway
	answered atomic.Int64          // How many listing calls succeeded.
	broke    atomic.Pointer[error] // Why the run aborted itself.
}

// sync runs windows until the sync is complete, and publishes it then.
func (r *run) sync(ctx context.Context) error {
	ctx, r.stop = context.WithCancelCause(ctx)
	defer r.stop(nil)
	r.stopping = ctx
	syncing, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	defer context.AfterFunc(ctx, func() { r.endSyncer(syncing, end) })()
	go r.watchDisk(ctx)
	for window := r.Window; ; {
		answered := r.answered.Load()
		packing, err := r.window(syncing, window)
		if err == nil {
			if err := r.place.publish(); err != nil {
				return err
			}
			r.reportCounts(ctx)
			return nil
		}
		switch {
		case r.changed(ctx, err):
			ctxzap.Extract(ctx).Warn("the unfinished sync of an earlier run cannot be resumed; it starts over", zap.Error(err))
			if err := r.place.startOver(); err != nil {
				return r.explain(ctx, err)
			}
			r.Progress.restart()
			window = r.Window
			continue
		case !windowOver(err) || ctx.Err() != nil:
			return r.explain(ctx, err)
		}
		window = next(window, r.Window, r.answered.Load() > answered, packing)
		ctxzap.Extract(ctx).Info("stored what was read so far",
			zap.String("file", r.place.partial), zap.Duration("took", packing), zap.Duration("next_after", window))
	}
}

// changed reports whether a resumed sync failed since the API has changed: the
// connector returns Aborted, which asks for a new sync. A sync that this run began fails
// for good.
func (r *run) changed(ctx context.Context, err error) bool {
	return r.place.resumed && ctx.Err() == nil && status.Code(err) == codes.Aborted
}

// next returns the length of the next window: twice that of one without progress,
// which would repeat for ever, and long enough for packing to be a small part of it.
func next(last, usual time.Duration, progressed bool, packing time.Duration) time.Duration {
	if !progressed {
		return 2 * last
	}
	return max(usual, 20*packing)
}

// window runs the syncer until the window is over, and packs the file. It returns how
// long packing took.
func (r *run) window(ctx context.Context, length time.Duration) (time.Duration, error) {
	r.session.SetSessionStore(ctx, nil)
	r.underway.begin()
	opts := []dotc1z.C1ZOption{dotc1z.WithTmpDir(r.place.temp.path)}
	if r.place.engine != "" {
		opts = append(opts, dotc1z.WithEngine(r.place.engine))
	}
	store, err := dotc1z.NewStore(ctx, r.place.partial, opts...)
	if err != nil {
		return 0, fmt.Errorf("cannot open %s, which an earlier run left (remove it to start over): %w", r.place.partial, err)
	}
	r.session.SetSessionStore(ctx, store.SessionStore())
	syncer, err := sdksync.NewSyncer(ctx, r.client, append([]sdksync.SyncOpt{
		sdksync.WithConnectorStore(store),
		sdksync.WithTmpDir(r.place.temp.path),
		sdksync.WithRunDuration(length),
		sdksync.WithProgressHandler(r.stage),
	}, r.Sync...)...)
	if err != nil {
		return 0, errors.Join(fmt.Errorf("cannot start the sync: %w", err), store.Close(ctx))
	}
	err = syncer.Sync(ctx)
	if broke := r.broke.Load(); broke != nil && err != nil {
		err = *broke
	}
	started := time.Now()
	closeErr := syncer.Close(ctx)
	packing := time.Since(started)
	switch {
	case closeErr != nil:
		// The file is replaced only when packing succeeds: it is as it was.
		return packing, &notPacked{errors.Join(err, closeErr, closeEngine(store))}
	case err != nil && len(r.Targets) > 0:
		return packing, errors.Join(err, r.place.discard())
	case err != nil && !windowOver(err) && r.stopping.Err() == nil && r.client.validated():
		// The failed list has to start over, and records that it stored may be deleted
		// by then. Keep none of them.
		return packing, errors.Join(err, r.place.discard())
	}
	return packing, err
}

// closeEngine ends the background work of a store. The SDK leaves a store open that
// cannot be packed, and its engine ends the process when its files are removed.
func closeEngine(store c1zstore.Store) error {
	if engine, ok := pebble.AsEngine(store); ok {
		return engine.Close()
	}
	return nil
}

// notPacked is the error of a window that could not be stored.
type notPacked struct{ error }

func (e *notPacked) Error() string { return sdkPromise.ReplaceAllString(e.error.Error(), "") }

func (e *notPacked) Unwrap() error { return e.error }

// sdkPromise matches the SDK's hint at its temporary folder, which is removed here.
var sdkPromise = regexp.MustCompile(`, store left open and unsaved data preserved under [^:]+`)

// windowOver reports whether the syncer ended with its window, without another error.
func windowOver(err error) bool {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) == 1 {
		err = joined.Unwrap()[0]
	}
	return err == sdksync.ErrSyncNotComplete //nolint:errorlint // Together with another error it is a failure.
}

// abort stops the run like a signal.
func (r *run) abort(err error) {
	r.broke.CompareAndSwap(nil, &err)
	r.stop(err)
}

// reserve is the free space, in bytes, required on the disk of the temporary folder.
// When that disk is full, the SDK's store ends the process at once.
const reserve = 32 << 20

// watchDisk stops the run before the disk is full.
func (r *run) watchDisk(ctx context.Context) {
	ticker := time.NewTicker(time.Second / 4)
	defer ticker.Stop()
	for {
		if free, err := r.freeSpace(r.place.temp.path); err == nil && free < reserve {
			r.abort(fmt.Errorf("%d MiB are left in %s: %w", free>>20, r.TempDir, syscall.ENOSPC))
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// freeSpace returns the free bytes on the disk of a folder.
func freeSpace(folder string) (uint64, error) {
	usage, err := vfs.Default.GetDiskUsage(folder)
	return usage.AvailBytes, err
}

// explain adds the state of the files to an error.
func (r *run) explain(ctx context.Context, err error) error {
	if broke := r.broke.Load(); broke != nil && windowOver(err) {
		err = *broke
	}
	var unpacked *notPacked
	if errors.As(err, &unpacked) {
		err = &failure{err, "cannot store the sync: " + plain(r.Name, err)}
	}
	err = r.advise(err)
	signal, stopped := signalOf(ctx)
	switch {
	case stopped && unpacked != nil:
		return &Stopped{signal, fmt.Sprintf("stopped by %s; %v; %s", nameOf(signal), err, r.kept())}
	case stopped:
		return &Stopped{signal, fmt.Sprintf("stopped by %s%s; %s", nameOf(signal), r.Progress.amountRead(), r.kept())}
	}
	return &failure{err, plain(r.Name, err) + "; " + r.kept()}
}

// failure is an error of a run in plain words, with the gRPC code of its cause.
type failure struct {
	error
	text string
}

func (f *failure) Error() string { return f.text }

func (f *failure) Unwrap() error { return f.error }

// advise adds the fix to the error of a full disk.
func (r *run) advise(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG) {
		return fmt.Errorf("%w (the disk is full: free some space for %s and %s, or choose others with --file and --c1z-temp-dir)",
			err, r.place.folder(), r.TempDir)
	}
	return err
}

// kept describes the files after a failed run.
func (r *run) kept() string {
	var what strings.Builder
	if r.place.existed {
		fmt.Fprintf(&what, "%s is as it was before", r.File)
	} else {
		fmt.Fprintf(&what, "%s was not written", r.File)
	}
	if _, err := os.Stat(r.place.partial); err == nil {
		fmt.Fprintf(&what, ", and what was read is kept in %s: the same command resumes there until %s",
			r.place.partial, r.place.started.Add(maxAge).Format("2006-01-02 15:04 MST"))
	}
	return what.String()
}

// validatedOnce validates once, and not again in each window.
type validatedOnce struct {
	types.ConnectorClient
	mu    sync.Mutex
	reply *v2.ConnectorServiceValidateResponse
}

// Validate returns the connector's answer.
func (c *validatedOnce) Validate(
	ctx context.Context, request *v2.ConnectorServiceValidateRequest, opts ...grpc.CallOption,
) (*v2.ConnectorServiceValidateResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reply != nil {
		return c.reply, nil
	}
	reply, err := c.ConnectorClient.Validate(ctx, request, opts...)
	if err == nil {
		c.reply = reply
	}
	return reply, err
}

func (c *validatedOnce) validated() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reply != nil
}
