// Package emulatortest runs the local Descope for a test.
package emulatortest

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/fault"
)

// Running is a local Descope that runs until its test ends.
type Running struct {
	*emulator.Server
	// URL is the base URL, without a slash at its end.
	URL string
	// Base sends requests to it; nil where any client reaches it.
	Base http.RoundTripper
}

// Fail injects faults from now on, by rules as for [fault.Parse].
func (r *Running) Fail(t testing.TB, rules ...string) {
	t.Helper()
	faults := make([]fault.Fault, len(rules))
	for i, rule := range rules {
		var err error
		if faults[i], err = fault.Parse(rule); err != nil {
			t.Fatal(err)
		}
	}
	fault.Inject(r.Server, faults...)
}

// Request makes a request with the right key. What is "METHOD /path", with a query if
// there is one.
func (r *Running) Request(t testing.TB, what, body string) *http.Request {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	request, err := http.NewRequestWithContext(t.Context(), method, r.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.ProjectID()+":"+r.ManagementKey())
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	return request
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
