package descope_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/mapping"
)

// trouble is a run that fails. Its zero value is a sync of the local Descope.
type trouble struct {
	project       *emulator.Project
	faults        []string          // of the local Descope
	baseURL       string            // another server
	env           map[string]string // besides what a run needs
	args          []string
	files         map[string]string // that are in its folder before
	stopped       bool              // by SIGINT, in the middle
	stoppedBefore bool              // the same command was stopped, and a role was created
	beside        bool              // another run that has begun
	synced        bool              // a sync was made before
	passes        bool              // with a warning
}

// troubles has the run that ends with the text under each heading of
// docs/troubleshooting.md, except for a full disk and a ConductorOne that is unavailable
// or refuses: internal/oneshot and internal/e2e test those texts.
func troubles(t *testing.T) map[string][]trouble {
	t.Helper()
	forbids := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	asks := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) })
	none := serve(t, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusNotFound) })
	page := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<html>Welcome</html>")
	})
	moved := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
	})
	odd := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"users":[{"userId":"U2abc","createdTime":"today"}],"total":1,"tenants":[],"roles":[],"permissions":[]}`)
	})
	unmoved := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"user":{"userId":"U1","status":"enabled"}}`)
	})
	untrusted, _ := serveTLS(t, time.Now().Add(time.Hour))
	expired, authority := serveTLS(t, time.Now().Add(-time.Hour))
	early, authorityOfEarly := serveTLS(t, time.Now().Add(48*time.Hour))
	otherRegion := emulatortest.Start(t, emulator.Project{}, emulator.Options{ProjectID: "P2elsewhere"}).URL
	foreign := syncOf(t, "record")
	dead := deadAddress(t)
	stale := emulator.Generate(emulator.Size{Users: 10})
	stale.Users[3].RoleNames = []string{"Gone"}

	suspended := company(emulator.User{UserID: "U1", Status: "suspended"})
	two := company(emulator.User{UserID: "U1"}, emulator.User{UserID: "U2", RoleNames: []string{"Viewer"}})
	granted := func(fault string) []trouble {
		args := []string{"-p", "--grant-entitlement", "role:Viewer:assigned", "--grant-principal", "U1", "--grant-principal-type", "user"}
		return []trouble{{project: &two, synced: true, faults: []string{fault + " on=AddUserRoles"}, args: args}}
	}

	invoking := func(action, arguments string, faults ...string) []trouble {
		return []trouble{{project: &two, faults: faults, args: []string{"--invoke-action", action, "--invoke-action-args", arguments}}}
	}

	proxied := func(proxy string) []trouble {
		return []trouble{{baseURL: "https://api.descope.invalid", env: map[string]string{"HTTPS_PROXY": proxy}}}
	}
	return map[string][]trouble{
		"The credentials are missing":                    {{env: map[string]string{"BATON_MANAGEMENT_KEY": ""}}},
		"The project ID is not valid":                    {{args: []string{"--project-id", "my-project"}}},
		"A flag is unknown":                              {{args: []string{"--project", "P2abc"}}},
		"A command is unknown":                           {{args: []string{"capabilites"}}},
		"A setting is unknown":                           {{files: map[string]string{".baton.yaml": "maping: team.yaml\n"}}},
		"The configuration file cannot be read":          {{env: map[string]string{"BATON_CONFIG_PATH": "nowhere.yaml"}}},
		"The configuration file is not valid YAML":       {{files: map[string]string{".baton.yaml": "mapping: team.yaml\n\tworkers: 4\n"}}},
		"A value has the wrong type":                     {{env: map[string]string{"BATON_WORKERS": "four"}}},
		"A flag is not supported":                        {{args: []string{"--event-feed", "all"}}},
		"A flag is empty":                                {{args: []string{"-p", "--revoke-grant", ""}}},
		"A resource type is unknown":                     {{args: []string{"--sync-resource-types", "users"}}},
		"The base URL has no TLS":                        {{baseURL: "http://descope.example"}},
		"The base URL is not valid":                      {{baseURL: "api.descope.com"}},
		"The mapping file does not exist":                {{args: []string{"--mapping", "nowhere.yaml"}}},
		"The mapping is invalid":                         {{args: []string{"--mapping", "wrong.yaml"}, files: map[string]string{"wrong.yaml": wrongMapping(t)}}},
		"The folder cannot be written to":                {{args: []string{"--file", filepath.Join("file", "sync.c1z")}, files: map[string]string{"file": "not a folder"}}},
		"The temporary folder does not exist":            {{args: []string{"--c1z-temp-dir", "nowhere"}}},
		"The file is not a c1z":                          {{files: map[string]string{"sync.c1z": "hello"}}, {files: map[string]string{"sync.c1z": foreign[:len(foreign)/2]}}},
		"The file is of another connector":               {{files: map[string]string{"sync.c1z": foreign}}},
		"Another run writes the same file":               {{beside: true}},
		"The base URL has a path":                        {{baseURL: "https://api.descope.com/v1/mgmt"}, {baseURL: "http://127.0.0.1/v1/"}},
		"The project ID and the key are pasted together": {{env: map[string]string{"BATON_MANAGEMENT_KEY": "P2abc:K2abc"}}},
		"The key has extra characters":                   {{env: map[string]string{"BATON_MANAGEMENT_KEY": "K2abc\n"}}, {env: map[string]string{"BATON_MANAGEMENT_KEY": " K2abc"}}},
		"The folder does not exist":                      {{args: []string{"--file", filepath.Join("nowhere", "sync.c1z")}}},
		// Two dots: this needs no resolver, which may be unavailable.
		"The host is not found":                           {{baseURL: "https://api.descope..invalid"}},
		"The host does not answer":                        {{baseURL: "http://" + dead}},
		"The proxy does not answer":                       proxied("http://" + dead),
		"The proxy refuses":                               proxied(forbids),
		"The proxy requires a password":                   proxied(asks),
		"The certificate is not trusted":                  {{baseURL: untrusted}},
		"The certificate has expired or is not yet valid": {{baseURL: expired, env: map[string]string{"SSL_CERT_FILE": authority}}, {baseURL: early, env: map[string]string{"SSL_CERT_FILE": authorityOfEarly}}},
		"The server does not speak TLS":                   {{baseURL: strings.Replace(none, "http:", "https:", 1)}},
		"The server redirects":                            {{baseURL: moved}},
		"The reply is a web page":                         {{baseURL: page}},
		"The base URL is not the API":                     {{baseURL: none}},
		"The key or the project is wrong": {
			{env: map[string]string{"BATON_MANAGEMENT_KEY": "K2wrong"}},
			{args: []string{"--project-id", "P2another"}},
			{baseURL: otherRegion},
		},
		"The key lacks a permission":                  {{faults: []string{"403 on=LoadAllRoles"}}},
		"The rate limit is exhausted":                 {{faults: []string{"429 on=SearchUsers"}}},
		"The API asks for a long pause":               {{faults: []string{"429:300 on=SearchUsers"}}},
		"The service is unavailable":                  {{faults: []string{"503 on=SearchUsers"}}},
		"A change may have been made":                 granted("500"),
		"A change may have been made to another user": granted("other:U2"),
		"The reply is too long":                       {{faults: []string{"huge on=LoadAllRoles call=2-"}}},
		"A field has an unexpected type":              {{baseURL: odd}},
		"The list is incomplete":                      {{faults: []string{"total:+1 call=2-"}}},
		"The project is empty":                        {{project: &emulator.Project{}, passes: true}},
		"A status has an unknown value":               {{project: &suspended, passes: true}},
		"A record has a dangling reference":           {{project: &stale, passes: true}},
		"The mapping has warnings": {{
			args:   []string{"--mapping", "team.yaml"},
			files:  map[string]string{"team.yaml": strings.Replace(string(mapping.Descope), "      permissions: They follow from the roles.\n", "", 1)},
			passes: true,
		}},
		"The run was stopped":                {{stopped: true}},
		"The lists changed between two runs": {{stoppedBefore: true, passes: true}},

		"The action does not exist":            invoking("disable_usr", "{}"),
		"An argument is missing or not valid":  append(invoking("disable_user", "{}"), invoking("disable_user", `{"user_id": "U1", "reason": "x"}`)...),
		"There is no such user":                invoking("disable_user", `{"user_id": "U9"}`),
		"The status does not allow the action": invoking("resend_invitation", `{"user_id": "U1"}`),
		"The status did not change":            {{baseURL: unmoved, args: []string{"--invoke-action", "disable_user", "--invoke-action-args", `{"user_id": "U1"}`}}},
		"An action may have been carried out":  invoking("sign_out", `{"user_id": "U1"}`, "500 on=LogoutAllUserDevices"),
		"A deletion is not allowed":            {{args: []string{"--delete-resource", "U1"}}},

		"The path is not a regular file":        {{args: []string{"--file", t.TempDir()}}},
		"The file holds a complete sync":        {{args: []string{"--sync-resources", "bid:r:user/U2abc"}, files: map[string]string{"sync.c1z": syncOf(t, "user")}}},
		"Another file has the name of the lock": {{files: map[string]string{"sync.c1z.lock": "hello"}}},
		"The client ID is not valid":            {{args: []string{"--client-id", "otter", "--client-secret", "secret-token:x"}}},
		"The client secret is not valid":        {{args: []string{"--client-id", "otter@example.conductor.one/spc", "--client-secret", "K2abc"}}},
	}
}

