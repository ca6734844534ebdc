package transport

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// arrivals records when requests reach a server.
type arrivals struct {
	mu    sync.Mutex
	start time.Time
	times []time.Duration
}

func (a *arrivals) note() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.times = append(a.times, time.Since(a.start))
}

func TestWindow(t *testing.T) {
	const limit = 5
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, Options{PerMinute: map[string]int{read.Operation: limit}}, func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			time.Sleep(100 * time.Millisecond)
			replyOK(w)
		})
		var wg sync.WaitGroup
		for range 4 * limit {
			wg.Go(func() {
				if _, err := post(t.Context(), conn, read); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for i := limit; i < len(seen.times); i++ {
			// No sooner than allowed, and no later.
			within(t, seen.times[i]-seen.times[i-limit], 60*time.Second, 61*time.Second)
		}
		if len(seen.times) != 4*limit {
			t.Errorf("%d requests", len(seen.times))
		}
	})
}

func TestWindowCountsFromTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, Options{MaxInFlight: 1, PerMinute: map[string]int{read.Operation: 1}}, func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			replyOK(w)
		})
		// The only slot is taken for 10 s: the first request starts late, and so does the second.
		conn.slots <- struct{}{}
		time.AfterFunc(10*time.Second, func() { <-conn.slots })
		for range 2 {
			if _, err := post(t.Context(), conn, read); err != nil {
				t.Error(err)
			}
		}
		within(t, seen.times[0], 10*time.Second, 10*time.Second)
		within(t, seen.times[1], 10*time.Second+windowLength, 10*time.Second+windowLength)
	})
}

func TestUnderTheLimitNothingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, Options{PerMinute: map[string]int{read.Operation: 10}}, func(w http.ResponseWriter, _ *http.Request) { replyOK(w) })
		start := time.Now()
		for range 5 {
			for range 10 { // A full burst is within the limit.
				post(t.Context(), conn, read)
			}
			time.Sleep(windowLength)
		}
		within(t, time.Since(start), 5*windowLength, 5*windowLength)
	})
}

func TestWindowHoldsNoSlotAndNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, Options{MaxInFlight: 1, PerMinute: map[string]int{read.Operation: 1}}, func(w http.ResponseWriter, _ *http.Request) { replyOK(w) })
		start := time.Now()
		for range 3 {
			go post(t.Context(), conn, read) // Two of them wait for a minute and more.
		}
		synctest.Wait()
		if _, err := post(t.Context(), conn, write); err != nil {
			t.Error(err)
		}
		within(t, time.Since(start), 0, 0)
		time.Sleep(3 * windowLength)
	})
}

func TestContextEndsAWaitForTheWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, Options{PerMinute: map[string]int{read.Operation: 1}}, func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			replyOK(w)
		})
		post(t.Context(), conn, read)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 3 { // One is next, the others queue behind it.
			wg.Go(func() {
				if _, err := post(ctx, conn, read); err != context.DeadlineExceeded {
					t.Errorf("the error is %v", err)
				}
			})
		}
		wg.Wait()
		within(t, time.Since(seen.start), time.Second, time.Second)
		if _, err := post(t.Context(), conn, read); err != nil {
			t.Error(err)
		}
		within(t, seen.times[1], windowLength, windowLength)
	})
}

func TestRetriesCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, Options{PerMinute: map[string]int{read.Operation: 2}}, func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			w.WriteHeader(http.StatusBadGateway)
		})
		post(t.Context(), conn, read)
		for i := 2; i < 4; i++ {
			if d := seen.times[i] - seen.times[i-2]; d < windowLength {
				t.Errorf("request %d comes %v after request %d", i+1, d, i-1)
			}
		}
	})
}
