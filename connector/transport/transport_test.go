package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conductorone/baton-sdk/pkg/uhttp"

	"github.com/conductorone/baton-descope/api"
)

func TestOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"no key":         {},
		"broken key":     {Token: "a\nb"},
		"limit of none":  {Token: "k", PerMinute: map[string]int{"Search": 0}},
		"negative limit": {Token: "k", PerMinute: map[string]int{"Search": -1}},
	} {
		if _, err := New(t.Context(), o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	conn, err := New(t.Context(), Options{Token: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if o := conn.options; o.MaxInFlight != 6 || o.MaxBody != 64<<20 || o.Attempts != 4 || o.Timeout != time.Minute {
		t.Errorf("defaults are %+v", o)
	}
}

func TestTimeoutOfTheSDK(t *testing.T) {
	for flag, want := range map[time.Duration]time.Duration{5 * time.Second: 5 * time.Second, 300 * time.Second: time.Minute} {
		conn, err := New(context.WithValue(t.Context(), uhttp.ContextHTTPTimeoutKey, flag), Options{Token: "k"})
		if err != nil {
			t.Fatal(err)
		}
		if conn.options.Timeout != want {
			t.Errorf("with %v: %v, want %v", flag, conn.options.Timeout, want)
		}
	}
}

func TestRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, Options{UserAgent: "me/1"}, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			if got := r.Header.Get("Authorization"); got != "Bearer "+testToken {
				t.Errorf("Authorization is %q", got)
			}
			if got := r.Header.Get("User-Agent"); got != "me/1" {
				t.Errorf("User-Agent is %q", got)
			}
			if string(body) != `{"page":1}` {
				t.Errorf("the body is %q", body)
			}
			replyOK(w)
		})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, server, strings.NewReader(`{"page":1}`))
		if _, err := conn.Do(req); err != nil {
			t.Fatal(err)
		}
		if len(req.Header) > 0 {
			t.Errorf("the caller's request was given %v", req.Header)
		}
	})
}

func TestInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var running, most atomic.Int32
		conn := serve(t, Options{MaxInFlight: 3}, func(w http.ResponseWriter, _ *http.Request) {
			most.Store(max(most.Load(), running.Add(1)))
			w.Header().Set("Content-Type", "application/json")
			w.(http.Flusher).Flush()
			time.Sleep(time.Second) // A slot is held until the last byte, not the header.
			running.Add(-1)
			io.WriteString(w, `{"OK":true}`)
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 9 {
			wg.Go(func() {
				if _, err := post(t.Context(), conn, read); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most.Load() != 3 {
			t.Errorf("%d at once", most.Load())
		}
		within(t, time.Since(start), 3*time.Second, 3*time.Second)
	})
}

func TestWaitForSlotEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, Options{MaxInFlight: 1}, func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(10 * time.Second)
			replyOK(w)
		})
		go post(t.Context(), conn, read)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := post(ctx, conn, read); err != context.DeadlineExceeded {
			t.Errorf("the error is %v", err)
		}
		if _, err := post(t.Context(), conn, read); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func TestBodyLimit(t *testing.T) {
	body := func(n int) string { return `{"OK":true` + strings.Repeat(" ", n-11) + "}" }
	for _, length := range []bool{true, false} {
		for size, fits := range map[int]bool{1000: true, 1001: false} {
			t.Run(fmt.Sprintf("%d bytes, length announced %v", size, length), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					var requests atomic.Int32
					conn := serve(t, Options{MaxBody: 1000}, func(w http.ResponseWriter, _ *http.Request) {
						requests.Add(1)
						w.Header().Set("Content-Type", "application/json")
						if !length {
							w.(http.Flusher).Flush()
						}
						io.WriteString(w, body(size))
					})
					reply, err := post(t.Context(), conn, read)
					if fits {
						if err != nil || !reply.OK {
							t.Fatal(reply, err)
						}
						return
					}
					if want := "Search: unusable reply: it is longer than the 1000 bytes that are read (if it stays so, check what is between here and the API, or report it)"; conn.Error("Search", err).Error() != want {
						t.Errorf("the error is %v", err)
					}
					if requests.Load() != 1 {
						t.Errorf("%d requests", requests.Load())
					}
				})
			})
		}
	}
}

func TestErrorBodyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := serve(t, Options{MaxBody: 10}, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, strings.Repeat("x", 2*maxErrorBody))
		})
		_, err := post(t.Context(), conn, read)
		var refused *api.StatusError
		if !errors.As(err, &refused) || refused.StatusCode != http.StatusForbidden || len(refused.Body) != maxErrorBody {
			t.Errorf("the error is %v", err)
		}
	})
}

func TestStalledReply(t *testing.T) {
	for name, handler := range map[string]http.HandlerFunc{
		"no header": func(_ http.ResponseWriter, r *http.Request) { stall(r) },
		"half a body": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"OK":`)
			w.(http.Flusher).Flush()
			stall(r)
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := serve(t, Options{}, handler)
				start := time.Now()
				_, err := post(t.Context(), conn, write)
				within(t, time.Since(start), time.Minute, time.Minute)
				if err == nil || err.Error() != "no whole reply within 1m0s (if it stays so, check the network, or try again later)" || errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("the error is %v, which must not pass for the caller's deadline", err)
				}
			})
		})
	}
}

func TestContextEndsRequest(t *testing.T) {
	for _, call := range []Call{read, write} {
		synctest.Test(t, func(t *testing.T) {
			conn := serve(t, Options{}, func(_ http.ResponseWriter, r *http.Request) { stall(r) })
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			start := time.Now()
			if _, err := post(ctx, conn, call); err != context.Canceled {
				t.Errorf("%s: the error is %v", call.Operation, err)
			}
			within(t, time.Since(start), time.Second, time.Second)
		})
	}
}

func TestNothingIsSentAfterContextEnds(t *testing.T) {
	conn := open(t, Options{Base: roundTrip(func(*http.Request) (*http.Response, error) {
		t.Error("a request is sent")
		return nil, io.EOF
	})})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 50 {
		if _, err := post(ctx, conn, read); err != context.Canceled {
			t.Fatalf("the error is %v", err)
		}
	}
}

func TestCallWithoutContext(t *testing.T) {
	for method, reads := range map[string]bool{http.MethodGet: true, http.MethodHead: true, http.MethodPost: false, http.MethodDelete: false} {
		req, _ := http.NewRequestWithContext(t.Context(), method, server+"users?id=1", nil)
		if got, want := CallOf(req), (Call{Operation: method + " /users", Reads: reads}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
