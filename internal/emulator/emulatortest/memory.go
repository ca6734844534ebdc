package emulatortest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// StartInMemory starts a local Descope that is reached through Base alone: real HTTP
// over pipes. In a bubble of testing/synctest a sync of it takes no time for any wait.
func StartInMemory(t testing.TB, project emulator.Project, options emulator.Options) *Running {
	t.Helper()
	n := &network{conns: make(chan net.Conn), done: make(chan struct{})}
	descope := emulator.New(project, options)
	server := &http.Server{Handler: descope} //nolint:gosec // The clients are this test's.
	base := &http.Transport{DialContext: n.dial, MaxIdleConnsPerHost: 10}
	go server.Serve(n) //nolint:errcheck // It ends with the test.
	t.Cleanup(func() {
		base.CloseIdleConnections()
		server.Close()
	})
	return &Running{Server: descope, URL: "http://127.0.0.1", Base: base}
}

// network is a listener, and the way to it.
type network struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (n *network) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case n.conns <- server:
		return client, nil
	case <-n.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (n *network) Accept() (net.Conn, error) {
	select {
	case conn := <-n.conns:
		return conn, nil
	case <-n.done:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.done) })
	return nil
}

func (n *network) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }
