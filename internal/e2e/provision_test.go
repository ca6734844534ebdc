package e2e

import (
	"encoding/json"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// change is a request that writes.
type change struct {
	operation string
	body      map[string]any
}

// changes returns the requests that wrote, and forgets all requests.
func changes(t *testing.T, d *emulatortest.Running) []change {
	t.Helper()
	var all []change
	for _, r := range d.Requests() {
		switch r.Operation {
		case "SearchUsers", "LoadUser", "LoadAllTenants", "LoadAllRoles", "LoadAllPermissions":
			continue
		}
		c := change{operation: r.Operation}
		if err := json.Unmarshal(r.Body, &c.body); err != nil {
			t.Fatalf("%s %q: %v", r.Operation, r.Body, err)
		}
		all = append(all, c)
	}
	d.ResetRequests()
	return all
}

func succeeds(t *testing.T, d *emulatortest.Running, args ...string) {
	t.Helper()
	if e := connector(t, d, args...); e.code != 0 {
		t.Fatalf("%v: exit code %d\n%s", args, e.code, e.all)
	}
}

func grantTo(file, entitlement, typ, principal string) []string {
	return []string{"-f", file, "--provisioning", "--grant-entitlement", entitlement, "--grant-principal", principal, "--grant-principal-type", typ}
}

func revoke(file, grant string) []string {
	return []string{"-f", file, "--provisioning", "--revoke-grant", grant}
}

func TestGrantAndRevoke(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		entitlement   string
		held          emulator.Assignment
		grant, revoke string // the operations
		body          map[string]any
	}{
		"a role of the project": {
			"role:Viewer:assigned", emulator.Assignment{UserID: "U2demoChloeDuval", RoleName: "Viewer"},
			"AddUserRoles", "RemoveUserRoles",
			map[string]any{"loginId": "U2demoChloeDuval", "roleNames": []any{"Viewer"}},
		},
		"a role of a tenant": {
			"role:T2acme/Approver:assigned", emulator.Assignment{UserID: "U2demoChloeDuval", TenantID: "T2acme", RoleName: "Approver"},
			"AddUserRoles", "RemoveUserRoles",
			map[string]any{"loginId": "U2demoChloeDuval", "tenantId": "T2acme", "roleNames": []any{"Approver"}},
		},
		"a role of the project inside a tenant": {
			"role:T2acme/Support%2FL2:assigned", emulator.Assignment{UserID: "U2demoChloeDuval", TenantID: "T2acme", RoleName: "Support/L2"},
			"AddUserRoles", "RemoveUserRoles",
			map[string]any{"loginId": "U2demoChloeDuval", "tenantId": "T2acme", "roleNames": []any{"Support/L2"}},
		},
		"a membership": {
			"tenant:T2cobalt:member", emulator.Assignment{UserID: "U2demoChloeDuval", TenantID: "T2cobalt"},
			"AddUserTenant", "RemoveUserTenant",
			map[string]any{"loginId": "U2demoChloeDuval", "tenantId": "T2cobalt"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			before := d.Store().Assignments()
			file := synced(t, d)
			d.ResetRequests()

			step := func(what string, held bool, want []change, args ...string) {
				t.Helper()
				succeeds(t, d, args...)
				if got := changes(t, d); !reflect.DeepEqual(got, want) {
					t.Errorf("%s: wrote %v, want %v", what, got, want)
				}
				after := d.Store().Assignments()
				if after[test.held] != held {
					t.Errorf("%s: held is %t", what, !held)
				}
				delete(after, test.held)
				if !reflect.DeepEqual(after, before) {
					t.Errorf("%s: something else changed", what)
				}
			}
			granted := []change{{test.grant, test.body}}
			revoked := []change{{test.revoke, test.body}}

			step("grant", true, granted, grantTo(file, test.entitlement, "user", test.held.UserID)...)
			step("grant again", true, nil, grantTo(file, test.entitlement, "user", test.held.UserID)...)

			file = synced(t, d) // A grant can be revoked once it is in the file.
			d.ResetRequests()
			grant := test.entitlement + ":user:" + test.held.UserID
			step("revoke", false, revoked, revoke(file, grant)...)
			step("revoke again", false, nil, revoke(file, grant)...)
			step("grant once more", true, granted, grantTo(file, test.entitlement, "user", test.held.UserID)...)
		})
	}
}

// The roles inside a tenant go with the membership.
func TestRevokedMembershipTakesItsRoles(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	succeeds(t, d, revoke(synced(t, d), "tenant:T2acme:member:user:U2demoKwameAsante")...)
	found := read(t, synced(t, d))
	equal(t, found, wantedOf(d.Store(), false, false))
	for id := range found.grants {
		if strings.HasSuffix(id, "U2demoKwameAsante") && strings.Contains(id, "T2acme") {
			t.Errorf("%s is still there", id)
		}
	}
	if _, ok := found.grants["role:Support%2FL2:assigned:user:U2demoKwameAsante"]; !ok {
		t.Error("the project's role of that name is gone")
	}
}

func TestRefusedChanges(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file := synced(t, d)
	d.ResetRequests()
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"a tenant's role, to someone outside":    {grantTo(file, "role:T2acme/Approver:assigned", "user", "U2demoRuneHolt"), `grant "tenant:T2acme:member" first`},
		"a project's role, to someone outside":   {grantTo(file, "role:T2acme/Member:assigned", "user", "U2demoRuneHolt"), `grant "tenant:T2acme:member" first`},
		"a permission":                           {grantTo(file, "permission:api:read:granted", "role", "Viewer"), "A role's permissions are changed in Descope"},
		"a permission, taken away":               {revoke(file, "permission:report:read:granted:role:Viewer"), "A role's permissions are changed in Descope"},
		"a role that nobody holds in the tenant": {grantTo(file, "role:T2dune/Auditor:assigned", "user", "U2demoMiloKrantz"), "sync into that file first"},
		"an unknown user":                        {grantTo(file, "role:Viewer:assigned", "user", "U2nobody"), `baton-descope: cannot grant "role:Viewer:assigned" to the user "U2nobody"`},
		"an unknown grant":                       {revoke(file, "role:Viewer:assigned:user:U2nobody"), `baton-descope: cannot revoke the grant "role:Viewer:assigned:user:U2nobody"`},
		"a file without a sync":                  {revoke(filepath.Join(t.TempDir(), "none.c1z"), "x"), "none.c1z has to have it: sync into that file first"},
	} {
		fails(t, d, test.args...).contains(t, test.says)
		if wrote := changes(t, d); wrote != nil {
			t.Errorf("%s: wrote %v", name, wrote)
		}
	}
}
