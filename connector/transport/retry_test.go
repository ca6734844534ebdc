package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-sdk/pkg/ratelimit"
)

// TestRetry: the number of requests to a server that always gives the same answer.
func TestRetry(t *testing.T) {
	for _, c := range []struct {
		name            string
		status          int
		retryAfter      string
		body            string
		reads, writes   int           // requests
		atLeast, atMost time.Duration // of a read
	}{
		{name: "200", status: 200, reads: 1, writes: 1},
		{name: "301", status: 301, reads: 1, writes: 1},
		{name: "400", status: 400, reads: 1, writes: 1},
		{name: "401", status: 401, reads: 1, writes: 1},
		{name: "404", status: 404, reads: 1, writes: 1},
		{name: "409", status: 409, reads: 1, writes: 1},
		{name: "408", status: 408, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "500", status: 500, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "501", status: 501, reads: 1, writes: 1},
		{name: "502", status: 502, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "503", status: 503, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "504", status: 504, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "530", status: 530, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "429", status: 429, reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "429, 5 seconds", status: 429, retryAfter: "5", reads: 4, writes: 4, atLeast: 15 * time.Second, atMost: 15 * time.Second},
		{name: "503, 5 seconds", status: 503, retryAfter: "5", reads: 4, writes: 4, atLeast: 15 * time.Second, atMost: 15 * time.Second},
		{name: "500, 5 seconds", status: 500, retryAfter: "5", reads: 4, writes: 1, atLeast: 15 * time.Second, atMost: 15 * time.Second},
		{name: "429, at once", status: 429, retryAfter: "0", reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "429, rubbish", status: 429, retryAfter: "soon", reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "429, negative", status: 429, retryAfter: "-5", reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "503, rubbish", status: 503, retryAfter: "soon", reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "429, as long as we wait", status: 429, retryAfter: "30", reads: 4, writes: 4, atLeast: 90 * time.Second, atMost: 90 * time.Second},
		{name: "429, longer", status: 429, retryAfter: "31", reads: 1, writes: 1},
		{name: "429, huge", status: 429, retryAfter: "99999999999999999999", reads: 1, writes: 1},
		{name: "500, longer", status: 500, retryAfter: "31", reads: 1, writes: 1},
		{name: "500 that passes", status: 500, body: `{"Code":"PASS"}`, reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "409 that passes", status: 409, body: `{"Code":"PASS"}`, reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "success that passes", status: 202, body: `{"Code":"PASS"}`, reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "success of another code", status: 202, body: `{"Code":"X"}`, reads: 1, writes: 1},
		{name: "503 of a code, 5 seconds", status: 503, retryAfter: "5", body: `{"Code":"X"}`, reads: 4, writes: 1, atLeast: 15 * time.Second, atMost: 15 * time.Second},
		{name: "429 of a code", status: 429, body: `{"Code":"X"}`, reads: 4, writes: 4, atMost: 3500 * time.Millisecond},
		{name: "500 not found", status: 500, body: `{"Code":"GONE"}`, reads: 1, writes: 1},
		{name: "500 of another code", status: 500, body: `{"Code":"X"}`, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
		{name: "500 in HTML", status: 500, body: `<html>`, reads: 4, writes: 1, atMost: 3500 * time.Millisecond},
	} {
		for _, call := range []Call{read, write} {
			t.Run(c.name+" "+call.Operation, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var requests atomic.Int32
					fails := func(_ string, body []byte) bool { return strings.Contains(string(body), `"Code"`) }
					conn := serve(t, Options{Fails: fails}, func(w http.ResponseWriter, r *http.Request) {
						requests.Add(1)
						if body, _ := io.ReadAll(r.Body); string(body) != `{"page":1}` {
							t.Errorf("request %d has the body %q", requests.Load(), body)
						}
						if c.retryAfter != "" {
							w.Header().Set("Retry-After", c.retryAfter)
						}
						w.Header().Set("Content-Type", "application/json")
						w.WriteHeader(c.status)
						io.WriteString(w, c.body)
					})
					start := time.Now()
					_, err := post(t.Context(), conn, call)
					want := c.writes
					if call.Reads {
						want = c.reads
						within(t, time.Since(start), c.atLeast, c.atMost)
					}
					if got := int(requests.Load()); got != want {
						t.Errorf("%d requests, want %d", got, want)
					}
					if c.status != 200 && statusOf(err) != c.status {
						t.Errorf("the error is %v", err)
					}
				})
			})
		}
	}
}

