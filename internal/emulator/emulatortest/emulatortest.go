// Package emulatortest runs the local Descope for a test.
package emulatortest

import (
	"net/http/httptest"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// Running is a local Descope that listens on loopback until its test ends.
type Running struct {
	*emulator.Server
	// URL is the base URL, without a slash at its end.
	URL string
}

// Start starts a local Descope of a project.
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
