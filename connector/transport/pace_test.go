package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
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

// keeps fails the test if more than limit requests came in any 60 seconds.
func (a *arrivals) keeps(t *testing.T, limit int) {
	t.Helper()
	for i := limit; i < len(a.times); i++ {
		if d := a.times[i] - a.times[i-limit]; d < time.Minute {
			t.Fatalf("request %d comes %v after request %d, with a limit of %d in 60 s", i, d, i-limit, limit)
		}
	}
}

// postAll sends a number of calls from as many goroutines as a list does that
// reads ahead.
func postAll(t *testing.T, conn *Transport, call Call, number int) {
	t.Helper()
	var wg sync.WaitGroup
	calls := make(chan int)
	for range 16 {
		wg.Go(func() {
			for range calls {
				if _, err := post(t.Context(), conn, call); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i := range number {
		calls <- i
	}
	close(calls)
	wg.Wait()
}

func limited(limit int) Options {
	return Options{PerMinute: map[string]int{read.Operation: limit}}
}

// TestLimit: however slow the network is, the server
// counts no more than it permits, and little less.
func TestLimit(t *testing.T) {
	for _, c := range []struct {
		name           string
		limit          int
		request, reply time.Duration // at most
	}{
		{"at once", 200, 0, 0},
		{"on their way", 200, 200 * time.Millisecond, 200 * time.Millisecond},
		{"slow to come", 200, 1500 * time.Millisecond, 0},
		{"slow to answer", 200, 0, 1500 * time.Millisecond},
		{"a limit below the requests in flight", 4, time.Second, time.Second},
		{"one at a time", 1, time.Second, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &arrivals{start: time.Now()}
				conn := serve(t, limited(c.limit), func(w http.ResponseWriter, _ *http.Request) {
					time.Sleep(rand.N(c.request + 1))
					seen.note()
					time.Sleep(rand.N(c.reply + 1))
					replyOK(w)
				})
				postAll(t, conn, read, 6*c.limit)
				slices.Sort(seen.times)
				seen.keeps(t, c.limit)
				// The limit permits so many in six minutes.
				within(t, time.Since(seen.start), 5*time.Minute, 6*time.Minute*100/95)
			})
		})
	}
}

// TestNoWaitWithinLimit: however requests come, as long as there are
// never too many.
func TestNoWaitWithinLimit(t *testing.T) {
	const limit = 20
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			seen := &arrivals{start: time.Now()}
			conn := serve(t, limited(limit), func(w http.ResponseWriter, _ *http.Request) {
				seen.note()
				replyOK(w)
			})
			random := rand.New(rand.NewPCG(seed, 0))
			for range 50 {
				time.Sleep(time.Duration(random.ExpFloat64() * float64(20*time.Second)))
				for range random.IntN(limit + 1) {
					if n := len(seen.times); n >= limit && time.Since(seen.start)-seen.times[n-limit] < windowLength {
						break
					}
					post(t.Context(), conn, read)
				}
			}
			if len(seen.times) < 5*limit {
				t.Errorf("no more than %d requests", len(seen.times))
			}
			within(t, conn.Waited(), 0, 0)
		})
	}
}

// TestEvenSpacingBeyondLimit: after as many as the limit at once, one at
// a time, with no burst when the window is over; after an idle time as many as
// before.
func TestEvenSpacingBeyondLimit(t *testing.T) {
	const limit = 200
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, limited(limit), func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			replyOK(w)
		})
		postAll(t, conn, read, 3*limit)
		within(t, seen.times[limit-1], 0, 0)
		within(t, seen.times[limit], windowLength, windowLength)
		for i := limit + 1; i < 3*limit; i++ {
			within(t, seen.times[i]-seen.times[i-1], windowLength/limit, windowLength/limit)
		}
		time.Sleep(2 * windowLength)
		idle := conn.Waited()
		postAll(t, conn, read, limit)
		within(t, conn.Waited()-idle, 0, 0)
		seen.keeps(t, limit)
	})
}

func TestLimitCountsFromTheReply(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, Options{MaxInFlight: 1, PerMinute: map[string]int{read.Operation: 1}}, func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			time.Sleep(5 * time.Second)
			replyOK(w)
		})
		// The only slot is taken for 10 s: the first request starts late, and so does the second.
		conn.slots <- struct{}{}
		time.AfterFunc(10*time.Second, func() { <-conn.slots })
		postAll(t, conn, read, 2)
		within(t, seen.times[0], 10*time.Second, 10*time.Second)
		within(t, seen.times[1], 15*time.Second+windowLength, 15*time.Second+windowLength)
	})
}

