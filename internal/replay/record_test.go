package replay_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/preview"
	"github.com/conductorone/baton-descope/internal/replay"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

// descopeOptions are those of a connector to a local Descope with a mapping.
func descopeOptions(t *testing.T, p emulator.Project, src []byte) connector.Options {
	t.Helper()
	d := emulatortest.Start(t, p, emulator.Options{})
	plan, err := mapping.Load("descope.yaml", src, mapping.Environment{
		Operations: descope.Operations, Options: map[string]any{"include-test-users": false},
	})
	if err != nil {
		t.Fatal(err)
	}
	return connector.Options{Name: "baton-descope", Plan: plan, BaseURL: d.URL, Token: d.ProjectID() + ":" + d.ManagementKey()}
}

// listener records the bodies of the replies.
type listener struct {
	base http.RoundTripper

	mu     sync.Mutex
	bodies [][]byte
}

func (l *listener) RoundTrip(req *http.Request) (*http.Response, error) {
	reply, err := l.base.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(reply.Body)
	reply.Body = io.NopCloser(bytes.NewReader(body))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bodies = append(l.bodies, body)
	return reply, err
}

// recorded syncs with recording. It returns what the sync came to, the folder,
// and the replies as they were.
func recorded(t *testing.T, o connector.Options, operations api.Operations) (outcome *preview.Outcome, dir string, bodies [][]byte) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "replies")
	heard := &listener{base: transport.NewBase(6)}
	recorder, err := replay.NewRecorder(heard, dir, operations, o.Plan)
	if err != nil {
		t.Fatal(err)
	}
	o.Base = recorder
	if outcome, err = preview.Sync(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return outcome, dir, heard.bodies
}

func played(t *testing.T, o connector.Options, dir string, operations api.Operations) *preview.Outcome {
	t.Helper()
	replies, err := replay.ReadDir(dir, operations)
	if err != nil {
		t.Fatal(err)
	}
	player := replay.NewPlayer(operations, replies)
	o.BaseURL, o.Token, o.Base = replay.BaseURL, "replay", player
	outcome, err := preview.Sync(t.Context(), o)
	if missing := player.Err(); missing != nil || err != nil {
		t.Fatal(missing, err)
	}
	if unused := replies.Unused(); len(unused) > 0 {
		t.Errorf("nothing asks for %v", unused)
	}
	return outcome
}

// awkward is a project with every kind of text.
func awkward() emulator.Project {
	long := strings.Repeat("ü", 512)
	return emulator.Project{
		Tenants:     []emulator.Tenant{{ID: "T/1%", Name: "Acme/Widgets"}, {ID: "T2", Name: "2024-01-02T03:04:05Z"}},
		Permissions: []emulator.Permission{{Name: "read:all/of%it"}, {Name: "лес 森 🌲"}, {Name: long}, {Name: "%"}},
		Roles: []emulator.Role{
			{Name: "Support/L2", PermissionNames: []string{"read:all/of%it", "%", "gone"}}, {Name: "100%"}, {Name: "100%25"}, {Name: " spaces "},
			{Name: "лес 森 🌲", PermissionNames: []string{"лес 森 🌲", long}}, {Name: long}, {Name: "Support/L2", TenantID: "T/1%"}, {Name: "A"}, {Name: "B"},
		},
		Users: []emulator.User{
			{
				UserID: "U1", Name: "Zoë Quill", Email: "zoe@quill.example", LoginIDs: []string{"zoe@quill.example", "+44 20 7946 0000", "zoe"}, Phone: "+442079460000",
				RoleNames: []string{"Support/L2", "100%", "100%25", " spaces ", "лес 森 🌲", long, "A", "gone role"}, Status: "expired",
				Tenants: []emulator.Membership{{TenantID: "T/1%", RoleNames: []string{"Support/L2", "100%", "A"}}, {TenantID: "T2"}},
				CustomAttributes: map[string]any{
					"department": "Falconry", "salary": 123456, "hired": "2021-05-06T07:08:09Z", "cat": map[string]any{"name": "Mittens"}, "list": []any{"quilt", true, 77},
				},
				OAuth: map[string]bool{"github": true},
			},
			{UserID: "U2", RoleNames: []string{"B"}, TOTP: true},
		},
	}
}