// TestWritesWithinDeadline are not tried longer than the call allows, be it by waits or
// by tries that hang.
func TestWritesWithinDeadline(t *testing.T) {
	within := write
	within.Within = 30 * time.Second
	for name, c := range map[string]struct {
		answer   func(w http.ResponseWriter, r *http.Request)
		requests int32
		code     codes.Code
	}{
		"a limit that lasts": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "12")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 3, codes.Unavailable},
		"no answer": {func(http.ResponseWriter, *http.Request) { time.Sleep(time.Minute) }, 1, codes.DeadlineExceeded},
		"a limit, then no answer": {func(w http.ResponseWriter, _ *http.Request) {
			if time.Now().Second() >= 20 {
				time.Sleep(time.Minute)
			}
			w.Header().Set("Retry-After", "20")
			w.WriteHeader(http.StatusTooManyRequests)
		}, 2, codes.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var requests atomic.Int32
				conn := serve(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
					requests.Add(1)
					c.answer(w, r)
				})
				start := time.Now()
				_, err := post(t.Context(), conn, within)
				if got := status.Code(conn.Error("Add", err)); got != c.code || requests.Load() != c.requests {
					t.Errorf("%v after %d requests: %v", got, requests.Load(), err)
				}
				if took := time.Since(start); took > within.Within {
					t.Errorf("it took %v", took)
				}
				time.Sleep(time.Minute) // Until every answer has ended.
			})
		})
	}
}

// TestBrokenConnection: the first request fails, the next would not.
func TestBrokenConnection(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	for name, text := range map[string]string{
		"closed before the reply": "",
		"closed in the header":    "HTTP/1.1 200 O",
		"closed in the body":      head + "Content-Length: 11\r\n\r\n" + `{"OK":`,
		"closed between chunks":   head + "Transfer-Encoding: chunked\r\n\r\n" + "6\r\n" + `{"OK":` + "\r\n",
		"not HTTP":                "SSH-2.0-OpenSSH_9.9\r\n",
	} {
		for _, call := range []Call{read, write} {
			t.Run(name+" "+call.Operation, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var requests atomic.Int32
					conn := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
						if requests.Add(1) == 1 {
							hangUp(w, text)
							return
						}
						replyOK(w)
					})
					reply, err := post(t.Context(), conn, call)
					if call.Reads {
						if err != nil || !reply.OK || requests.Load() != 2 {
							t.Errorf("%v, %v after %d requests", reply, err, requests.Load())
						}
						return
					}
					if status.Code(conn.Error("Add", err)).String() != "Unavailable" || requests.Load() != 1 {
						t.Errorf("%v after %d requests", conn.Error("Add", err), requests.Load())
					}
				})
			})
		}
	}
}

// TestConnectionErrors: the number of attempts after each failure of the connection.
func TestConnectionErrors(t *testing.T) {
	timeout := &net.OpError{Op: "dial", Net: "tcp", Err: timeoutError{}}
	for _, c := range []struct {
		name          string
		err           error
		reads, writes int
	}{
		{"refused", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}, 4, 4},
		{"proxy refused", &net.OpError{Op: "proxyconnect", Net: "tcp", Err: syscall.ECONNREFUSED}, 4, 4},
		{"dial timeout", timeout, 4, 4},
		{"reset", &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}, 4, 1},
		{"broken pipe", &net.OpError{Op: "write", Net: "tcp", Err: syscall.EPIPE}, 4, 1},
		{"EOF", io.EOF, 4, 1},
		{"unknown", errors.New("http2: client connection lost"), 4, 1},
		{"no such host", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "api.test", IsNotFound: true}}, 1, 1},
		{"DNS server fails", &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Name: "api.test", IsTemporary: true}}, 4, 4},
	} {
		for _, call := range []Call{read, write} {
			t.Run(c.name+" "+call.Operation, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					requests := 0
					conn := open(t, Options{Base: roundTrip(func(*http.Request) (*http.Response, error) {
						requests++
						return nil, c.err
					})})
					_, err := post(t.Context(), conn, call)
					want := c.writes
					if call.Reads {
						want = c.reads
					}
					if requests != want {
						t.Errorf("%d requests, want %d", requests, want)
					}
					if c.err != timeout && !errors.Is(err, c.err) {
						t.Errorf("the error is %v, without its cause", err)
					}
				})
			})
		}
	}
}

