package e2e

import (
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// Where no server answers, a sync or change ends after the attempts of one request, with
// one line that names the address and the setting to check.
func TestNoServerAnswers(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file := synced(t, d)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := listener.Addr().String()
	listener.Close()
	gateway := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(gateway.Close)

	for name, at := range map[string]struct {
		baseURL, proxy, says, hint string
		code                       int
	}{
		"a connection that is refused": {"http://" + dead, "", dead, "(check the network, the base URL and the proxy settings)", 14},
		"a host that is not there":     {"https://api.descope..invalid", "", "api.descope..invalid", "(check the base URL and the proxy settings)", 3},
		"a server without TLS":         {strings.Replace(gateway.URL, "http:", "https:", 1), "", "TLS", "(the server does not speak TLS there: check the base URL)", 9},
		"a proxy that is not there":    {"https://api.descope.invalid", "http://" + dead, dead, "(check the network, the base URL and the proxy settings)", 14},
		"a proxy that cannot connect":  {"https://api.descope.invalid", gateway.URL, gateway.Listener.Addr().String(), "(have the proxy let this through, or name the host in NO_PROXY)", 14},
	} {
		for what, args := range map[string][]string{
			"sync":   {},
			"grant":  grantTo(file, "tenant:T2birch:member", "user", "U2demoChloeDuval"),
			"revoke": {"-f", file, "-p", "--revoke-grant", "role:T2acme/Approver:assigned:user:U2demoBenCastellano"},
		} {
			t.Run(name+", "+what, func(t *testing.T) {
				t.Parallel()
				e := run(t, []string{"BATON_MANAGEMENT_KEY=" + key, "HTTPS_PROXY=" + at.proxy}, "baton-descope", append([]string{
					"--project-id", d.ProjectID(), "--base-url", at.baseURL, "--log-level", "warn",
				}, args...)...)
				e.contains(t, at.says, at.hint)
				if e.code != at.code || strings.Count(e.all, "\n") != 1 || !strings.HasPrefix(e.all, "baton-descope: ") {
					t.Errorf("exit code %d, want %d, and one line:\n%s", e.code, at.code, e.all)
				}
				hidden(t, "the output", []byte(e.all))
			})
		}
	}
}

// An error is printed once, and not in the log as well, before and during a sync.
func TestErrorsArePrintedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args  []string
		fault string
	}{
		"a key that is refused":         {args: []string{"--management-key", "K2another"}},
		"a folder that is not there":    {args: []string{"-f", "nowhere/sync.c1z"}},
		"a type that is not there":      {args: []string{"--sync-resource-types", "users"}},
		"a grant of a file that is not": {args: grantTo("nowhere.c1z", "tenant:T2birch:member", "user", "U2demoChloeDuval")},
		"a list that is not whole":      {fault: "total:+1 call=2-"},
		"a reply without an end":        {fault: "huge on=LoadAllRoles call=2-"},
		"a right that is missing":       {fault: "403 on=LoadAllRoles call=2-"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			if c.fault != "" {
				d.Fail(t, c.fault)
			}
			e := run(t, []string{"BATON_MANAGEMENT_KEY=" + key}, "baton-descope", append([]string{
				"--project-id", d.ProjectID(), "--base-url", d.URL, "--log-level", "warn",
			}, c.args...)...)
			if e.code == 0 || strings.Count(e.all, "\n") != 1 || !strings.HasPrefix(e.all, "baton-descope: ") {
				t.Errorf("exit code %d, and\n%s", e.code, e.all)
			}
		})
	}
}
