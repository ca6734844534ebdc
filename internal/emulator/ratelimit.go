package emulator

import (
	"sync"
	"time"
)

// limiter lets a number of requests through in any stretch of time of a length.
// Requests that are refused do not count.
type limiter struct {
	limit  int
	window time.Duration

	mu sync.Mutex
	// passed holds the times of the requests let through within the window.
	passed []time.Time
}

// wait returns 0 for a request that may pass now, else how long until one may.
func (l *limiter) wait(now time.Time) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.passed) > 0 && now.Sub(l.passed[0]) >= l.window {
		l.passed = l.passed[1:]
	}
	if len(l.passed) == l.limit {
		return l.window - now.Sub(l.passed[0])
	}
	l.passed = append(l.passed, now)
	return 0
}
