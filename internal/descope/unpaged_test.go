package descope_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// lying changes the replies of one operation.
type lying struct {
	base   http.RoundTripper
	path   string
	change func(n int, header http.Header, body map[string]any) // n is 0 for the validation, and then counts the readings
	mu     sync.Mutex
	n      int
}

func (l *lying) RoundTrip(request *http.Request) (*http.Response, error) {
	reply, err := l.base.RoundTrip(request)
	if err != nil || !strings.HasSuffix(request.URL.Path, l.path) {
		return reply, err
	}
	defer reply.Body.Close()
	var body map[string]any
	if err := json.NewDecoder(reply.Body).Decode(&body); err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.change(l.n, reply.Header, body)
	l.n++
	l.mu.Unlock()
	text, err := json.Marshal(body)
	reply.Body, reply.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return reply, err
}

func lyingOptions(t *testing.T, d *emulatortest.Running, path string, change func(n int, header http.Header, body map[string]any)) (connector.Options, *lying) {
	t.Helper()
	o := options(t, d)
	l := &lying{base: o.Base, path: path, change: change}
	if l.base == nil {
		l.base = http.DefaultTransport
	}
	o.Base = l
	return o, l
}

// holders are users with a role of the project, one of a tenant, and one of the
// project in a tenant.
func holders() emulator.Project {
	return company(
		emulator.User{UserID: "U2a", RoleNames: []string{"Editor"}, Tenants: []emulator.Membership{{TenantID: "T1", RoleNames: []string{"Local"}}}},
		emulator.User{UserID: "U2b", RoleNames: []string{"Viewer"}, Tenants: []emulator.Membership{{TenantID: "T2", RoleNames: []string{"Viewer"}}}},
	)
}

// A list in one reply is read again before a dangling reference to it is left out: an
// incomplete first reply costs no grant.
func TestFirstReplyHasLess(t *testing.T) {
	for name, change := range map[string]func(list []any) any{
		"null":        func([]any) any { return nil },
		"empty":       func([]any) any { return []any{} },
		"late by one": func(list []any) any { return list[1:] },
		"cut":         func(list []any) any { return list[:1] },
	} {
		for path, field := range map[string]string{"/role/all": "roles", "/tenant/all": "tenants"} {
			d := emulatortest.Start(t, holders(), emulator.Options{})
			o, l := lyingOptions(t, d, path, func(n int, _ http.Header, body map[string]any) {
				if n == 1 {
					body[field] = change(body[field].([]any))
				}
			})
			got, err := harness.TrySync(t, t.Context(), o)
			switch {
			case name == "cut" && field == "roles" && status.Code(err) == codes.Aborted:
				continue // The tenant's own Editor may have passed for the project's.
			case err != nil:
				t.Fatalf("%s, %s: %v", field, name, err)
			}
			compare(t, expected(project(d), false), got)
			if t.Failed() || l.n != 3 {
				t.Fatalf("%s, %s: %d requests", field, name, l.n)
			}
		}
	}
}

// An empty list that records refer to is an error, also when it is read again.
func TestEmptyListThatRecordsReferTo(t *testing.T) {
	for path, field := range map[string]string{"/role/all": "roles", "/tenant/all": "tenants", "/permission/all": "permissions"} {
		d := emulatortest.Start(t, holders(), emulator.Options{})
		o, _ := lyingOptions(t, d, path, func(_ int, _ http.Header, body map[string]any) { body[field] = nil })
		_, err := harness.TrySync(t, t.Context(), o)
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "and records refer to some") {
			t.Errorf("%s: %v", field, err)
		}
	}
}

// The SDK already has the permissions when the list turns out to be incomplete.
func TestListWasReturnedAlready(t *testing.T) {
	d := emulatortest.Start(t, holders(), emulator.Options{})
	o, _ := lyingOptions(t, d, "/permission/all", func(n int, _ http.Header, body map[string]any) {
		if n == 1 {
			body["permissions"] = body["permissions"].([]any)[1:]
		}
	})
	_, err := harness.TrySync(t, t.Context(), o)
	if status.Code(err) != codes.Aborted || !strings.Contains(err.Error(), "LoadAllPermissions: the list of permissions was not the same when it was read again: 1, and then 2; sync again") {
		t.Error(err)
	}
}

// A reference that still dangles at the second reading is left out, and counted once for
// each grant.
func TestDanglingIsConfirmedOnce(t *testing.T) {
	p := holders()
	p.Users = append(p.Users, emulator.User{UserID: "U2c", RoleNames: []string{"Gone", "Gone too"}}, emulator.User{UserID: "U2d", RoleNames: []string{"Gone"}})
	d := emulatortest.Start(t, p, emulator.Options{})
	o, l := lyingOptions(t, d, "/role/all", func(int, http.Header, map[string]any) {})
	var mu sync.Mutex
	leftOut := 0
	o.Dangling = func(connector.Dangling) {
		mu.Lock()
		defer mu.Unlock()
		leftOut++
	}
	compare(t, expected(project(d), false), harness.Sync(t, o))
	if leftOut != 3 || l.n != 3 {
		t.Errorf("%d grants left out, %d requests", leftOut, l.n)
	}
}

// A list without pages whose reply announces more records is incomplete.
func TestOneReplySaysThereIsMore(t *testing.T) {
	for want, change := range map[string]func(header http.Header, body map[string]any){
		`"total" is 6`:                func(_ http.Header, body map[string]any) { body["total"] = 6 },
		`"nextCursor" names the next`: func(_ http.Header, body map[string]any) { body["nextCursor"] = "abc" },
		`"hasMore" is true`:           func(_ http.Header, body map[string]any) { body["hasMore"] = true },
		"a Link header to the next page": func(header http.Header, _ map[string]any) {
			header.Set("Link", `</v1/mgmt/role/all?page=2>; rel="next"`)
		},
	} {
		d := emulatortest.Start(t, holders(), emulator.Options{})
		o, _ := lyingOptions(t, d, "/role/all", func(_ int, header http.Header, body map[string]any) { change(header, body) })
		_, err := harness.TrySync(t, t.Context(), o)
		if status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "LoadAllRoles: the reply has 5 records and says that there are more: "+want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}
