package oneshot

import (
	"context"
	"strings"
	"sync"
	"time"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A stop ends the connector's calls, not the syncer, which would drop a late reply: a
// list replies with the pages that it has. Calls that begin later or fail wait until the
// replies of the others are stored. Then the syncer is ended, and saves its state.

// maxStop is how long the syncer may take to store pending replies after a stop.
const maxStop = 5 * time.Second

// underway counts the pending work of a window.
type underway struct {
	mu       sync.Mutex
	calls    int // Without a reply of the connector yet.
	unstored int // Replies that the syncer has not stored yet.
}

func (u *underway) add(calls, unstored int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls += calls
	u.unstored = max(u.unstored+unstored, 0)
}

// begin starts the count of a window.
func (u *underway) begin() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.calls, u.unstored = 0, 0
}

func (u *underway) none() bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.calls == 0 && u.unstored == 0
}

// endSyncer ends the syncer once nothing is pending, or after maxStop.
func (r *run) endSyncer(syncing context.Context, end context.CancelFunc) {
	defer end()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for quiet, deadline := false, time.Now().Add(maxStop); time.Now().Before(deadline); {
		select {
		case <-look.C:
		case <-syncing.Done():
			return
		}
		if quiet { // The state is saved a moment later.
			return
		}
		quiet = r.underway.none()
	}
}

// stage is called after each reply that the syncer has stored.
func (r *run) stage(p *sdksync.Progress) {
	r.underway.add(0, -1)
	r.Progress.stage(p)
}

// call makes a call of the syncer to the connector. ctx is the syncer's.
//
// When the API refuses the key during a sync, the run is stopped as by a signal: the
// syncer then keeps its page token, and resumes there with a valid key. On its own it
// would start the list over.
func (r *run) call(ctx context.Context, method string, do func(context.Context) error) error {
	if method == "Cleanup" { // The sync is complete.
		return do(ctx)
	}
	if r.stopping.Err() != nil {
		<-ctx.Done()
		return status.FromContextError(ctx.Err()).Err()
	}
	limited, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(r.stopping, cancel)()

	lists := strings.HasPrefix(method, "List")
	r.underway.add(1, 0)
	err := do(limited)
	switch code := status.Code(err); {
	case method == "ListResourceTypes" && code == codes.OK: // Storing these is not reported, and nothing else is pending.
		r.answered.Add(1)
	case lists && code == codes.OK:
		r.answered.Add(1)
		r.underway.add(-1, 1)
		return nil
	case lists && (code == codes.Unauthenticated || code == codes.PermissionDenied):
		r.abort(err)
	}
	r.underway.add(-1, 0)
	if err != nil && r.stopping.Err() != nil {
		<-ctx.Done()
	}
	return err
}
