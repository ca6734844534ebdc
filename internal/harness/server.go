package harness

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// ServeTLS serves over TLS and HTTP/2 on loopback until the test ends. It returns the host
// and port, and a world-readable file with the certificate to trust.
func ServeTLS(t testing.TB, handler http.Handler) (host, roots string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	roots = filepath.Join(t.TempDir(), "roots.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(roots, certificate, 0o644); err != nil { //nolint:gosec // A certificate is no secret.
		t.Fatal(err)
	}
	return server.Listener.Addr().String(), roots
}
