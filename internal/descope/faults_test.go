package descope_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cespare/xxhash/v2"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// A sync under a fault stores exactly what the project holds, or fails with an error that
// names the failed operation. It never stores less. The tests run on synctest's clock,
// where waiting takes no time, with the real waits and limits of the connector.

// threePages is a project with three pages of users.
func threePages() emulator.Project {
	return emulator.Generate(emulator.Size{Users: 250, Tenants: 5, Roles: 8, Permissions: 12})
}

// patience is longer than any transient fault here, on the bubble's clock.
const patience = 3 * time.Hour

// exactOrFailed runs a sync and returns its error. Only this function, with those that it
// calls, defines the permitted outcomes of a sync.
func exactOrFailed(t *testing.T, d *emulatortest.Running, opts ...sdksync.SyncOpt) error {
	t.Helper()
	return exactOrFailedWithin(t, patience, d, options(t, d), opts...)
}

func exactOrFailedWithin(t *testing.T, limit time.Duration, d *emulatortest.Running, o connector.Options, opts ...sdksync.SyncOpt) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	seen := newHistory(d)
	got, err := harness.TrySync(t, ctx, o, opts...)
	seen.note(d)
	if err != nil {
		checkError(t, err)
		return err
	}
	seen.compare(t, got)
	return nil
}

// checkError fails the test when an error that the SDK got from the connector does not
// name the connector, or checkRunError fails.
func checkError(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, sdksync.ErrSyncNotComplete) && !strings.Contains(err.Error(), "baton-descope: ") {
		t.Errorf("the error does not name the connector: %v", err)
	}
	checkRunError(t, err)
}

// checkRunError fails the test when an error has an unexpected code, or contains the key.
// The error of a sync that ran out of time is the SDK's own.
func checkRunError(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, sdksync.ErrSyncNotComplete) {
		return
	}
	if code := status.Code(err); slices.Contains([]codes.Code{codes.OK, codes.Unknown, codes.NotFound, codes.ResourceExhausted, codes.Canceled}, code) {
		t.Errorf("the error has the code %v: %v", code, err)
	}
	if strings.Contains(err.Error(), emulator.DefaultManagementKey) {
		t.Errorf("the error has the key: %v", err)
	}
}

// sampled skips seven of eight cases of a table under -short, which is how the race
// detector runs: all cases have the same races.
func sampled(t *testing.T) {
	t.Helper()
	if testing.Short() && xxhash.Sum64String(t.Name())%8 != 0 {
		t.Skip("one of eight with -short")
	}
}

// outcome is the expected outcome of a case. Its zero value is an exact sync.
type outcome struct {
	code codes.Code
	says string // "%s" stands for the operation
	// either permits an exact sync as well as this error.
	either bool
}

func (o outcome) check(t *testing.T, operation string, err error) {
	t.Helper()
	says := strings.ReplaceAll(o.says, "%s", operation)
	switch {
	case o.either && err == nil, o == outcome{} && err == nil:
	case o == outcome{}:
		t.Errorf("it failed: %v", err)
	case status.Code(err) != o.code || !strings.Contains(err.Error(), says):
		t.Errorf("got %v: %v; want %v and %q", status.Code(err), err, o.code, says)
	}
}

// place is a moment in a sync: the n-th request of an operation. The first request of
// each is that of the validation.
type place struct {
	operation string
	call      int
}

func (p place) String() string { return fmt.Sprintf("%s %d", p.operation, p.call) }

var places = []place{{"SearchUsers", 2}, {"SearchUsers", 3}, {"LoadAllTenants", 2}, {"LoadAllRoles", 2}, {"LoadAllPermissions", 2}}

// failing runs a sync with a fault in a number of requests from a place on.
func failing(t *testing.T, kind string, at place, times int, want outcome) {
	t.Run(fmt.Sprintf("%s %v times %d", kind, at, times), func(t *testing.T) {
		sampled(t)
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			d := emulatortest.StartInMemory(t, threePages(), emulator.Options{})
			d.Fail(t, fmt.Sprintf("%s on=%s call=%d- times=%d", kind, at.operation, at.call, times))
			err := exactOrFailed(t, d)
			want.check(t, at.operation, err)
			if d.Count(at.operation) < at.call {
				t.Errorf("%s was called %d times: there was no fault", at.operation, d.Count(at.operation))
			}
		})
	})
}

// passing has the transient faults.
var passing = []string{
	"429", "429:2", "429:date+5", "429:100", "429:date+100", "500", "502", "503", "503:3", "504", "html:502", "error:E130429",
	"half", "half:chunked", "half:silent", "slow:50s", "slow:70s", "slow-body:50s", "slow-body:70s", "stuck", "stuck:body", "reset",
}

