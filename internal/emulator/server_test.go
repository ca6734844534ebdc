package emulator_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

func TestKey(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{ProjectID: "P2mine", ManagementKey: "secret"})
	for header, want := range map[string]string{
		"Bearer P2mine:secret":  "200",
		"Bearer P2mine:other":   "401 E111119",
		"Bearer P2other:secret": "401 E111119",
		"Bearer P2mine":         "401 E111119",
		"P2mine:secret":         "401 E111119",
		"":                      "401 E111119",
	} {
		r := srv.Request(t, roles, "")
		r.Header.Set("Authorization", header)
		if got := send(t, r).failure(); got != want {
			t.Errorf("%q: got %q, want %q", header, got, want)
		}
	}
}

func TestDeny(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{})
	srv.Deny("LoadAllRoles", "SearchUsers")
	srv.Allow("SearchUsers")
	for what, want := range map[string]string{roles: "403 E000403", tenants: "200"} {
		if got := call(t, srv, what, "").failure(); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	if got := call(t, srv, search, `{}`).failure(); got != "200" {
		t.Error(got)
	}
}

func TestRequestsAreChecked(t *testing.T) {
	srv := emulatortest.Start(t, office(), emulator.Options{})
	for _, tt := range []struct{ what, body, want, names string }{
		{search, `{"limits":1}`, "400 E011003", "limits"},
		{search, `{"sort":[{"field":"id","order":1}]}`, "400 E011003", "order"},
		{search, `{"sort":[{"field":"height"}]}`, "400 E011003", "sort.0.field"},
		{search, `{"limit":"100"}`, "400 E011003", "limit"},
		{search, `{"limit":4294967296}`, "400 E011003", "limit"},
		{search, `{"statuses":["active"]}`, "400 E011003", "statuses"},
		{search, `{"tenantIds":[null]}`, "400 E011003", "tenantIds"},
		{search, `{`, "400 E011003", ""},
		{search, ``, "400 E011003", ""},
		{search, `[]`, "400 E011003", ""},
		{addRoles, `{"roleNames":["P"]}`, "400 E011003", "loginId"},
		{addRoles, `{"loginId":"ada"}`, "400 E011003", "roleNames"},
		{addRoles, `{"loginId":"ada","roleNames":null}`, "400 E011003", "roleNames"},
		{addRoles, `{"loginIdOrUserId":"ada","loginId":"ada","roleNames":["P"]}`, "400 E011003", "loginIdOrUserId"},
		{addTenant, `{"loginId":"ada"}`, "400 E011003", "tenantId"},
		{"GET /v2/mgmt/user/search", "", "404 E000404", ""},
		{"POST /v1/mgmt/user/search", "{}", "404 E000404", ""},
		{"GET /", "", "404 E000404", ""},
	} {
		reply := call(t, srv, tt.what, tt.body)
		if got := reply.failure(); got != tt.want || !strings.Contains(string(reply.body), tt.names) {
			t.Errorf("%s %s: got %s %s, want %q and the name %q", tt.what, tt.body, got, reply.body, tt.want, tt.names)
		}
	}
}

func TestRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := emulator.New(numbered(1), emulator.Options{RateLimit: 3})
		searchNow := func() string {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v2/mgmt/user/search", strings.NewReader(`{}`))
			r.Header.Set("Authorization", "Bearer "+emulator.DefaultProjectID+":"+emulator.DefaultManagementKey)
			r.Header.Set("Content-Type", "application/json")
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, r)
			return strings.TrimSpace(response{w.Result(), w.Body.Bytes()}.failure() + " " + w.Header().Get("Retry-After"))
		}
		for i, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, "200"}, {20 * time.Second, "200"}, {0, "200"},
			{0, "429 E130429 40"},
			{39500 * time.Millisecond, "429 E130429 1"},
			{500 * time.Millisecond, "200"},
			{0, "429 E130429 20"},
			{20 * time.Second, "200"}, {0, "200"},
			{0, "429 E130429 40"},
		} {
			time.Sleep(step.wait)
			if got := searchNow(); got != step.want {
				t.Errorf("step %d: got %q, want %q", i, got, step.want)
			}
		}
	})
}

func TestRateLimitIsForSearchesAlone(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{RateLimit: 1})
	for range 3 {
		if got := call(t, srv, roles, "").failure(); got != "200" {
			t.Error(got)
		}
	}
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := emulator.New(numbered(1), emulator.Options{Latency: time.Second})
		start := time.Now()
		srv.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/mgmt/role/all", http.NoBody))
		if took := time.Since(start); took != time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestIntercept(t *testing.T) {
	srv := emulatortest.Start(t, numbered(2), emulator.Options{})
	var seen []int
	srv.Intercept(func(operation string, call int, w http.ResponseWriter, r *http.Request) bool {
		if operation != "SearchUsers" {
			return false
		}
		seen = append(seen, call)
		switch call {
		case 1: // Reads the body, and leaves the answer to the server.
			body, err := io.ReadAll(r.Body)
			return err != nil || string(body) != `{"limit":1}`
		case 2:
			w.WriteHeader(http.StatusBadGateway)
			return true
		case 3: // Alters the answer.
			w.Header().Set("X-Altered", "yes")
			srv.Answer(w, r)
			return true
		}
		return false
	})
	for i, want := range []int{200, 502, 200, 200} {
		reply := call(t, srv, search, `{"limit":1}`)
		if reply.StatusCode != want || (reply.Header.Get("X-Altered") == "yes") != (i == 2) {
			t.Errorf("call %d: HTTP %d %v", i+1, reply.StatusCode, reply.Header)
		}
		if got := call(t, srv, roles, "").failure(); got != "200" {
			t.Error(got)
		}
	}
	if !slices.Equal(seen, []int{1, 2, 3, 4}) {
		t.Errorf("calls %v", seen)
	}
	srv.Intercept(nil)
	if got := call(t, srv, search, `{}`).failure(); got != "200" || len(seen) != 4 {
		t.Error(got, seen)
	}
}