type timeoutError struct{}

func (timeoutError) Error() string        { return "i/o timeout" }
func (timeoutError) Timeout() bool        { return true }
func (timeoutError) Temporary() bool      { return true }
func (timeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

func TestRetrySucceeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		conn := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
			switch requests.Add(1) {
			case 1:
				w.WriteHeader(http.StatusBadGateway)
			case 2:
				hangUp(w, "")
			case 3:
				w.WriteHeader(http.StatusTooManyRequests)
			default:
				replyOK(w)
			}
		})
		if reply, err := post(t.Context(), conn, read); err != nil || !reply.OK {
			t.Error(reply, err)
		}
	})
}

func TestUnrepeatableBodyIsSentOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		conn := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.WriteHeader(http.StatusBadGateway)
		})
		req, _ := http.NewRequestWithContext(WithCall(t.Context(), read), http.MethodPost, server, io.NopCloser(strings.NewReader("x")))
		if reply, err := conn.Do(req); err != nil || reply.StatusCode != http.StatusBadGateway || requests.Load() != 1 {
			t.Errorf("%v after %d requests", err, requests.Load())
		}
	})
}

func TestContextEndsBackoff(t *testing.T) {
	for name, retryAfter := range map[string]string{"of one": "", "of all": "20"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := serve(t, Options{Attempts: 1000}, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Retry-After", retryAfter)
					w.WriteHeader(http.StatusServiceUnavailable)
				})
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				start := time.Now()
				if _, err := post(ctx, conn, read); err != context.DeadlineExceeded {
					t.Errorf("the error is %v", err)
				}
				within(t, time.Since(start), 10*time.Second, 10*time.Second)
			})
		})
	}
}

// TestPauseDelaysAllOperations: of every operation, for as long as the reply says, or
// for a moment when it does not.
func TestPauseDelaysAllOperations(t *testing.T) {
	for _, c := range []struct {
		name, retryAfter string
		atLeast, atMost  time.Duration
	}{
		{"seconds", "7", 7 * time.Second, 7 * time.Second},
		{"a date", "Sat, 01 Jan 2000 00:00:09 GMT", 9 * time.Second, 9 * time.Second}, // The clock of synctest starts nine seconds before it.
		{"nothing", "", 0, firstBackoff},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := &arrivals{start: time.Now()}
				var refused atomic.Bool
				conn := serve(t, Options{MaxInFlight: 2}, func(w http.ResponseWriter, _ *http.Request) {
					seen.note()
					if refused.CompareAndSwap(false, true) {
						w.Header().Set("Retry-After", c.retryAfter)
						w.WriteHeader(http.StatusTooManyRequests)
						return
					}
					time.Sleep(time.Second)
					replyOK(w)
				})
				var wg sync.WaitGroup
				for i := range 6 {
					wg.Go(func() {
						if _, err := post(t.Context(), conn, Call{Operation: "Op" + strconv.Itoa(i%3), Reads: true}); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				pause := conn.gate.until.Sub(seen.start)
				within(t, pause, c.atLeast, c.atMost)
				// Two arrive at once, one of them is refused: the other five come after the pause.
				if len(seen.times) != 7 {
					t.Fatalf("%d requests", len(seen.times))
				}
				for i, at := range seen.times[2:] {
					if at < pause {
						t.Errorf("request %d arrives at %v, in a pause of %v", i+3, at, pause)
					}
				}
			})
		})
	}
}