// lasting has the faults that a retry cannot help, and the errors of a sync for them.
var lasting = map[string]outcome{
	"400":             {code: codes.InvalidArgument, says: "baton-descope: %s: HTTP 400 Bad Request: E011004"},
	"401":             {code: codes.Unauthenticated, says: "baton-descope: %s: HTTP 401 Unauthorized: E111119"},
	"403":             {code: codes.PermissionDenied, says: "baton-descope: %s: HTTP 403 Forbidden: E000403: the management key does not allow %s"},
	"404":             {code: codes.FailedPrecondition, says: "baton-descope: %s: HTTP 404 Not Found: E000404"},
	"501":             {code: codes.Unimplemented, says: "baton-descope: %s: HTTP 501 Not Implemented"},
	"html:403":        {code: codes.PermissionDenied, says: "baton-descope: %s: HTTP 403 Forbidden"},
	"html:404":        {code: codes.FailedPrecondition, says: "baton-descope: %s: HTTP 404 Not Found (the reply is not in the API's own form: check the base URL)"},
	"html":            {code: codes.Internal, says: `baton-descope: %s: unusable reply: the content type is "text/html; charset=utf-8", not JSON`},
	"type:text/plain": {code: codes.Internal, says: `baton-descope: %s: unusable reply: the content type is "text/plain", not JSON`},
	"empty":           {code: codes.Internal, says: "baton-descope: %s: unusable reply: HTTP 200 with an empty body"},
	"204":             {code: codes.Internal, says: "baton-descope: %s: unusable reply: HTTP 204 with an empty body"},
	"error:E011001":   {code: codes.FailedPrecondition, says: "baton-descope: %s: HTTP 500 Internal Server Error: E011001"},
	"error:E011002":   {code: codes.FailedPrecondition, says: "baton-descope: %s: HTTP 500 Internal Server Error: E011002"},
	"error:E011003":   {code: codes.FailedPrecondition, says: "baton-descope: %s: HTTP 500 Internal Server Error: E011003"},
	"error:E011004":   {code: codes.FailedPrecondition, says: "baton-descope: %s: HTTP 500 Internal Server Error: E011004"},
	"error:E111119":   {code: codes.FailedPrecondition, says: "baton-descope: %s: HTTP 500 Internal Server Error: E111119"},
}

// enough returns how often a lasting fault has to occur: once, since a permanent error is
// not retried; several times for a 500, which is.
func enough(kind string) int {
	if strings.HasPrefix(kind, "error:") {
		return 4
	}
	return 1
}

func TestTransientFaults(t *testing.T) {
	t.Parallel()
	sorts := []string{"429:2", "503", "half:silent", "stuck", "reset"} // one of each
	for _, at := range places {
		for _, kind := range passing {
			if at.operation == "SearchUsers" || slices.Contains(sorts, kind) {
				failing(t, kind, at, 1, outcome{})
			}
		}
		failing(t, "error:E011004", at, 3, outcome{})
	}
}

// TestBurstOfFaults has more faults in a row than one request has attempts.
func TestBurstOfFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range passing {
		failing(t, kind, place{"SearchUsers", 3}, 6, outcome{})
	}
	for _, kind := range passing {
		failing(t, kind, place{"LoadAllRoles", 2}, 6, outcome{})
	}
}

func TestLastingFaults(t *testing.T) {
	t.Parallel()
	for kind, want := range lasting {
		for _, at := range places {
			times := enough(kind)
			if at == (place{"SearchUsers", 3}) {
				times = 1000 // A prefetched page is requested again when it is needed.
			}
			failing(t, kind, at, times, want)
		}
	}
	const tooLong = "baton-descope: %s: unusable reply: it is longer than the 67108864 bytes that are read"
	failing(t, "huge", place{"SearchUsers", 2}, 1, outcome{})
	failing(t, "huge", place{"LoadAllRoles", 2}, 1, outcome{code: codes.Internal, says: tooLong})
}

// TestFaultsInValidation: a fault stops a sync before it begins, or is transient.
func TestFaultsInValidation(t *testing.T) {
	t.Parallel()
	for _, at := range []place{{"SearchUsers", 1}, {"LoadAllRoles", 1}} {
		for kind, want := range lasting {
			want.says = strings.Replace(want.says, "baton-descope: ", "validate failed: baton-descope: cannot read "+map[string]string{"SearchUsers": "users", "LoadAllRoles": "roles"}[at.operation]+": ", 1)
			failing(t, kind, at, enough(kind), want)
		}
		for _, kind := range []string{"429:2", "503", "half", "stuck", "reset"} {
			failing(t, kind, at, 6, outcome{})
		}
		for kind, code := range map[string]codes.Code{"429:2": codes.Unavailable, "503": codes.Unavailable, "stuck": codes.DeadlineExceeded, "reset": codes.Unavailable} {
			failing(t, kind, at, 1000, outcome{code: code, says: "cannot read "})
		}
	}
}

