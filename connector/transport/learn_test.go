package transport

import (
	"errors"
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

// insist sends calls from six goroutines and, as the SDK does, sends one again
// when the connector has said that it came too early.
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
					var reported *callError
					if !errors.As(conn.Error(read.Operation, err), &reported) || reported.resetAt.IsZero() {
						t.Errorf("it failed: %v", err)
						return
					}
					time.Sleep(time.Until(reported.resetAt))
				}
			}
		})
	}
	wg.Wait()
}

// TestRefusalLowersPace: with an unknown limit, or one lower than configured, requests
// are refused a few times, not again and again, and most of the limit is used.
func TestRefusalLowersPace(t *testing.T) {
	for _, c := range []struct {
		name       string
		reported   Options
		limit      int
		window     time.Duration
		calls      int
		collisions int
		perMinute  float64 // at least
	}{
		{"half of the configured limit", limited(200), 100, time.Minute, 600, 4, 85},
		{"a quarter", limited(200), 50, time.Minute, 300, 4, 42},
		{"a little less", limited(200), 190, time.Minute, 1200, 4, 160},
		{"more, in a second", limited(200), 20, time.Second, 600, 2, 170},
		{"unknown, in a minute", Options{}, 100, time.Minute, 600, 4, 80},
		{"unknown, in a second", Options{}, 20, time.Second, 3000, 3, 840},
		// A refusal may be known before the reply that was let through beside it: so little
		// says little, and half the rate is what is left.
		{"unknown, one in a second", Options{}, 1, time.Second, 300, 4, 24},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				server := &counter{limit: c.limit, window: c.window}
				conn := serve(t, c.reported, server.ServeHTTP)
				insist(t, conn, c.calls)
				if n := server.collisions(); n == 0 || n > c.collisions {
					t.Errorf("%d collisions, want at most %d", n, c.collisions)
				}
				if rate := float64(c.calls) / time.Since(start).Minutes(); rate < c.perMinute {
					t.Errorf("%.0f requests a minute, want at least %v", rate, c.perMinute)
				}
			})
		})
	}
}

// TestPaceRecovers: a refusal slows an operation down for two minutes.
// When the old pace is refused again soon, it takes longer.
func TestPaceRecovers(t *testing.T) {
	const limit = 60
	usual := windowLength / limit
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		refuse := false
		conn := serve(t, limited(limit), func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			if refuse {
				refuse = false
				w.Header().Set("Retry-After", "1")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			replyOK(w)
		})
		// slow returns how long requests are further apart than usual after a refusal.
		slow := func() time.Duration {
			refuse = true
			post(t.Context(), conn, read)
			last := seen.times[len(seen.times)-1]
			at := last
			for range 10 * limit {
				post(t.Context(), conn, read)
				next := seen.times[len(seen.times)-1]
				if next-at <= usual {
					return at - last
				}
				within(t, next-at, usual*21/20, usual*2)
				at = next
			}
			t.Fatal("the old pace does not come back")
			return 0
		}
		postAll(t, conn, read, 2*limit)
		within(t, slow(), firstHold-2*usual, firstHold+2*usual)
		within(t, slow(), 2*firstHold-2*usual, 2*firstHold+2*usual)
		postAll(t, conn, read, 10*limit) // It went well for long enough.
		within(t, slow(), firstHold-2*usual, firstHold+2*usual)
		seen.keeps(t, limit)
	})
}

// TestOneRefusalHalvesPace: and no more, for what was let through before says
// little when it was little.
func TestOneRefusalHalvesPace(t *testing.T) {
	const limit = 60
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, limited(limit), func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			if len(seen.times) == 2 {
				w.Header().Set("Retry-After", "10")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			replyOK(w)
		})
		for range 20 {
			post(t.Context(), conn, read)
		}
		for i := 3; i < len(seen.times); i++ {
			within(t, seen.times[i]-seen.times[i-1], 2*windowLength/limit, 2*windowLength/limit)
		}
	})
}

// TestOtherRefusalsKeepPace: only 429 is about the pace.
func TestOtherRefusalsKeepPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			if len(seen.times) == 10 {
				w.Header().Set("Retry-After", "10")
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			time.Sleep(time.Second)
			replyOK(w)
		})
		for range 20 {
			post(t.Context(), conn, read)
		}
		within(t, time.Since(seen.start), 30*time.Second, 30*time.Second)
	})
}

// TestRefusalsAreNotShared: what one project is refused, and how much of
// its limit is used, is nothing to another in the same process.
func TestRefusalsAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		refused := serve(t, limited(5), func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
		})
		post(t.Context(), refused, read)
		other := serve(t, limited(5), func(w http.ResponseWriter, _ *http.Request) { replyOK(w) })
		start := time.Now()
		postAll(t, other, read, 5)
		within(t, time.Since(start), 0, 0)
	})
}