// A recording has no personal data, and its replay has the same shape as the recorded
// sync.
func TestRecordingIsRedacted(t *testing.T) {
	for name, p := range map[string]emulator.Project{
		"the demo": emulator.Demo(),
		"awkward":  awkward(),
		"paged":    emulator.Generate(emulator.Size{Users: 230, Tenants: 7, Roles: 9, Permissions: 5}),
	} {
		t.Run(name, func(t *testing.T) {
			o := descopeOptions(t, p, mapping.Descope)
			before, dir, bodies := recorded(t, o, descope.Operations)
			// The words of the API itself: values of enums and times may stay.
			noSurvivors(t, dir, bodies, "enabled", "disabled", "invited", "expired", "2024-01-02T03:04:05Z")
			sameShape(t, before, played(t, o, dir, descope.Operations))
		})
	}
}

func TestRecordingOfASecondAPI(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	plan, err := secondapi.Plan()
	if err != nil {
		t.Fatal(err)
	}
	o := connector.Options{Name: "baton-workbench", Plan: plan, BaseURL: server.URL, Token: secondapi.Token}
	before, dir, bodies := recorded(t, o, client.Operations)
	sameShape(t, before, played(t, o, dir, client.Operations))
	for _, secret := range []string{"pin", "470815"} {
		if !bytes.Contains(bytes.Join(bodies, nil), []byte(secret)) {
			t.Errorf("the replies have no %s", secret)
		}
		if bytes.Contains(bytes.Join(readAll(t, dir), nil), []byte(secret)) {
			t.Errorf("the recording has %s, which is secret", secret)
		}
	}
}

// Custom attributes that a mapping names keep their keys.
func TestKeysNamedInMappingAreKept(t *testing.T) {
	src := bytes.Replace(mapping.Descope, []byte("      phone: phone\n"), []byte("      phone: phone\n      department: customAttributes.department\n"), 1)
	o := descopeOptions(t, awkward(), src)
	_, dir, _ := recorded(t, o, descope.Operations)
	for _, r := range played(t, o, dir, descope.Operations).Resources {
		if r.Status != "disabled (expired)" {
			continue
		}
		department, ok := r.Profile["department"].(string)
		if !ok || department == "" || department == "Falconry" {
			t.Errorf("the department is %v", r.Profile["department"])
		}
		return
	}
	t.Error("the user is not there")
}

// Two recordings of a project share no pseudonym, so they cannot be linked.
func TestPseudonymsDifferBetweenRecordings(t *testing.T) {
	o := descopeOptions(t, awkward(), mapping.Descope)
	_, first, _ := recorded(t, o, descope.Operations)
	_, second, _ := recorded(t, o, descope.Operations)
	a, b := textsIn(t, readAll(t, first)), textsIn(t, readAll(t, second))
	for text := range a {
		if b[text] && text != "expired" && text != "enabled" && text != "2024-01-02T03:04:05Z" {
			t.Errorf("%q is in both", text)
		}
	}
}

func TestRecordedFiles(t *testing.T) {
	o := descopeOptions(t, emulator.Generate(emulator.Size{Users: 230, Tenants: 2, Roles: 2, Permissions: 2}), mapping.Descope)
	dir := filepath.Join(t.TempDir(), "replies")
	recorder, err := replay.NewRecorder(transport.NewBase(6), dir, descope.Operations, o.Plan)
	if err != nil {
		t.Fatal(err)
	}
	o.Base = recorder
	harness.Sync(t, o) // The SDK's own, which validates first: that is not recorded.
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v, %v", entry.Name(), info.Mode(), err)
		}
		names = append(names, entry.Name())
	}
	want := []string{"LoadAllPermissions.json", "LoadAllRoles.json", "LoadAllTenants.json", "SearchUsers.1.json", "SearchUsers.2.json", "SearchUsers.3.json"}
	if !slices.Equal(names, want) {
		t.Errorf("recorded %v, want %v", names, want)
	}
	if info, err := os.Stat(dir); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has the mode %v, %v", info.Mode(), err)
	}
	if _, err := replay.NewRecorder(nil, dir, descope.Operations, o.Plan); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a second recording into the folder: %v", err)
	}
}