// TestEndlessFaults: a sync waits without finishing, and retries less and less often.
func TestEndlessFaults(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"429", "429:100", "429:date+100", "503", "html:502", "half:silent", "reset"} {
		for _, operation := range []string{"SearchUsers", "LoadAllRoles"} {
			t.Run(kind+" "+operation, func(t *testing.T) {
				sampled(t)
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					d := emulatortest.StartInMemory(t, threePages(), emulator.Options{})
					d.Fail(t, fmt.Sprintf("%s on=%s call=2-", kind, operation))
					if err := exactOrFailedWithin(t, 30*time.Minute, d, options(t, d)); !errors.Is(err, sdksync.ErrSyncNotComplete) {
						t.Error(err)
					}
					if n := d.Count(operation); n > 600 {
						t.Errorf("%s was called %d times in half an hour", operation, n)
					}
				})
			})
		}
	}
}

// TestPauseStopsAllRequests: after a 429 no request is sent before the pause is over.
func TestPauseStopsAllRequests(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"429:20", "429:date+20", "503:20", "429:200", "429:date+200"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, threePages(), emulator.Options{Latency: 50 * time.Millisecond})
				d.Fail(t, kind+" on=SearchUsers call=3")
				if err := exactOrFailed(t, d, sdksync.WithWorkerCount(6)); err != nil {
					t.Fatal(err)
				}
				requests := d.Requests()
				searches := 0
				refused := slices.IndexFunc(requests, func(r emulator.Request) bool {
					if r.Operation == "SearchUsers" {
						searches++
					}
					return searches == 3
				})
				pause := 20 * time.Second
				if strings.HasSuffix(kind, "200") {
					pause *= 10
				}
				answered := requests[refused].At.Add(50 * time.Millisecond)
				for _, r := range requests[refused+1:] {
					if wait := r.At.Sub(answered); wait > 0 && wait < pause {
						t.Errorf("%s was asked %v after the reply", r.Operation, wait)
					}
				}
			})
		})
	}
}

// TestSeveralFaultsAtOnce: all of them are transient, and nothing is lost.
func TestSeveralFaultsAtOnce(t *testing.T) {
	t.Parallel()
	for seed := range 8 {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, threePages(), emulator.Options{RateLimit: 200})
				var rules []string
				for i, kind := range passing {
					rules = append(rules, fmt.Sprintf("%s p=0.04 seed=%d", kind, 100*seed+i))
				}
				d.Fail(t, rules...)
				if err := exactOrFailed(t, d, sdksync.WithWorkerCount(4)); err != nil && !strings.Contains(err.Error(), "validate failed") {
					t.Error(err)
				}
			})
		})
	}
}

// TestInvalidPages has replies that are JSON but not a list.
func TestInvalidPages(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ operation, body, says string }{
		{"SearchUsers", `{"users":[],"total":250}`, "baton-descope: SearchUsers: "},
		{"SearchUsers", `{"users":null,"total":250}`, "baton-descope: SearchUsers: "},
		{"SearchUsers", `{"total":250}`, `SearchUsers: unusable reply: it has no "users"`},
		{"SearchUsers", `{"users":{},"total":250}`, "SearchUsers: unusable reply: "},
		{"SearchUsers", `{"users":[{"name":"Nobody"}],"total":250}`, "lacks userId"},
		{"SearchUsers", `{"users":[null],"total":250}`, "lacks userId"},
		{"SearchUsers", `{}`, "SearchUsers: unusable reply: "},
		{"SearchUsers", `[]`, "SearchUsers: unusable reply: "},
		{"SearchUsers", `null`, "SearchUsers: unusable reply: "},
		{"SearchUsers", `{"users":[]} {"users":[]}`, "SearchUsers: unusable reply: "},
		{"SearchUsers", `{"ok":false,"errorCode":"E000000"}`, "SearchUsers: HTTP 200 OK: E000000 (an error, although the status says success)"},
		{"SearchUsers", `{"users":[],"total":0,"errorCode":"E000000"}`, "SearchUsers: HTTP 200 OK: E000000"},
		{"LoadAllRoles", `{"roles":[],"errorCode":"E000000","errorMessage":["no"]}`, "LoadAllRoles: HTTP 200 OK: E000000"},
		{"LoadAllTenants", `{"errorCode":"E112102","tenants":null}`, "LoadAllTenants: HTTP 200 OK: E112102"},
		{"LoadAllRoles", `{}`, `LoadAllRoles: unusable reply: it has no "roles"`},
		{"LoadAllRoles", `null`, "LoadAllRoles: unusable reply: "},
		{"LoadAllRoles", `{"roles":"none"}`, "LoadAllRoles: unusable reply: "},
		{"LoadAllRoles", `{"roles":[{"tenantId":"T1"}]}`, "lacks name"},
		{"LoadAllTenants", `{"tenants":[{"name":"One"}]}`, "lacks id"},
		{"LoadAllPermissions", `{"items":[]}`, `LoadAllPermissions: unusable reply: it has no "permissions"`},
	} {
		t.Run(tt.operation+" "+tt.body, func(t *testing.T) {
			sampled(t)
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, threePages(), emulator.Options{})
				d.Intercept(func(operation string, call int, w http.ResponseWriter, _ *http.Request) bool {
					if operation != tt.operation || call == 1 || operation == "SearchUsers" && call == 2 {
						return false
					}
					w.Header().Set("Content-Type", "application/json")
					_, _ = w.Write([]byte(tt.body))
					return true
				})
				if err := exactOrFailed(t, d); err == nil || !strings.Contains(err.Error(), tt.says) {
					t.Errorf("got %v, want %q", err, tt.says)
				}
			})
		})
	}
}