func TestRequests(t *testing.T) {
	var observed []emulator.Request
	srv := emulatortest.Start(t, numbered(1), emulator.Options{
		KeepRequests: 3,
		Observe:      func(r emulator.Request) { observed = append(observed, r) },
	})
	call(t, srv, search, `{"limit":1}`)
	call(t, srv, loadUser+"?userId=u0", "")
	call(t, srv, "GET /nowhere", "")
	call(t, srv, search, `{"wrong":1}`)

	kept := srv.Requests()
	want := []emulator.Request{
		{Operation: "SearchUsers", Method: "POST", Path: "/v2/mgmt/user/search", Body: []byte(`{"limit":1}`)},
		{Operation: "LoadUser", Method: "GET", Path: "/v1/mgmt/user", Query: "userId=u0"},
		{Method: "GET", Path: "/nowhere"},
	}
	if !slices.EqualFunc(kept, want, func(a, b emulator.Request) bool {
		return a.Operation == b.Operation && a.Method == b.Method && a.Path == b.Path && a.Query == b.Query &&
			string(a.Body) == string(b.Body) && a.InFlight == 1 && !a.At.IsZero()
	}) {
		t.Errorf("got %v", kept)
	}
	if len(observed) != 4 || srv.Count("SearchUsers") != 2 || srv.Counts()["LoadUser"] != 1 || srv.MaxInFlight() != 1 {
		t.Error(len(observed), srv.Counts(), srv.MaxInFlight())
	}
	srv.ResetRequests()
	if len(srv.Requests()) != 0 || srv.Count("SearchUsers") != 0 || srv.MaxInFlight() != 0 {
		t.Error("not reset")
	}
}

func TestMaxInFlight(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1), emulator.Options{})
	var all sync.WaitGroup
	var arrived sync.WaitGroup
	arrived.Add(5)
	srv.Intercept(func(string, int, http.ResponseWriter, *http.Request) bool {
		arrived.Done()
		arrived.Wait()
		return false
	})
	for range 5 {
		all.Go(func() { call(t, srv, roles, "") })
	}
	all.Wait()
	if got := srv.MaxInFlight(); got != 5 {
		t.Errorf("got %d, want 5", got)
	}
}

func TestState(t *testing.T) {
	srv := emulatortest.Start(t, office(), emulator.Options{})
	call(t, srv, updateStatus, `{"loginId":"ada","status":"disabled"}`)
	call(t, srv, logout, `{"userId":"ada"}`)
	srv.ResetRequests()
	r := srv.Request(t, "GET "+emulator.StatePath, "")
	r.Header.Del("Authorization")
	const want = `{"users":[{"userId":"ada","loginIds":["ada@x.example"],"status":"disabled","roleNames":["P"],"userTenants":[` +
		`{"tenantId":"T1","roleNames":["P","Own"]},{"tenantId":"gone","roleNames":["lost"]}]}],` +
		`"effects":[{"kind":"signed-out","userId":"ada"}]}`
	if got := string(send(t, r).body); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if len(srv.Requests()) != 0 {
		t.Error("the state is no request of the API")
	}
}

// Tests read and change the state while it is being served.
func TestConcurrentUse(t *testing.T) {
	srv := emulatortest.Start(t, office(), emulator.Options{})
	store := srv.Store()
	var all sync.WaitGroup
	for _, work := range []func(){
		func() { call(t, srv, search, `{"sort":[{"field":"createdTime"}]}`) },
		func() { call(t, srv, addRoles, `{"loginId":"ada","roleNames":["Q"]}`) },
		func() { call(t, srv, removeRoles, `{"loginId":"ada","roleNames":["Q"]}`) },
		func() { call(t, srv, "GET "+emulator.StatePath, "") },
		func() { store.PutUser(emulator.User{UserID: "bob"}) },
		func() { store.DeleteUser("bob") },
		func() { store.PutRole(emulator.Role{Name: "P", PermissionNames: []string{"x"}}) },
		func() { store.Assignments() },
		func() { srv.Deny("LoadUser"); srv.Allow("LoadUser") },
		func() { srv.Requests() },
	} {
		all.Go(func() {
			for range 20 {
				work()
			}
		})
	}
	all.Wait()
}
