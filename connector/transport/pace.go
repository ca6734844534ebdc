package transport

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/conductorone/baton-sdk/pkg/ratelimit"
)

const (
	// windowLength is a minute, and a little for requests that overtake each
	// other on their way: it costs less than 1 % of the rate.
	windowLength = 60*time.Second + 500*time.Millisecond

	// patience is the longest wait before a try. What takes longer is the SDK's
	// to wait for: it can be interrupted there, and it resumes.
	patience = 30 * time.Second
)

// admit waits until a request of the call's operation may start, and returns
// what its end has to call. It does not hold a slot while it waits for anything
// else than a slot.
func (t *Transport) admit(ctx context.Context, call Call) (release func(), err error) {
	window := t.windows[call.Operation]
	if window != nil {
		if err := window.enter(ctx); err != nil {
			return nil, err
		}
		defer window.leave()
	}
	for {
		select {
		case t.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		release = func() { <-t.slots }
		wait := t.gate.remaining()
		switch {
		case ctx.Err() != nil: // select takes either when both are ready
			release()
			return nil, ctx.Err()
		case wait <= 0:
			if window != nil {
				window.started()
			}
			return release, nil
		}
		release()
		if wait > patience {
			return nil, &pausedError{until: time.Now().Add(wait)}
		}
		if err := sleep(ctx, wait, false); err != nil {
			return nil, err
		}
	}
}

// window lets at most len(starts) requests start in any windowLength, and
// none later than that asks for.
type window struct {
	turn   chan struct{} // full while somebody is next to start: the others queue, in order
	starts []time.Time   // when the last requests started, a ring; whose turn it is may use it
	oldest int
}

func newWindow(limit int) *window {
	return &window{turn: make(chan struct{}, 1), starts: make([]time.Time, limit)}
}

// enter waits until a request may start, and makes the others wait for it.
func (w *window) enter(ctx context.Context) error {
	select {
	case w.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := sleep(ctx, time.Until(w.starts[w.oldest].Add(windowLength)), false); err != nil {
		w.leave()
		return err
	}
	return nil
}

func (w *window) started() {
	w.starts[w.oldest] = time.Now()
	w.oldest = (w.oldest + 1) % len(w.starts)
}

func (w *window) leave() { <-w.turn }

// gate holds every request up after a reply that asked for a pause.
type gate struct {
	mu    sync.Mutex
	until time.Time
}

func (g *gate) close(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if until.After(g.until) {
		g.until = until
	}
}

func (g *gate) remaining() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until)
}

// pausedError is a request that was not sent, because the API has asked for a
// longer pause than a request waits.
type pausedError struct{ until time.Time }

func (e *pausedError) Error() string {
	return fmt.Sprintf("not sent: the API asks for a pause until %s", e.until.UTC().Format(time.RFC3339))
}

// sleep waits, and tells the SDK's statistics how long it was. retry tells
// a failed try from a limit.
func sleep(ctx context.Context, wait time.Duration, retry bool) error {
	if wait <= 0 {
		return ctx.Err()
	}
	start := time.Now()
	defer func() {
		ratelimit.ObserveWait(ctx, ratelimit.WaitEvent{Duration: time.Since(start), Retry: retry})
	}()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