const troubleshooting = "../../docs/troubleshooting.md"

// TestTroubleshooting causes each failure of the document, and compares the output of the
// program with the text there.
func TestTroubleshooting(t *testing.T) {
	if testing.Short() {
		t.Skip("these are processes that wait")
	}
	t.Parallel()
	documented := textsIn(t, troubleshooting)
	delete(documented, "The disk is full")
	delete(documented, "ConductorOne cannot be reached")
	delete(documented, "ConductorOne does not accept the connector")
	cases := troubles(t)
	for heading, ways := range troublesOfChanges(t) {
		cases[heading] = append(cases[heading], ways...)
	}
	for heading := range documented {
		if len(cases[heading]) == 0 {
			t.Errorf("no run causes %q", heading)
		}
	}
	// In parallel, since some are retried for half a minute.
	var all sync.WaitGroup
	atOnce := make(chan struct{}, 16)
	for heading, ways := range cases {
		text, ok := documented[heading]
		if !ok {
			t.Errorf("%q is not in the document", heading)
			continue
		}
		for _, c := range ways {
			all.Go(func() {
				atOnce <- struct{}{}
				defer func() { <-atOnce }()
				t.Run(heading, func(t *testing.T) { c.ends(t, text) })
			})
		}
	}
	all.Wait()
}