func TestLimitBlocksNoOtherOperation(t *testing.T) {
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

// TestRequestsStartInOrder: requests of one operation are sent in the order in which they came,
// and an operation that has many does not keep another from its turn.
func TestRequestsStartInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var order []string
		conn := serve(t, Options{MaxInFlight: 1, PerMinute: map[string]int{"Many": 3}}, func(w http.ResponseWriter, r *http.Request) {
			order = append(order, r.URL.Path[1:])
			time.Sleep(time.Second)
			replyOK(w)
		})
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "few"} {
			operation := "Many"
			if name == "few" {
				operation = "Few"
			}
			wg.Go(func() {
				if _, err := postTo(t.Context(), conn, Call{Operation: operation}, server+name); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		wg.Wait()
		if got := strings.Join(order, " "); got != "a b few c d e f" {
			t.Errorf("the order is %s", got)
		}
	})
}

// TestContextEndsWaitForLimit: and nothing of the wait is left, or synctest
// would tell of a goroutine that never ends.
func TestContextEndsWaitForLimit(t *testing.T) {
	for name, latency := range map[string]time.Duration{"for the window": 0, "for a reply": 30 * time.Second} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &arrivals{start: time.Now()}
				conn := serve(t, limited(1), func(w http.ResponseWriter, _ *http.Request) {
					seen.note()
					time.Sleep(latency)
					replyOK(w)
				})
				go post(t.Context(), conn, read)
				synctest.Wait()
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
				within(t, seen.times[1], latency+windowLength, latency+windowLength)
			})
		})
	}
}

func TestRetriesCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := &arrivals{start: time.Now()}
		conn := serve(t, limited(2), func(w http.ResponseWriter, _ *http.Request) {
			seen.note()
			w.WriteHeader(http.StatusBadGateway)
		})
		post(t.Context(), conn, read)
		if len(seen.times) != 4 {
			t.Errorf("%d requests", len(seen.times))
		}
		seen.keeps(t, 2)
	})
}

// TestWaited: time in which several requests wait counts once, and it grows
// while they wait.
func TestWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, Options{PerMinute: map[string]int{"A": 1, "B": 1}}, func(w http.ResponseWriter, _ *http.Request) { replyOK(w) })
		postAll(t, conn, Call{Operation: "A"}, 1)
		time.Sleep(10 * time.Second)
		postAll(t, conn, Call{Operation: "B"}, 1)
		within(t, conn.Waited(), 0, 0)
		go post(t.Context(), conn, Call{Operation: "A"}) // from 10 s to 60.5 s
		go post(t.Context(), conn, Call{Operation: "B"}) // from 10 s to 70.5 s
		time.Sleep(5 * time.Second)
		within(t, conn.Waited(), 5*time.Second, 5*time.Second)
		time.Sleep(2 * windowLength)
		within(t, conn.Waited(), windowLength, windowLength)
	})
}

// TestEarliest: the start of the last of the requests of a list is predicted from its
// beginning on, for lists of 20,000 and of 50,000 records in pages of 99 new ones.
func TestEarliest(t *testing.T) {
	const limit = 200
	for name, c := range map[string]struct {
		requests int
		within   time.Duration
	}{
		"within the limit": {requests: 150, within: 5 * time.Second}, // The time that they take, which no limit adds to.
		"20,000 records":   {requests: 203, within: time.Second},
		"50,000 records":   {requests: 506, within: time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var last time.Time
				conn := serve(t, limited(limit), func(w http.ResponseWriter, _ *http.Request) {
					last = time.Now()
					time.Sleep(20 * time.Millisecond)
					replyOK(w)
				})
				told := map[int]time.Time{}
				for i := range c.requests {
					if i%20 == 0 {
						told[i] = conn.Earliest(read.Operation, c.requests-i)
					}
					post(t.Context(), conn, read)
				}
				for i, earliest := range told {
					if off := last.Sub(earliest).Abs(); off > c.within {
						t.Errorf("after %d requests %v is off", i, off)
					}
				}
			})
		})
	}
}

// TestWaiting: a wait for a limit or a pause is reported with its end and reason, and
// who does not wait says nothing.
func TestWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []Wait
		o := limited(2)
		o.Waiting = func(w Wait) { told = append(told, w) }
		var came []time.Time
		conn := serve(t, o, func(w http.ResponseWriter, _ *http.Request) {
			if came = append(came, time.Now()); len(came) == 3 {
				w.Header().Set("Retry-After", "5")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			replyOK(w)
		})
		for range 2 {
			post(t.Context(), conn, read)
		}
		if told != nil {
			t.Errorf("%v within the limit", told)
		}
		post(t.Context(), conn, read)
		want := []Wait{
			{Operation: read.Operation, PerMinute: 2, Until: came[2]},
			{Operation: read.Operation, Until: came[3]}, // A refusal sets the pace.
		}
		if !slices.Equal(told, want) {
			t.Errorf("%v, want %v", told, want)
		}
	})
}