func TestLongPauseIsLeftToSDK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		conn := serve(t, Options{}, func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) == 1 {
				w.Header().Set("Retry-After", "60")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			replyOK(w)
		})
		start := time.Now()
		_, refused := post(t.Context(), conn, read)
		checkReset(t, conn.Error("Search", refused), start.Add(time.Minute))
		time.Sleep(10 * time.Second)
		_, postponed := post(t.Context(), conn, write)
		checkReset(t, conn.Error("Add", postponed), start.Add(time.Minute))
		if time.Since(start) != 10*time.Second || requests.Load() != 1 {
			t.Errorf("%d requests in %v", requests.Load(), time.Since(start))
		}
		time.Sleep(25 * time.Second) // What is left is short enough to wait here.
		if _, err := post(t.Context(), conn, write); err != nil {
			t.Error(err)
		}
		within(t, time.Since(start), time.Minute, time.Minute)
	})
}

// TestWaitsAreReported: the waits of a failed request to the SDK, those for
// limits and pauses to who asks.
func TestWaitsAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var requests atomic.Int32
		conn := serve(t, limited(3), func(w http.ResponseWriter, _ *http.Request) {
			switch requests.Add(1) {
			case 1:
				w.WriteHeader(http.StatusBadGateway)
			case 2:
				w.Header().Set("Retry-After", "10")
				w.WriteHeader(http.StatusTooManyRequests)
			default:
				replyOK(w)
			}
		})
		var retries time.Duration
		ctx := ratelimit.WithWaitObserver(t.Context(), func(_ context.Context, ev ratelimit.WaitEvent) {
			if !ev.Retry {
				t.Error("a limit is reported twice")
			}
			retries += ev.Duration
		})
		start := time.Now()
		for range 2 {
			if _, err := post(ctx, conn, read); err != nil {
				t.Error(err)
			}
		}
		within(t, retries, 0, firstBackoff)
		within(t, conn.Waited(), time.Since(start)-retries, time.Since(start)-retries)
		within(t, conn.Waited(), 10*time.Second, time.Minute)
	})
}

func TestBackoff(t *testing.T) {
	for try, milliseconds := range []int{500, 1000, 2000, 4000, 8000, 8000} {
		limit := time.Duration(milliseconds) * time.Millisecond
		for range 1000 {
			if got := backoff(try + 1); got < 0 || got >= limit {
				t.Fatalf("after try %d: %v, want less than %v", try+1, got, limit)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	for _, c := range []struct {
		value, date string
		want        time.Duration
		ok          bool
	}{
		{"", "", 0, false},
		{"soon", "", 0, false},
		{"-1", "", 0, false},
		{"NaN", "", 0, false},
		{"-1e999", "", 0, false},
		{"0", "", 0, true},
		{"120", "", 2 * time.Minute, true},
		{" 7 ", "", 7 * time.Second, true},
		{"1.5", "", 1500 * time.Millisecond, true},
		{"3601", "", time.Hour, true},
		{strconv.Itoa(1 << 62), "", time.Hour, true},
		{strings.Repeat("9", 400), "", time.Hour, true},
		{date(90 * time.Second), "", 90 * time.Second, true},
		{date(-90 * time.Second), "", 0, true},
		{date(1000000 * time.Hour), "", time.Hour, true},
		{now.Add(time.Minute).Format("Monday, 02-Jan-06 15:04:05 GMT"), "", time.Minute, true},
		{now.Add(time.Minute).Format(time.ANSIC), "", time.Minute, true},
		{date(time.Minute), date(50 * time.Second), 10 * time.Second, true},
		{date(time.Minute), "yesterday", time.Minute, true},
	} {
		h := http.Header{"Retry-After": {c.value}, "Date": {c.date}}
		if got, ok := retryAfter(h, now); got != c.want || ok != c.ok {
			t.Errorf("Retry-After %q, Date %q: %v %v, want %v %v", c.value, c.date, got, ok, c.want, c.ok)
		}
	}
}
