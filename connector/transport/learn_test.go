package transport

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// counter is a server's limit. Requests that it refuses do not count.
type counter struct {
	mu      sync.Mutex
	limit   int
	window  time.Duration
	passed  []time.Time
	refused []time.Time
}

// pass lets a request through, or returns how long until it would.
func (c *counter) pass() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if n := len(c.passed); n >= c.limit && now.Sub(c.passed[n-c.limit]) < c.window {
		c.refused = append(c.refused, now)
		return c.window - now.Sub(c.passed[n-c.limit])
	}
	c.passed = append(c.passed, now)
	return 0
}

func (c *counter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	time.Sleep(20 * time.Millisecond)
	if wait := c.pass(); wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		w.WriteHeader(http.StatusTooManyRequests)
		return
	}
	replyOK(w)
}

// collisions is how many times the server refused: refusals within a second
// are one, of requests that were on their way together.
func (c *counter) collisions() int {
	n := 0
	for i, at := range c.refused {
		if i == 0 || at.Sub(c.refused[i-1]) > time.Second {
			n++
		}
	}
	return n
}

// insist sends calls one after the other and, as the SDK does, again when the
// connector has said that it comes too early.
func insist(t *testing.T, conn *Transport, calls int) {
	t.Helper()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for range calls / 6 {
				for {
					_, err := post(t.Context(), conn, read)
					if err == nil {
						break
					}
					if waitAsTold(t.Context(), conn.Error(read.Operation, err)) != nil {
						t.Errorf("it failed: %v", err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

// TestRefusalsAreLearntFrom: where the limit is lower than what we were told, or
// unknown, requests collide with it a few times, and not again and again.
func TestRefusalsAreLearntFrom(t *testing.T) {
	for _, c := range []struct {
		name       string
		told       Options
		limit      int
		window     time.Duration
		calls      int
		collisions int
	}{
		{"half of what we were told", limited(200), 100, time.Minute, 600, 3},
		{"a quarter", limited(200), 50, time.Minute, 300, 4},
		{"a little less", limited(200), 190, time.Minute, 1200, 3},
		{"seconds, not minutes", limited(200), 20, time.Second, 600, 1},
		{"unknown, in a minute", Options{}, 100, time.Minute, 600, 3},
		{"unknown, in a second", Options{}, 20, time.Second, 3000, 2},
		{"unknown, one in a second", Options{}, 1, time.Second, 300, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				server := &counter{limit: c.limit, window: c.window}
				conn := serve(t, c.told, server.ServeHTTP)
				insist(t, conn, c.calls)
				took := time.Since(start)
				rate := float64(c.calls) / took.Seconds() / (float64(c.limit) / c.window.Seconds())
				for _, at := range server.refused { t.Log(at.Sub(start)) }
				t.Logf("%d refusals in %d collisions, %v, %.0f %% of the rate", len(server.refused), server.collisions(), took, 100*rate)
				if server.collisions() > c.collisions {
					t.Errorf("%d collisions, want at most %d", server.collisions(), c.collisions)
				}
			})
		})
	}
}

func waitAsTold(ctx context.Context, err error) error {
	if e, ok := err.(*callError); ok && !e.resetAt.IsZero() {
		return sleep(ctx, time.Until(e.resetAt))
	}
	return err
}
