package transport

import (
	"context"
	"sync"
	"time"
)

const (
	// windowLength is a minute, and a little for a server that counts with
	// several clocks: it costs less than 1 % of the rate.
	windowLength = 60*time.Second + 500*time.Millisecond

	// firstHold is how long an operation keeps the pace that a refusal has lowered.
	// Each refusal soon after the return to the old pace doubles it, up to maxHold.
	firstHold = 2 * time.Minute
	maxHold   = 16 * time.Minute

	// remembered is how many replies are remembered of an operation without
	// a limit: enough to learn its rate from a refusal.
	remembered = 200
)

// pacer decides when the requests of one operation may start. Three rules:
//
// A limit is never exceeded, however slow the network is.
// The server counts a request at a moment that only it knows, between the start
// and the reply. So a request counts here from its start until a window after
// its reply.
//
// Requests within the limit never wait; beyond, they are evenly spaced. This is a
// token bucket of the size of the limit, refilled once per window. A request that
// finds the window full empties the bucket, so that the following ones start one by
// one at the rate of the limit, not in a burst when the window opens.
//
// A refusal lowers the rate. Other clients may use up the limit, or it may be lower
// than configured, or unknown. Requests then start one by one at the rate that the
// server has allowed, and after a while at the old rate again.
type pacer struct {
	turn    chan struct{} // full while a request is next to start: the others queue, in order
	replied chan struct{}

	mu      sync.Mutex
	limit   int           // in any window; 0 for none
	spacing time.Duration // between starts, on the average; 0 for none
	due     time.Time     // when the next would start if all had come evenly
	running int
	replies []time.Time // of the last window, oldest first, without refusals

	refused time.Time // the last time that the pace was lowered
	until   time.Time // when the pace of the limit is taken up again
	hold    time.Duration
}

func newPacer(limit int) *pacer {
	p := &pacer{turn: make(chan struct{}, 1), replied: make(chan struct{}, 1), limit: limit}
	p.spacing = p.usualSpacing()
	return p
}

func (p *pacer) usualSpacing() time.Duration {
	if p.limit == 0 {
		return 0
	}
	return windowLength / time.Duration(p.limit)
}

// enter waits to be next, and makes the others wait until leave.
func (p *pacer) enter(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pacer) leave() { <-p.turn }

// wait returns how long the next request has to wait. It is not known while
// the limit is used up by requests in flight.
func (p *pacer) wait(now time.Time) (wait time.Duration, known bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	if !p.lowered(now) {
		p.spacing = p.usualSpacing()
	}
	if p.limit > 0 && p.running+len(p.replies) >= p.limit {
		if len(p.replies) == 0 {
			return 0, false
		}
		p.due = later(p.due, p.replies[0].Add(windowLength))
	}
	if p.spacing == 0 {
		return 0, true
	}
	return p.due.Sub(now), true
}

// waitForReply waits until one of the requests in flight is answered.
func (p *pacer) waitForReply(ctx context.Context) error {
	select {
	case <-p.replied:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pacer) started(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running++
	saved := windowLength // What was not used may be used now, but not what was refused.
	if p.lowered(now) {
		saved = 0
	}
	p.due = later(p.due, now.Add(-saved)).Add(p.spacing)
}

func (p *pacer) finished(now time.Time, refused bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	p.forget(now)
	if !refused {
		p.replies = append(p.replies, now)
	}
	select {
	case p.replied <- struct{}{}:
	default:
	}
}

// forget drops the replies that no longer count.
func (p *pacer) forget(now time.Time) {
	gone := 0
	if p.limit == 0 {
		gone = max(0, len(p.replies)-remembered)
	}
	for gone < len(p.replies) && now.Sub(p.replies[gone]) >= windowLength {
		gone++
	}
	p.replies = p.replies[gone:]
}

// learn lowers the pace after a refusal that asks for a pause. The new rate is a
// little below what the server has allowed in the time until the pause ends. Few
// samples say little, so one refusal at most halves a known pace.
func (p *pacer) learn(start, now time.Time, pause time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if start.Before(p.refused) {
		return // It was in flight when the pace was lowered.
	}
	p.forget(now)
	var spacing time.Duration
	if n := len(p.replies); n > 0 {
		spacing = (now.Sub(p.replies[0]) + pause) / time.Duration(n)
	}
	spacing = max(spacing, p.spacing) * 21 / 20
	if p.spacing > 0 {
		spacing = min(spacing, 2*p.spacing)
	}
	if spacing == 0 {
		return // It has allowed nothing yet.
	}
	switch {
	case p.lowered(now):
	case now.Before(p.until.Add(p.hold)):
		p.hold = min(2*p.hold, maxHold)
	default:
		p.hold = firstHold
	}
	p.spacing, p.refused, p.until = spacing, now, now.Add(pause+p.hold)
}

// lowered reports whether a refusal has lowered the pace.
func (p *pacer) lowered(now time.Time) bool { return now.Before(p.until) }

// knownLimit returns the limit that sets the pace; 0 when a refusal has.
func (p *pacer) knownLimit(now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lowered(now) {
		return 0
	}
	return p.limit
}

// earliest returns when the last of so many more requests can start.
func (p *pacer) earliest(now time.Time, requests int) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.forget(now)
	if p.spacing == 0 || requests <= 0 {
		return now
	}
	saved := windowLength
	if p.lowered(now) {
		saved = 0
	}
	due := later(p.due, now.Add(-saved))
	atOnce := 0 // requests that need not wait
	if !due.After(now) {
		atOnce = int(now.Sub(due)/p.spacing) + 1
	}
	opens := due
	if p.limit > 0 {
		if room := max(p.limit-p.running-len(p.replies), 0); room <= atOnce {
			atOnce, opens = room, now.Add(windowLength)
			if len(p.replies) > 0 {
				opens = p.replies[0].Add(windowLength)
			}
		}
	}
	if requests <= atOnce {
		return now
	}
	next := later(opens, due.Add(time.Duration(atOnce)*p.spacing))
	return next.Add(time.Duration(requests-atOnce-1) * p.spacing)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
