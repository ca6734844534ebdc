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

// A stop ends the connector's calls and not the syncer, which would drop an answer that
// comes with it: a list answers with the pages that it has. Calls that begin later, and
// those that fail, wait until the others' answers are stored. Then the syncer is ended,
// and writes down how far it is.

// maxStop is how long the syncer may take to store what it has after a stop.
const maxStop = 5 * time.Second

// underway counts what a window has to finish before it can be ended.
type underway struct {
	mu       sync.Mutex
	calls    int // That the connector has not answered yet.
	unstored int // Answers that the syncer has not stored yet.
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

// endSyncer ends the syncer once nothing is under way, or that has taken too long.
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
		if quiet { // What is stored is noted a moment later.
			return
		}
		quiet = r.underway.none()
	}
}

// stage is told of each answer that the syncer has stored.
func (r *run) stage(p *sdksync.Progress) {
	r.underway.add(0, -1)
	r.Progress.stage(p)
}

// call makes a call of the syncer to the connector. ctx is the syncer's.
//
// When the API refuses the key in the middle of a sync, the run is stopped as by a
// signal: the syncer then keeps its page, and with a good key it goes on there. By
// itself it would start the list anew.
func (r *run) call(ctx context.Context, method string, do func(context.Context) error) error {
	if method == "Cleanup" { // The sync is whole.
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
	case method == "ListResourceTypes" && code == codes.OK: // Nobody is told when these are stored, and nothing else is under way.
		r.answered.Add(1)
	case lists && code == codes.OK:
		r.answered.Add(1)
		r.underway.add(-1, 1)
		return nil
	case lists && (code == codes.Unauthenticated || code == codes.PermissionDenied):
		r.breakOff(err)
	}
	r.underway.add(-1, 0)
	if err != nil && r.stopping.Err() != nil {
		<-ctx.Done()
	}
	return err
}
