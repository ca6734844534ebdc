package transport

import (
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The tests of this file use the transport's own base, over real sockets.

func TestConnectionsAreReused(t *testing.T) {
	const workers, rounds = 6, 10
	var dialled atomic.Int32
	var together sync.WaitGroup // The replies of a round come at once.
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		together.Done()
		together.Wait()
		replyOK(w)
	}))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			dialled.Add(1)
		}
	}
	srv.Start()
	defer srv.Close()
	conn := open(t, Options{MaxInFlight: workers})
	for range rounds {
		together.Add(workers)
		var wg sync.WaitGroup
		for range workers {
			wg.Go(func() {
				if _, err := postTo(t.Context(), conn, read, srv.URL); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
	if n := dialled.Load(); n > 3*workers {
		t.Errorf("%d connections for %d requests of %d workers", n, workers*rounds, workers)
	}
}

func TestRealFailures(t *testing.T) {
	stopped := httptest.NewServer(http.NotFoundHandler())
	stopped.Close()
	encrypted := httptest.NewUnstartedServer(http.NotFoundHandler())
	encrypted.Config.ErrorLog = log.New(io.Discard, "", 0)
	encrypted.StartTLS()
	defer encrypted.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	resetting := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		conn.(*net.TCPConn).SetLinger(0)
		conn.Close()
	}))
	defer resetting.Close()

	var authority x509.UnknownAuthorityError
	for _, c := range []struct {
		name, url string
		code      codes.Code
		cause     func(error) bool
	}{
		{"refused", stopped.URL, codes.Unavailable, func(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }},
		{"reset", resetting.URL, codes.Unavailable, func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }},
		{"untrusted", encrypted.URL, codes.FailedPrecondition, func(err error) bool { return errors.As(err, &authority) }},
		{"no TLS", "https" + plain.URL[len("http"):], codes.FailedPrecondition, func(error) bool { return true }},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn := open(t, Options{Attempts: 1})
			_, err := postTo(t.Context(), conn, read, c.url)
			if err = conn.Error("Search", err); status.Code(err) != c.code || !c.cause(err) {
				t.Errorf("%v %v", status.Code(err), err)
			}
		})
	}
}
