package transport

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conductorone/baton-descope/api"
)

const (
	testToken = "P2abc:K2-very-secret-key"
	server    = "http://api.test/"
)

// read and write are the two kinds of calls, both sent with POST.
var (
	read  = Call{Operation: "Search", Reads: true}
	write = Call{Operation: "Add"}
)

// memory is a network without waiting: real HTTP over pipes, for synctest's clock.
type memory struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.conns:
		return c, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error {
	m.once.Do(func() { close(m.done) })
	return nil
}

func (m *memory) Addr() net.Addr { return &net.TCPAddr{} }

func (m *memory) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case m.conns <- server:
		return client, nil
	case <-m.done:
		return nil, net.ErrClosed
	}
}

// serve starts a server in memory, and returns a transport to it.
func serve(t *testing.T, o Options, handler http.HandlerFunc) *Transport {
	t.Helper()
	m := &memory{conns: make(chan net.Conn), done: make(chan struct{})}
	srv := &http.Server{Handler: handler}
	base := &http.Transport{DialContext: m.dial, MaxIdleConnsPerHost: 10}
	go srv.Serve(m)
	t.Cleanup(func() {
		base.CloseIdleConnections()
		srv.Close()
	})
	o.Base = base
	return open(t, o)
}

// open returns a transport with the error bodies of the tests' API.
func open(t *testing.T, o Options) *Transport {
	t.Helper()
	if o.Token == "" {
		o.Token = testToken
	}
	o.ReadError = readError
	conn, err := New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

func readError(body []byte) api.Refusal {
	var e struct{ Code, Message string }
	if json.Unmarshal(body, &e) != nil {
		return api.Refusal{}
	}
	meaning := api.Other
	switch e.Code {
	case "PASS":
		meaning = api.Transient
	case "GONE":
		meaning = api.NotFound
	}
	return api.Refusal{Code: e.Code, Message: e.Message, Meaning: meaning}
}

// post sends a call and reads its reply as generated operations do.
func post(ctx context.Context, conn *Transport, call Call) (*struct{ OK bool }, error) {
	return postTo(ctx, conn, call, server+"x")
}

func postTo(ctx context.Context, conn *Transport, call Call, url string) (*struct{ OK bool }, error) {
	req, err := http.NewRequestWithContext(WithCall(ctx, call), http.MethodPost, url, strings.NewReader(`{"page":1}`))
	if err != nil {
		return nil, err
	}
	return api.ReadReply[struct{ OK bool }](conn.Do(req))
}

func replyOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"OK":true}`)
}

// stall waits until the client is gone.
func stall(r *http.Request) {
	io.Copy(io.Discard, r.Body)
	<-r.Context().Done()
}

// hangUp ends the connection, after some text if there is any.
func hangUp(w http.ResponseWriter, text string) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(conn, text)
	conn.Close()
}

// roundTrip is a Base that is one function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// within fails the test unless d is between low and high.
func within(t *testing.T, d, low, high time.Duration) {
	t.Helper()
	if d < low || d > high {
		t.Errorf("it took %v, want %v to %v", d, low, high)
	}
}

func statusOf(err error) int {
	var refused *api.StatusError
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}