// Two types read by one operation are recorded only if their requests are the same.
func TestTypesReadByTheSameOperation(t *testing.T) {
	with := func(request string) []byte {
		return bytes.Replace(mapping.Descope, []byte("\n  tenant:\n"), []byte(`
  member:
    display_name: Member
    trait: app
    list:
      operation: SearchUsers
      records: users
      request: {sort: [{field: createdTime, desc: false}, {field: id}]`+request+`}
      pages: {limit: limit, size: 100, offset: offset, page: page, total: total}
    id: userId
    name: userId

  tenant:
`), 1)
	}
	p := emulator.Generate(emulator.Size{Users: 230, Tenants: 2, Roles: 2, Permissions: 2})
	same := descopeOptions(t, p, with(", withTestUser: option.include-test-users"))
	before, dir, _ := recorded(t, same, descope.Operations)
	sameShape(t, before, played(t, same, dir, descope.Operations))

	other := descopeOptions(t, p, with(", testUsersOnly: true"))
	_, err := replay.NewRecorder(nil, filepath.Join(t.TempDir(), "replies"), descope.Operations, other.Plan)
	if want := "user and member are both read by SearchUsers, with different requests"; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

// Failed requests are not recorded, and fail as they would without recording.
func TestOnlyGoodRepliesAreRecorded(t *testing.T) {
	for name, reply := range map[string]func(w http.ResponseWriter){
		"an error": func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
		"HTML":     func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html"); fmt.Fprint(w, "<p>Ann</p>") },
		"half JSON": func(w http.ResponseWriter) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"users": [{"name": "Ann`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := emulatortest.Start(t, emulator.Demo(), emulator.Options{})
			o := descopeOptions(t, emulator.Project{}, mapping.Descope)
			o.BaseURL, o.Token = d.URL, d.ProjectID()+":"+d.ManagementKey()
			dir := filepath.Join(t.TempDir(), "replies")
			base := roundTripper(func(req *http.Request) (*http.Response, error) {
				if transport.CallOf(req).Operation != "SearchUsers" {
					return transport.NewBase(1).RoundTrip(req)
				}
				return respond(reply), nil
			})
			recorder, err := replay.NewRecorder(base, dir, descope.Operations, o.Plan)
			if err != nil {
				t.Fatal(err)
			}
			_, without := preview.Sync(t.Context(), with(o, base))
			_, got := preview.Sync(t.Context(), with(o, recorder))
			if without == nil || got == nil || got.Error() != without.Error() {
				t.Errorf("the error is %v, and %v without recording", got, without)
			}
			if found, _ := filepath.Glob(filepath.Join(dir, "SearchUsers*")); len(found) > 0 {
				t.Errorf("recorded %v", found)
			}
		})
	}
}

// An endless reply is read to the limit, and treated as without recording.
func TestReplyWithoutEndIsNotRecorded(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "replies")
	body := &endless{}
	recorder, err := replay.NewRecorder(roundTripper(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}}, Body: body}, nil
	}), dir, descope.Operations, descopeOptions(t, emulator.Project{}, mapping.Descope).Plan)
	if err != nil {
		t.Fatal(err)
	}
	ctx := transport.WithCall(t.Context(), transport.Call{Operation: "SearchUsers", Reads: true})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://api.test/", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	reply, err := recorder.RoundTrip(req)
	if err != nil || body.read > bounded.Reply+1 {
		t.Fatalf("%d bytes were read, %v", body.read, err)
	}
	if n, err := io.CopyN(io.Discard, reply.Body, bounded.Reply+100); n != bounded.Reply+100 || err != nil {
		t.Errorf("the body ends after %d bytes, %v", n, err)
	}
	if err := reply.Body.Close(); err != nil || !body.closed {
		t.Errorf("the body was not closed: %v", err)
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "*.json")); len(found) > 0 {
		t.Errorf("recorded %v", found)
	}
}

// endless is a body of blanks.
type endless struct {
	read   int
	closed bool
}

func (e *endless) Read(p []byte) (int, error) {
	e.read += copy(p, bytes.Repeat([]byte(" "), len(p)))
	return len(p), nil
}

func (e *endless) Close() error {
	e.closed = true
	return nil
}

func with(o connector.Options, base http.RoundTripper) connector.Options {
	o.Base = base
	return o
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func respond(write func(http.ResponseWriter)) *http.Response {
	w := &response{header: http.Header{}, status: http.StatusOK}
	write(w)
	return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body)}
}