// TestFieldsOfAnotherType: a field that no rule reads may have any type. An error about
// one that a rule reads names its record.
func TestFieldsOfAnotherType(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ operation, field, says string }{
		{"SearchUsers", `"consentExpiration":4102444800000`, ""},
		{"SearchUsers", `"consentExpiration":1e300`, ""},
		{"SearchUsers", `"createdTime":4102444800`, ""},
		{"SearchUsers", `"OAuth":{"google":{"linked":true}}`, ""},
		{"SearchUsers", `"OAuth":[]`, ""},
		{"SearchUsers", `"test":"no"`, ""},
		{"SearchUsers", `"ssoAppIds":{"a":[1]}`, ""},
		{"SearchUsers", `"STATUS":"disabled"`, ""},
		{"LoadAllRoles", `"private":"no"`, ""},
		{"LoadAllTenants", `"domains":"example.com"`, ""},
		{"SearchUsers", `"createdTime":"2025-01-06"`, `SearchUsers: unusable reply: createdTime of user "U2" is text, not a number`},
		{"SearchUsers", `"createdTime":1e300`, `createdTime of user "U2" is a number, not one that fits: it is too large, or has a fraction`},
		{"SearchUsers", `"loginIds":"a@b"`, `loginIds of user "U2" is text, not a list of text`},
		{"SearchUsers", `"userTenants":[{"tenantId":"T1","roleNames":{}}]`, `userTenants.roleNames of user "U2" is an object, not a list of text`},
		{"SearchUsers", `"userId":7`, `userId of record 1 is a number, not text`},
		{"SearchUsers", `"email":"a","email":"b"`, `SearchUsers: unusable reply: an object has a name twice`},
		{"SearchUsers", `"email":"\ud800"`, `SearchUsers: unusable reply: half a character`},
		{"LoadAllTenants", `"name":["T"]`, `LoadAllTenants: unusable reply: name of tenant "T2" is a list, not text`},
		{"LoadAllPermissions", `"description":false`, `LoadAllPermissions: unusable reply: description of permission "P2" is a truth value, not text`},
	} {
		t.Run(tt.operation+" "+tt.field, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := emulatortest.StartInMemory(t, emulator.Project{}, emulator.Options{})
				id := map[string]string{
					"SearchUsers": `"userId":"U2"`, "LoadAllTenants": `"id":"T2"`, "LoadAllRoles": `"name":"R2"`, "LoadAllPermissions": `"name":"P2"`,
				}[tt.operation]
				list := map[string]string{
					"SearchUsers": "users", "LoadAllTenants": "tenants", "LoadAllRoles": "roles", "LoadAllPermissions": "permissions",
				}[tt.operation]
				if strings.HasPrefix(tt.field, `"userId"`) {
					id = `"name":"Nobody"`
				}
				d.Intercept(func(operation string, _ int, w http.ResponseWriter, _ *http.Request) bool {
					if operation != tt.operation {
						return false
					}
					w.Header().Set("Content-Type", "application/json")
					_, _ = fmt.Fprintf(w, `{%q:[{%s,%s}],"total":1}`, list, id, tt.field)
					return true
				})
				_, err := harness.TrySync(t, t.Context(), options(t, d))
				if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
					t.Errorf("got %v, want %q", err, tt.says)
				}
			})
		})
	}
}
