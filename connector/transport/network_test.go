package transport

import (
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
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

// A proxy that refuses a connection is named, with what it said, to whom it does not
// connect and what helps, and without the password that its URL has.
func TestProxyRefuses(t *testing.T) {
	const allow = " (have the proxy let this through, or name the host in NO_PROXY)"
	for _, c := range []struct {
		status int
		code   codes.Code
		says   string
	}{
		{407, codes.FailedPrecondition, "answered HTTP 407 Proxy Authentication Required, and does not connect to api.test:443 (put the name and the password for the proxy into HTTPS_PROXY)"},
		{403, codes.FailedPrecondition, "answered HTTP 403 Forbidden, and does not connect to api.test:443" + allow},
		{502, codes.Unavailable, "answered HTTP 502 Bad Gateway, and does not connect to api.test:443" + allow},
	} {
		t.Run(strconv.Itoa(c.status), func(t *testing.T) {
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) }))
			defer proxy.Close()
			address, err := url.Parse(proxy.URL)
			if err != nil {
				t.Fatal(err)
			}
			address.User = url.UserPassword("me", "proxy-password")
			base := newNetwork(1)
			base.Proxy = http.ProxyURL(address)
			conn := open(t, Options{Attempts: 1, Base: base})
			_, err = postTo(t.Context(), conn, write, "https://api.test/x")
			err = conn.Error("Add", err)
			if want := "Add: the proxy " + address.Host + " " + c.says; err.Error() != want || status.Code(err) != c.code {
				t.Errorf("%v %v, want %v %v", status.Code(err), err, c.code, want)
			}
		})
	}
}