// whatBecame matches the end of the error of a sync: FILE, and what is in it.
const whatBecame = `(; \S+ (was not written|is as it was before)[^\n]*)?`

// ends fails the test unless a run ends with the text as its error; one that succeeds has
// it in its log.
func (c trouble) ends(t *testing.T, text string) {
	t.Helper()
	output, failed := c.run(t)
	if failed == c.passes {
		t.Errorf("failed is %v", failed)
	}
	var logged, printed []string
	for line := range strings.Lines(output) {
		if strings.HasPrefix(line, "{") {
			logged = append(logged, line)
		} else {
			printed = append(printed, line)
		}
	}
	pattern, said := "^"+text+whatBecame+"\n$", strings.Join(printed, "")
	if c.passes {
		pattern, said = text, strings.Join(logged, "")
	} else if !strings.HasPrefix(said, "baton-descope: ") {
		t.Error("the error does not start with the name of the program")
	}
	if !regexp.MustCompile(pattern).MatchString(said) {
		t.Errorf("the document has\n%s\nthe program says\n%s", text, output)
	}
}

// run returns the output of the program, and whether it failed.
func (c trouble) run(t *testing.T) (output string, failed bool) {
	t.Helper()
	if c.project == nil {
		p := emulator.Generate(emulator.Size{Users: 150})
		c.project = &p
	}
	d := emulatortest.Start(t, *c.project, emulator.Options{})
	d.Fail(t, c.faults...)
	dir := t.TempDir()
	for name, text := range c.files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Error(err)
		}
	}
	if c.beside {
		reached := holdFrom(d, 1)
		first, _ := process(t, d, time.Hour, dir)
		if err := first.Start(); err != nil {
			t.Error(err)
			return "", true
		}
		<-reached
		defer func() {
			_ = first.Process.Kill()
			_ = first.Wait()
		}()
	}
	if c.synced {
		first, said := process(t, d, time.Hour, dir)
		if err := first.Run(); err != nil {
			t.Errorf("%v: %s", err, said)
		}
	}
	if c.stoppedBefore {
		first, _ := process(t, d, time.Hour, dir)
		if err := (trouble{stopped: true}).wait(t, d, first); err == nil {
			t.Error("the first run was not stopped")
		}
		d.Intercept(nil)
		d.Store().PutRole(emulator.Role{Name: "Later"})
	}
	cmd, said := process(t, d, time.Hour, dir)
	if c.baseURL != "" {
		cmd.Args = append(cmd.Args, "--base-url", c.baseURL)
	}
	cmd.Args = append(cmd.Args, c.args...)
	for name, value := range c.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	err := c.wait(t, d, cmd)
	return said.String(), err != nil
}