type response struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *response) Header() http.Header         { return r.header }
func (r *response) WriteHeader(status int)      { r.status = status }
func (r *response) Write(p []byte) (int, error) { return r.body.Write(p) }

func readAll(t *testing.T, dir string) [][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("nothing in %s: %v", dir, err)
	}
	var all [][]byte
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content)
	}
	return all
}

// textsIn returns every text in some JSON, and the keys of free-form objects.
func textsIn(t *testing.T, bodies [][]byte) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	var walk func(v any, freeForm bool)
	walk = func(v any, freeForm bool) {
		switch v := v.(type) {
		case string:
			found[v] = true
		case []any:
			for _, item := range v {
				walk(item, freeForm)
			}
		case map[string]any:
			for key, value := range v {
				if freeForm {
					found[key] = true
				}
				walk(value, freeForm || key == "customAttributes" || key == "OAuth")
			}
		}
	}
	for _, body := range bodies {
		var v any
		if err := json.Unmarshal(body, &v); err != nil {
			t.Fatal(err)
		}
		walk(v, false)
	}
	delete(found, "")
	return found
}

// noSurvivors reports every text of the replies that is in the folder.
func noSurvivors(t *testing.T, dir string, bodies [][]byte, allowed ...string) {
	t.Helper()
	files := readAll(t, dir)
	whole, text := textsIn(t, files), string(bytes.Join(files, nil))
	originals := textsIn(t, bodies)
	if len(originals) < 20 {
		t.Fatalf("there are only %d texts to look for", len(originals))
	}
	for original := range originals {
		if slices.Contains(allowed, original) {
			continue
		}
		if whole[original] || len(original) > 6 && strings.Contains(text, original) {
			t.Errorf("%q survives", original)
		}
	}
}

// sameShape compares two outcomes but for the names: how many things there are,
// what is known of each, and what is connected with what.
func sameShape(t *testing.T, want, got *preview.Outcome) {
	t.Helper()
	if len(got.Resources) != len(want.Resources) || len(got.Entitlements) != len(want.Entitlements) ||
		len(got.Grants) != len(want.Grants) || len(got.LeftOut) != len(want.LeftOut) {
		t.Errorf("%d resources, %d entitlements, %d grants and %d left out; want %d, %d, %d and %d",
			len(got.Resources), len(got.Entitlements), len(got.Grants), len(got.LeftOut),
			len(want.Resources), len(want.Entitlements), len(want.Grants), len(want.LeftOut))
	}
	if !maps.Equal(shape(want), shape(got)) {
		t.Error("the sync of the recorded replies has another shape")
	}
}

// shape counts resources by what they look like and by what is around them, four
// grants far.
func shape(o *preview.Outcome) map[uint64]int {
	looks := map[string]uint64{}
	for _, r := range o.Resources {
		typ, _, _ := strings.Cut(r.ID, ":")
		keys := slices.Sorted(maps.Keys(r.Profile))
		looks[r.ID] = hash(typ, r.Parent != "", r.Status, r.CreatedAt, r.Email != "", r.Login != "", len(r.LoginAliases), r.Description != "",
			flag(r.MFA), flag(r.SSO), keys, len(r.Name) > 500, strings.Count(r.ID, "/"), strings.Contains(r.ID, "%"))
	}
	for range 4 {
		around := map[string][]uint64{}
		for _, r := range o.Resources {
			if r.Parent != "" {
				around[r.ID] = append(around[r.ID], hash("in", looks[r.Parent]))
			}
		}
		for _, g := range o.Grants {
			end := strings.LastIndexByte(g.Entitlement, ':')
			on, slug := g.Entitlement[:end], g.Entitlement[end:]
			around[g.Principal] = append(around[g.Principal], hash("holds", slug, looks[on]))
			around[on] = append(around[on], hash("held", slug, looks[g.Principal]))
		}
		next := map[string]uint64{}
		for id, look := range looks {
			slices.Sort(around[id])
			next[id] = hash(look, around[id])
		}
		looks = next
	}
	count := map[uint64]int{}
	for _, look := range looks {
		count[look]++
	}
	return count
}

func flag(b *bool) string {
	if b == nil {
		return "-"
	}
	return fmt.Sprint(*b)
}

func hash(parts ...any) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%#v", parts)
	return h.Sum64()
}
