package e2e

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/internal/emulator"
)

func equal(t *testing.T, found stored, want wanted) {
	t.Helper()
	equalSets(t, "resources", found.resources, want.resources)
	equalSets(t, "entitlements", found.entitlements, want.entitlements)
	equalSets(t, "grants", found.grants, want.grants)
}

func TestSyncStoresWhatTheProjectHolds(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	d.Store().PutTenant(emulator.Tenant{ID: "T2odd/50%", Name: "Odd: 50 % / Söhne"})
	d.Store().PutPermission(emulator.Permission{Name: "a/b%2F:c d"})
	d.Store().PutRole(emulator.Role{Name: "100%/Tag & Nacht 夜", PermissionNames: []string{"a/b%2F:c d"}})
	d.Store().PutRole(emulator.Role{Name: "Member", TenantID: "T2odd/50%"})
	d.Store().PutUser(emulator.User{
		UserID: "U2odd", LoginIDs: []string{"odd"}, RoleNames: []string{"Member"},
		Tenants: []emulator.Membership{{TenantID: "T2odd/50%", RoleNames: []string{"Member", "100%/Tag & Nacht 夜"}}},
	})

	found := read(t, synced(t, d))
	equal(t, found, wantedOf(d.Store(), false, false))

	// The ids are a contract, so some are here in full.
	for id, name := range map[string]string{
		"role:Support%2FL2":                         "Support/L2",
		"role:T2acme/Approver":                      "Approver (Acme Robotics)",
		"role:T2birch/Approver":                     "Approver (Birch & Sons)",
		"role:T2acme/Support%2FL2":                  "Support/L2 (Acme Robotics)",
		"role:T2odd%2F50%25/100%25%2FTag & Nacht 夜": "100%/Tag & Nacht 夜 (Odd: 50 % / Söhne)",
		"permission:a%2Fb%252F:c d":                 "a/b%2F:c d",
		"user:U2demodeployrobot":                    "deploy-robot",
	} {
		if found.resources[id].DisplayName != name {
			t.Errorf("%s is called %q, want %q", id, found.resources[id].DisplayName, name)
		}
	}
	for _, id := range []string{
		"role:Member:assigned:user:U2odd",
		"role:T2odd%2F50%25/Member:assigned:user:U2odd",
		"role:T2odd%2F50%25/100%25%2FTag & Nacht 夜:assigned:user:U2odd",
		"tenant:T2odd%2F50%25:member:user:U2odd",
		"permission:a%2Fb%252F:c d:granted:role:T2odd%2F50%25/100%25%2FTag & Nacht 夜",
	} {
		if _, ok := found.grants[id]; !ok {
			t.Errorf("there is no grant %s", id)
		}
	}
	for id, r := range found.resources {
		tenant, _, inside := strings.Cut(r.ID.Resource, "/")
		switch inside = inside && r.ID.ResourceType == "role"; {
		case inside && (r.Parent == nil || *r.Parent != resourceID{"tenant", tenant}):
			t.Errorf("the parent of %s is %v", id, r.Parent)
		case !inside && r.Parent != nil:
			t.Errorf("the parent of %s is %s", id, r.Parent)
		}
	}
}

func TestStatuses(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Project{})
	for _, status := range []string{"enabled", "invited", "disabled", "expired", "frozen"} {
		d.Store().PutUser(emulator.User{UserID: "U2" + status, LoginIDs: []string{status}, Status: status})
	}
	found := read(t, synced(t, d))
	for status, want := range map[string][2]string{
		"enabled":  {"RESOURCE_STATUS_ENABLED", ""},
		"invited":  {"RESOURCE_STATUS_PENDING", "invited"},
		"disabled": {"RESOURCE_STATUS_DISABLED", ""},
		"expired":  {"RESOURCE_STATUS_DISABLED", "expired"},
		"frozen":   {"", "frozen"},
	} {
		got := found.resources["user:U2"+status].Status
		if got.Status != want[0] || got.Details != want[1] {
			t.Errorf("%s: got %q %q, want %q", status, got.Status, got.Details, want)
		}
	}
}

