package e2e

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// accessMapping returns the path of the example with access keys and applications,
// or of something beside it.
func accessMapping(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "mapping", "examples", "descope-access", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExamplesOfTheAccessMapping(t *testing.T) {
	t.Parallel()
	e := run(t, nil, "baton-descope", "mapping", "check", "--strict", accessMapping(t, "access.yaml"))
	if e.code != 0 {
		t.Errorf("exit code %d", e.code)
	}
	e.contains(t, "no mistakes, no warnings")
	e = run(t, nil, "baton-descope", "mapping", "test", accessMapping(t, "testdata"))
	if e.code != 0 {
		t.Errorf("exit code %d", e.code)
	}
	e.contains(t, "2 examples: 2 as expected")
}

// The example with access keys and applications syncs what the built-in mapping does,
// and exactly the keys and applications of the demo project besides.
func TestAccessMapping(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	found := read(t, synced(t, d, "--mapping", accessMapping(t, "access.yaml")))

	want := wantedOf(d.Store(), false, false)
	for _, id := range []string{"Reporting", "Tomasz", "TrialImport", "Nightly", "AcmeSCIM"} {
		want.resources["access_key:K2demo"+id] = true
	}
	want.resources["application:descope-default-oidc"] = true
	want.resources["application:SA2demoWiki"] = true
	// Only a key holds this role of the project inside the tenant.
	const dune = "role:T2dune/Support%2FL2"
	want.resource("role", "T2dune/Support%2FL2", "assigned")
	for id := range want.resources {
		switch {
		case strings.HasPrefix(id, "tenant:"):
			want.entitlements[id+":key_member"] = true
		case strings.HasPrefix(id, "role:"):
			want.entitlements[id+":key_assigned"] = true
		}
	}
	for _, id := range []string{
		"role:Viewer:key_assigned:access_key:K2demoReporting",
		"role:Tenant Admin:key_assigned:access_key:K2demoTomasz",
		"role:Member:key_assigned:access_key:K2demoTrialImport",
		"role:T2birch/Approver:key_assigned:access_key:K2demoNightly",
		dune + ":key_assigned:access_key:K2demoNightly",
		"role:T2acme/Tenant Admin:key_assigned:access_key:K2demoAcmeSCIM",
		"tenant:T2birch:key_member:access_key:K2demoNightly",
		"tenant:T2dune:key_member:access_key:K2demoNightly",
		"tenant:T2acme:key_member:access_key:K2demoAcmeSCIM",
		"permission:Impersonate:granted:" + dune,
		"permission:ticket:close:granted:" + dune,
		"permission:ticket:read:granted:" + dune,
		"permission:ticket:reply:granted:" + dune,
	} {
		want.grants[id] = true
	}
	equal(t, found, want)

	for key, wants := range map[string]map[string]any{
		"Reporting":   {"created_by": "U2demoInesMarlow", "permitted_ips": []any{"192.0.2.0/24", "198.51.100.7"}},
		"Tomasz":      {"created_by": "U2demoTomaszReyl", "acts_for_user": "U2demoTomaszReyl", "expires": 2051514000.0},
		"TrialImport": {"created_by": "U2demoInesMarlow", "expires": 1738746000.0},
	} {
		profile := found.resources["access_key:K2demo"+key].Profile
		if !reflect.DeepEqual(profile, wants) {
			t.Errorf("%s: the profile is %v, want %v", key, profile, wants)
		}
	}
	// Once for the validation, and once for the sync.
	for _, operation := range []string{"SearchAccessKeys", "LoadAllSSOApplications", "LoadAllRoles"} {
		if got := d.Count(operation); got != 2 {
			t.Errorf("%s was called %d times, want 2", operation, got)
		}
	}
}

// Keys show what they hold without users, and what only they show is not there without
// them.
func TestAccessMappingOfOneHolder(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	keys := read(t, synced(t, d, "--mapping", accessMapping(t, "access.yaml"), "--sync-resource-types", "access_key,tenant,role,permission"))
	if _, ok := keys.grants["role:T2dune/Support%2FL2:key_assigned:access_key:K2demoNightly"]; !ok {
		t.Error("without users, a grant to a key is missing")
	}
	d.ResetRequests()
	found := read(t, synced(t, d, "--mapping", accessMapping(t, "access.yaml"), "--sync-resource-types", "user,tenant,role,permission"))
	want := wantedOf(d.Store(), false, false)
	equalSets(t, "resources", found.resources, want.resources)
	equalSets(t, "grants", found.grants, want.grants)
	if got := d.Count("LoadAllSSOApplications"); got > 1 { // the validation's
		t.Errorf("the applications were read %d times", got)
	}
}
