// Package emulatortest runs the local Descope for a test.
package emulatortest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// Running is a local Descope that answers until its test ends.
type Running struct {
	*emulator.Server
	// URL is the base URL, without a slash at its end.
	URL string
	// Base sends requests to it; nil where any client reaches it.
	Base http.RoundTripper
}

// Fail makes things go wrong from now on, by rules as for [emulator.ParseFault].
func (r *Running) Fail(t testing.TB, rules ...string) {
	t.Helper()
	faults := make([]emulator.Fault, len(rules))
	for i, rule := range rules {
		var err error
		if faults[i], err = emulator.ParseFault(rule); err != nil {
			t.Fatal(err)
		}
	}
	r.Inject(faults...)
}

// Start starts a local Descope of a project that listens on loopback.
func Start(t testing.TB, project emulator.Project, options emulator.Options) *Running {
	t.Helper()
	server := emulator.New(project, options)
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		// Clients that wait for an answer must not keep the test from ending.
		listener.CloseClientConnections()
		listener.Close()
	})
	return &Running{Server: server, URL: listener.URL}
}