func (c trouble) wait(t *testing.T, d *emulatortest.Running, cmd *exec.Cmd) error {
	t.Helper()
	if !c.stopped {
		return cmd.Run()
	}
	reached := holdFrom(d, 8)
	if err := cmd.Start(); err != nil {
		t.Error(err)
		return err
	}
	<-reached
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Error(err)
	}
	return cmd.Wait()
}

// holdFrom leaves requests from the nth on unanswered until the caller gives up. The
// channel that it returns is closed at the first of them.
func holdFrom(d *emulatortest.Running, n int64) <-chan struct{} {
	reached := make(chan struct{})
	var seen atomic.Int64
	d.Intercept(func(_ string, _ int, _ http.ResponseWriter, r *http.Request) bool {
		number := seen.Add(1)
		if number == n {
			close(reached)
		}
		if number >= n {
			<-r.Context().Done()
		}
		return number >= n
	})
	return reached
}

// textsIn returns the texts of a document by the headings above them, as patterns:
// words in capitals stand for anything, and so do three dots.
func textsIn(t *testing.T, path string) map[string]string {
	t.Helper()
	document, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)\n### ([^\n]+)\n\n```text\n(.*?)\n```\n").FindAllStringSubmatch(string(document), -1) {
		pattern := regexp.QuoteMeta(m[2])
		pattern = strings.ReplaceAll(pattern, `\.\.\.`, `(?s:.*)`)
		pattern = regexp.MustCompile(`\b(FILE|FOLDER|HOST|NUMBER|REASON|TIME|URL)\b`).ReplaceAllString(pattern, `[^\n]+`)
		texts[m[1]] = pattern
	}
	if headings := strings.Count(string(document), "\n### "); headings != len(texts) {
		t.Errorf("%d of %d headings have a text under them", len(texts), headings)
	}
	return texts
}

// serve is a server that is not Descope.
func serve(t *testing.T, h http.HandlerFunc) (url string) {
	t.Helper()
	s := httptest.NewServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(s.Close)
	return s.URL
}

// serveTLS is a server whose certificate is valid until a time, and the file of the
// authority that signed it.
func serveTLS(t *testing.T, until time.Time) (url, authority string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: until.Add(-24 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, certificate, certificate, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	authority = filepath.Join(t.TempDir(), "authority.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}}, MinVersion: tls.VersionTLS12}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s.URL, authority
}

// deadAddress returns an address of this machine without a listener.
func deadAddress(t *testing.T) string {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// wrongMapping is the built-in mapping with a field that no user has.
func wrongMapping(t *testing.T) string {
	t.Helper()
	builtIn, err := os.ReadFile("../../mapping/descope.yaml")
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.Replace(string(builtIn), "userId", "userIdd", 1)
	if wrong == string(builtIn) {
		t.Fatal("the mapping has no userId")
	}
	return wrong
}

// syncOf is a c1z file that holds a whole sync of a connector with one resource type.
func syncOf(t *testing.T, resourceType string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole.c1z")
	ctx := t.Context()
	store, err := dotc1z.NewStore(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.StartNewSync(ctx, connectorstore.SyncTypeFull, "")
	err = errors.Join(err, store.PutResourceTypes(ctx, v2.ResourceType_builder{Id: resourceType}.Build()), store.EndSync(ctx), store.Close(ctx))
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(file)
}