// A sync reads everything once. Validation before it costs one small request per resource
// type.
func TestRequestsOfASync(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Generate(emulator.Size{Users: 1234}))
	found := read(t, synced(t, d))
	equal(t, found, wantedOf(d.Store(), false, false))
	want := map[string]int{"SearchUsers": 1 + 13, "LoadAllTenants": 1 + 1, "LoadAllRoles": 1 + 1, "LoadAllPermissions": 1 + 1}
	if got := d.Counts(); !maps.Equal(got, want) {
		t.Errorf("requests %v, want %v", got, want)
	}
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	found := read(t, synced(t, d, "--include-test-users", "--expand-permissions"))
	equal(t, found, wantedOf(d.Store(), true, true))
	if _, ok := found.resources["user:U2demoTestOne"]; !ok {
		t.Error("there are no test users")
	}
	if _, ok := found.grants["permission:patient:read:granted:user:U2demoBrunoSilva"]; !ok {
		t.Error("permissions are not expanded")
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file := filepath.Join(t.TempDir(), "sync.c1z")
	e := run(t, []string{
		"BATON_PROJECT_ID=" + d.ProjectID(), "BATON_MANAGEMENT_KEY=" + key, "BATON_BASE_URL=" + d.URL,
		"BATON_FILE=" + file, "BATON_INCLUDE_TEST_USERS=true", "BATON_LOG_LEVEL=debug",
	}, "baton-descope")
	hidden(t, "the output", []byte(e.all))
	if e.code != 0 {
		t.Fatalf("exit code %d\n%s", e.code, e.all)
	}
	equal(t, read(t, file), wantedOf(d.Store(), true, false))
}

func TestConfigurationFile(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	dir := t.TempDir()
	file, config := filepath.Join(dir, "sync.c1z"), filepath.Join(dir, "descope.yaml")
	write(t, config, "project-id: "+d.ProjectID()+"\nmanagement-key: "+key+"\nbase-url: "+d.URL+"\nexpand-permissions: true\nlog-level: debug\n")
	e := run(t, []string{"BATON_CONFIG_PATH=" + config}, "baton-descope", "-f", file)
	hidden(t, "the output", []byte(e.all))
	if e.code != 0 {
		t.Fatalf("exit code %d\n%s", e.code, e.all)
	}
	equal(t, read(t, file), wantedOf(d.Store(), false, true))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// The exit code of a sync that fails midway shows the cause, and the file of the last sync
// is unchanged.
func TestFailureInTheMiddle(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault func(w http.ResponseWriter)
		code  int
		says  []string
	}{
		"the key is refused": {
			func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) },
			int(codes.Unauthenticated), []string{"SearchUsers: HTTP 401", "is as it was before", "what was read is kept in"},
		},
		"the key may not": {
			func(w http.ResponseWriter) { w.WriteHeader(http.StatusForbidden) },
			int(codes.PermissionDenied), []string{"SearchUsers: HTTP 403", "is as it was before", "what was read is kept in"},
		},
		"the list is gone": {
			func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) },
			0, []string{"SearchUsers: HTTP 404", "is as it was before"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Generate(emulator.Size{Users: 2500}))
			file := synced(t, d)
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			d.Intercept(func(operation string, call int, w http.ResponseWriter, _ *http.Request) bool {
				if operation != "SearchUsers" || call < 40 { // 26 searches by the first sync, one to validate this.
					return false
				}
				test.fault(w)
				return true
			})
			e := fails(t, d, "-f", file)
			e.contains(t, test.says...)
			if test.code != 0 && e.code != test.code {
				t.Errorf("exit code %d, want %d", e.code, test.code)
			}
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, before) {
				t.Errorf("the file changed: %v", err)
			}
			d.Intercept(nil)
			if e := connector(t, d, "-f", file); e.code != 0 {
				t.Fatalf("exit code %d\n%s", e.code, e.all)
			}
			equal(t, read(t, file), wantedOf(d.Store(), false, false))
		})
	}
}
