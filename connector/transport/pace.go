package transport

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/conductorone/baton-sdk/pkg/ratelimit"
)

// patience is the longest pause of the API that a request waits for. The SDK waits
// for longer ones: it can be interrupted, and it resumes.
const patience = 30 * time.Second

// ticket is the permission to send one request.
type ticket struct {
	transport *Transport
	pacer     *pacer
	start     time.Time
	refused   bool // the API counts it for nothing
}

// admit waits until a request of the call's operation may start. It holds no
// slot while it waits for a limit or a pause.
func (t *Transport) admit(ctx context.Context, call Call) (*ticket, error) {
	p := t.pacerOf(call.Operation)
	if err := p.enter(ctx); err != nil {
		return nil, err
	}
	defer p.leave()
	for {
		select {
		case t.slots <- struct{}{}:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		now := time.Now()
		pause := t.gate.remaining(now)
		wait, known := p.wait(now)
		switch {
		case ctx.Err() != nil: // select takes either when both are ready
			<-t.slots
			return nil, ctx.Err()
		case known && pause <= 0 && wait <= 0:
			p.started(now)
			return &ticket{transport: t, pacer: p, start: now}, nil
		}
		<-t.slots
		if t.options.Waiting != nil && known {
			t.options.Waiting(waitOf(call.Operation, p, now, pause, wait))
		}
		var err error
		switch {
		case pause > patience:
			err = &pausedError{until: now.Add(pause)}
		case !known:
			err = p.waitForReply(ctx)
		default:
			err = t.sleep(ctx, max(pause, wait))
		}
		if err != nil {
			return nil, err
		}
	}
}

// Wait is a time in which requests of an operation are not sent.
type Wait struct {
	Operation string
	// PerMinute is the limit that they wait for, in requests a minute; 0 when the API
	// has asked for a pause or a slower pace.
	PerMinute int
	Until     time.Time
}

func waitOf(operation string, p *pacer, now time.Time, pause, wait time.Duration) Wait {
	w := Wait{Operation: operation, Until: now.Add(max(pause, wait))}
	if wait > pause {
		w.PerMinute = p.knownLimit(now)
	}
	return w
}

// Earliest returns when the rate limit of an operation lets the last of so many more
// requests start; now at the earliest.
func (t *Transport) Earliest(operation string, requests int) time.Time {
	return t.pacerOf(operation).earliest(time.Now(), requests)
}

// pause delays all requests after a reply that asked for a pause. A refusal also
// lowers the pace of the operation.
func (k *ticket) pause(status int, wait time.Duration) {
	now := time.Now()
	k.transport.gate.close(now.Add(wait))
	if status == http.StatusTooManyRequests {
		k.refused = true
		k.pacer.learn(k.start, now, wait)
	}
}

// done is called when the reply is read, or the request has failed.
func (k *ticket) done() {
	k.pacer.finished(time.Now(), k.refused)
	<-k.transport.slots
}

// pacerOf returns the pacer of an operation.
func (t *Transport) pacerOf(operation string) *pacer {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.pacers[operation]
	if p == nil {
		p = newPacer(0)
		t.pacers[operation] = p
	}
	return p
}

// gate delays every request after a reply that asked for a pause.
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

func (g *gate) remaining(now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.until.Sub(now)
}

// pausedError is a request that was not sent, since the API asked for a longer pause
// than patience.
type pausedError struct{ until time.Time }

func (e *pausedError) Error() string {
	return fmt.Sprintf("not sent: the API asks for a pause until %s", e.until.UTC().Format(time.RFC3339))
}

// Waited returns for how long rate limits and pauses have delayed requests so far.
// It only grows. Time in which several requests wait counts once. The backoff before
// a retry does not count: it is reported to the SDK by ratelimit.ObserveWait.
func (t *Transport) Waited() time.Duration { return t.waits.total(time.Now()) }

// sleep waits for a limit or a pause.
func (t *Transport) sleep(ctx context.Context, wait time.Duration) error {
	t.waits.begin(time.Now())
	defer func() { t.waits.end(time.Now()) }()
	return sleep(ctx, wait)
}

// backOff waits before a retry.
func backOff(ctx context.Context, wait time.Duration) error {
	start := time.Now()
	defer func() {
		ratelimit.ObserveWait(ctx, ratelimit.WaitEvent{Duration: time.Since(start), Retry: true})
	}()
	return sleep(ctx, wait)
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// waits is the time in which at least one request was delayed.
type waits struct {
	mu      sync.Mutex
	waiting int
	since   time.Time
	before  time.Duration
}

func (w *waits) begin(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == 0 {
		w.since = now
	}
	w.waiting++
}

func (w *waits) end(now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting--
	if w.waiting == 0 {
		w.before += now.Sub(w.since)
	}
}

func (w *waits) total(now time.Time) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.waiting == 0 {
		return w.before
	}
	return w.before + now.Sub(w.since)
}
