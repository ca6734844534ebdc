package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/mapping"
)

// change is a write request.
type change struct {
	operation string
	body      map[string]any
}

// changes returns the write requests, and clears the list of requests.
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
			step("grant again", true, granted, grantTo(file, test.entitlement, "user", test.held.UserID)...)

			file = synced(t, d) // A grant can be revoked once it is in the file.
			d.ResetRequests()
			grant := test.entitlement + ":user:" + test.held.UserID
			step("revoke", false, revoked, revoke(file, grant)...)
			step("revoke again", false, revoked, revoke(file, grant)...)
			step("grant once more", true, granted, grantTo(file, test.entitlement, "user", test.held.UserID)...)
		})
	}
}

// Revoking a membership removes the roles inside the tenant.
func TestRevokingAMembershipRemovesItsRoles(t *testing.T) {
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

// A mapping may say less than its operations do. The change is made, and fails with the
// list of what else is different.
func TestChangesThatChangeMore(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old, new string // in the mapping
		args     func(file string) []string
		wrote    string
		says     string
	}{
		"leaving a tenant takes its roles": {
			"          also_revokes: {entitlement: role.assigned, on: {tenantId: resource.id}} # its roles go with it\n", "",
			func(file string) []string { return revoke(file, "tenant:T2acme:member:user:U2demoAmaraOkafor") },
			"RemoveUserTenant",
			`RemoveUserTenant made the change, and more is different: the user lost role.assigned on "T2acme/Approver", role.assigned on "T2acme/Tenant Admin"; either RemoveUserTenant does more`,
		},
		"a role makes a member": {
			"          operation: AddUserRoles\n", "          operation: AddUserRolesV2\n",
			func(file string) []string {
				return grantTo(file, "role:T2cobalt/Viewer:assigned", "user", "U2demoAmaraOkafor")
			},
			"AddUserRolesV2",
			`AddUserRolesV2 made the change, and more is different: the user was given tenant.member on "T2cobalt"; either AddUserRolesV2 does more`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			src := strings.Replace(string(mapping.Descope), test.old, test.new, 1)
			src = strings.Replace(src, "          requires: {entitlement: tenant.member, on: {id: resource.tenantId}}\n", "", 1)
			own := filepath.Join(t.TempDir(), "own.yaml")
			if err := os.WriteFile(own, []byte(src), 0o600); err != nil {
				t.Fatal(err)
			}
			file := synced(t, d, "--mapping", own)
			d.ResetRequests()
			e := fails(t, d, append(test.args(file), "--mapping", own)...)
			e.contains(t, test.says)
			if wrote := changes(t, d); len(wrote) != 1 || wrote[0].operation != test.wrote {
				t.Errorf("wrote %v", wrote)
			}
		})
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
		"a tenant's role, to someone outside":  {grantTo(file, "role:T2acme/Approver:assigned", "user", "U2demoRuneHolt"), `grant "tenant:T2acme:member" first`},
		"a project's role, to someone outside": {grantTo(file, "role:T2acme/Member:assigned", "user", "U2demoRuneHolt"), `grant "tenant:T2acme:member" first`},
		"a permission":                         {grantTo(file, "permission:api:read:granted", "role", "Viewer"), "A role's permissions are changed in Descope"},
		"a permission, taken away":             {revoke(file, "permission:report:read:granted:role:Viewer"), "A role's permissions are changed in Descope"},
	} {
		fails(t, d, test.args...).contains(t, test.says)
		if wrote := changes(t, d); wrote != nil {
			t.Errorf("%s: wrote %v", name, wrote)
		}
	}
}

// The sequence with which Baton connectors are tested: sync, grant, sync, revoke, sync,
// grant, each change twice. The last three entitlements have one holder at the start, or
// none, so the file does not know what is granted.
func TestAcceptance(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ entitlement, user string }{
		"a role of the project":                 {"role:Viewer:assigned", "U2demoChloeDuval"},
		"a role of a tenant":                    {"role:T2acme/Approver:assigned", "U2demoChloeDuval"},
		"a membership":                          {"tenant:T2cobalt:member", "U2demoChloeDuval"},
		"a project's role, first in its tenant": {"role:T2dune/Auditor:assigned", "U2demoMiloKrantz"},
		"another one, of an escaped name":       {"role:T2dune/Support%2FL1:assigned", "U2demoMiloKrantz"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := descope(t, emulator.Demo())
			user, _ := d.Store().User(test.user)
			who := fmt.Sprintf("%s (%s)", user.Name, user.UserID)
			grant := test.entitlement + ":user:" + test.user
			file := filepath.Join(t.TempDir(), "sync.c1z")
			syncs := func(held bool) {
				t.Helper()
				succeeds(t, d, "-f", file)
				if _, got := read(t, file).grants[grant]; got != held {
					t.Fatalf("held in the file is %t", got)
				}
			}
			says := func(line string, args ...string) {
				t.Helper()
				e := connector(t, d, args...)
				if e.code != 0 || !regexp.MustCompile(`(?m)^`+regexp.QuoteMeta(line)).MatchString(e.all) {
					t.Fatalf("exit code %d, without a line %q\n%s", e.code, line, e.all)
				}
			}
			grants := grantTo(file, test.entitlement, "user", test.user)
			syncs(false)
			says("granted "+test.entitlement+" to "+who, grants...)
			says("nothing to do: held already by "+who, grants...)
			syncs(true)
			says("revoked "+test.entitlement+" from "+who, revoke(file, grant)...)
			says("nothing to do: not held any more by "+who, revoke(file, grant)...)
			syncs(false)
			says("granted "+test.entitlement+" to "+who, grants...)
			syncs(true)
		})
	}
}

// A grant of something newer than the sync is looked up in the API, and the output says so.
func TestGrantOfWhatTheFileLacks(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file := synced(t, d)
	d.Store().PutTenant(emulator.Tenant{ID: "T2new", Name: "New"})
	d.Store().PutRole(emulator.Role{TenantID: "T2new", Name: "Owner"})
	d.Store().PutUser(emulator.User{UserID: "U2new", Name: "Nora New", LoginIDs: []string{"nora@new.example"}})
	for _, test := range []struct{ entitlement, user, says string }{
		{"tenant:T2new:member", "U2new", "granted tenant:T2new:member to Nora New (U2new); not in " + file + " and looked up at the API: entitlement, user"},
		{"role:T2new/Owner:assigned", "U2new", "granted role:T2new/Owner:assigned to Nora New (U2new)"},
		{"role:T2new/Viewer:assigned", "U2new", "granted role:T2new/Viewer:assigned to Nora New (U2new)"},
		{"tenant:T2new:member", "U2demoChloeDuval", "granted tenant:T2new:member to Chloe Duval (U2demoChloeDuval); not in " + file + " and looked up at the API: entitlement"},
		{"role:Viewer:assigned", "U2new", "granted role:Viewer:assigned to Nora New (U2new); not in " + file + " and looked up at the API: user"},
	} {
		e := connector(t, d, grantTo(file, test.entitlement, "user", test.user)...)
		if e.code != 0 {
			t.Errorf("%v: exit code %d", test, e.code)
		}
		e.contains(t, test.says)
	}
	held := d.Store().Assignments()
	for _, a := range []emulator.Assignment{{UserID: "U2new", TenantID: "T2new", RoleName: "Viewer"}, {UserID: "U2new", TenantID: "T2new", RoleName: "Owner"}, {UserID: "U2new", RoleName: "Viewer"}} {
		if !held[a] {
			t.Errorf("%v is not held", a)
		}
	}
}

// Resources that came from another connector's file are not changed.
func TestExternalResourcesAreNotChanged(t *testing.T) {
	t.Parallel()
	other := descope(t, emulator.Generate(emulator.Size{Users: 20}))
	external := synced(t, other)
	d := descope(t, emulator.Demo())
	file := filepath.Join(t.TempDir(), "sync.c1z")
	succeeds(t, d, "-f", file, "--external-resource-c1z", external)
	d.ResetRequests()
	fails(t, d, grantTo(file, "tenant:"+other.Store().Tenants()[0].ID+":member", "user", "U2demoChloeDuval")...).
		contains(t, "is on a resource of another connector, and is changed with that one")
	if sent := d.Requests(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}

// An error names what is missing, and the nearest name.
func TestWhatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	project := emulator.Demo()
	project.Users = append(project.Users,
		emulator.User{UserID: "U2twin1", Name: "Tess Twin", LoginIDs: []string{"twin"}, Email: "one@twin.example"},
		emulator.User{UserID: "U2twin2", Name: "Tess Twin", LoginIDs: []string{"other", "second"}, Email: "two@twin.example"})
	d := descope(t, project)
	file := synced(t, d)
	nothing := filepath.Join(t.TempDir(), "nothing.c1z")
	if err := os.WriteFile(nothing, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text.c1z")
	if err := os.WriteFile(text, []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.ResetRequests()
	const approver = "role:T2acme/Approver:assigned"
	to := func(entitlement, principal string, more ...string) []string {
		return append([]string{"-f", file, "-p", "--grant-entitlement", entitlement, "--grant-principal", principal}, more...)
	}
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"an unknown user":        {to(approver, "U2nobody"), file + ` has no user "U2nobody", nor has the API: there is no user "U2nobody"`},
		"no user":                {to(approver, ""), `--grant-principal is missing: give the id of who is to have it`},
		"an e-mail address":      {to(approver, "Chloe.Duval@acme.example"), `has no user with the id "Chloe.Duval@acme.example"; that is the e-mail address of Chloe Duval (U2demoChloeDuval): give the id`},
		"a login ID":             {to(approver, "twin", "--grant-principal-type", "user"), `; that is the login ID of Tess Twin (U2twin1)`},
		"another login ID":       {to(approver, "second"), `; that is the login ID of Tess Twin (U2twin2): give the id`},
		"a name":                 {to(approver, "chloe duval"), `; that is the name of Chloe Duval (U2demoChloeDuval): give the id`},
		"the name of two":        {to(approver, "tess twin"), `; that is the name of Tess Twin (U2twin1) and the name of Tess Twin (U2twin2): give the id`},
		"an id with its type":    {to(approver, "user:U2demoChloeDuval"), `; that is the type and id of Chloe Duval (U2demoChloeDuval): give the id`},
		"an id in small":         {to(approver, "u2demochloeduval"), `; that is the id in other letters of Chloe Duval`},
		"an unknown type":        {to(approver, "U2demoChloeDuval", "--grant-principal-type", "users"), `--grant-principal-type: there is no resource type "users"; did you mean "user"?`},
		"a type that holds none": {to(approver, "Viewer", "--grant-principal-type", "role"), `--grant-principal-type "role": ` + approver + ` can be held by a user only`},

		"half an id":                {to("role:T2acme/Approver", "U2demoChloeDuval"), `has no entitlement "role:T2acme/Approver"; an id has the form TYPE:ID:ENTITLEMENT; did you mean "` + approver + `"?`},
		"the name of a role":        {to("approver (acme robotics)", "U2demoChloeDuval"), `; did you mean "` + approver + `"?`},
		"the name on a page":        {to("Approver (Acme Robotics) assigned", "U2demoChloeDuval"), `; did you mean "` + approver + `"?`},
		"an id that is not escaped": {to("role:Support/L2:assigned", "U2demoChloeDuval"), `; did you mean "role:Support%2FL2:assigned"?`},
		"a misspelt role":           {to("role:T2acme/Aprover:assigned", "U2demoChloeDuval"), `there is no role "T2acme/Aprover", and no role "Aprover" that it could be; did you mean "` + approver + `"?`},
		"a misspelt entitlement":    {to("role:T2acme/Approver:asigned", "U2demoChloeDuval"), `there is no entitlement "role:T2acme/Approver:asigned"; did you mean "` + approver + `"?`},
		"a misspelt resource type":  {to("roles:T2acme/Approver:assigned", "U2demoChloeDuval"), `there is no resource type "roles"; did you mean "role"?`},
		"a tenant that is not":      {to("role:T9/Auditor:assigned", "U2demoChloeDuval"), `nor has the API: there is no role "T9/Auditor": there is no tenant "T9"`},
		"a role that is not":        {to("role:T2dune/Nope:assigned", "U2demoMiloKrantz"), `nor has the API: there is no role "T2dune/Nope", and no role "Nope" that it could be`},
		"both are not": {
			to("role:Nope:assigned", "U2nobody", "--grant-principal-type", "user"),
			file + ` has no entitlement "role:Nope:assigned", nor has the API: there is no role "Nope"; ` + file + ` has no user "U2nobody", nor has the API: there is no user "U2nobody"`,
		},

		"a grant of nobody":          {revoke(file, "role:Viewer:assigned:user:U2nobody"), file + ` has no grant "role:Viewer:assigned:user:U2nobody": there is no user with the id "U2nobody"`},
		"a grant with a login ID":    {revoke(file, approver+":user:second"), `there is no user with the id "second"; that is the login ID of Tess Twin (U2twin2): give the id`},
		"a grant of a misspelt role": {revoke(file, "role:T2acme/Aprover:assigned:user:U2demoChloeDuval"), `there is no entitlement "role:T2acme/Aprover:assigned"; did you mean "` + approver + `"?`},
		"an entitlement for a grant": {revoke(file, approver), `that is an entitlement: give who holds it as well, as in ` + approver + `:TYPE:ID`},
		"a grant that is not held":   {revoke(file, approver+":user:U2demoChloeDuval"), `Chloe Duval (U2demoChloeDuval) did not hold ` + approver + `; sync into that file first if it was granted since`},
		"no grant":                   {revoke(file, "nonsense"), `has no grant "nonsense"; an id has the form ENTITLEMENT:TYPE:ID`},
		"no file":                    {revoke(filepath.Join(t.TempDir(), "none.c1z"), "x"), "none.c1z: sync into it first"},
		"an empty file":              {revoke(nothing, "x"), "nothing.c1z holds no sync: sync into it first"},
		"a file of something else":   {revoke(text, "x"), "text.c1z: the file cannot be read as a c1z"},
		"a folder":                   {revoke(t.TempDir(), "x"), "choose another"},
	} {
		// The last line is the error; the log before it repeats it as JSON.
		e := fails(t, d, test.args...)
		if lines := strings.Split(strings.TrimSpace(e.all), "\n"); !strings.Contains(lines[len(lines)-1], test.says) {
			t.Errorf("%s: the error lacks %q:\n%s", name, test.says, lines[len(lines)-1])
		}
		if wrote := changes(t, d); wrote != nil {
			t.Errorf("%s: wrote %v", name, wrote)
		}
	}
}

// Without -p nothing is sent, whatever the source of the change and the flag.
func TestChangesNeedProvisioning(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file := synced(t, d)
	for name, test := range map[string]struct{ env, args []string }{
		"a grant":           {nil, []string{"--grant-entitlement", "role:Viewer:assigned", "--grant-principal", "U2demoChloeDuval", "--grant-principal-type", "user"}},
		"a revocation":      {nil, []string{"--revoke-grant", "role:Support%2FL2:assigned:user:U2demoKwameAsante"}},
		"the flag is false": {nil, []string{"--provisioning=false", "--revoke-grant", "role:Support%2FL2:assigned:user:U2demoKwameAsante"}},
		"the setting is false": {
			[]string{"BATON_PROVISIONING=false", "BATON_REVOKE_GRANT=role:Support%2FL2:assigned:user:U2demoKwameAsante"}, nil,
		},
	} {
		d.ResetRequests()
		e := run(t, append(test.env, "BATON_MANAGEMENT_KEY="+key), "baton-descope",
			append([]string{"--project-id", d.ProjectID(), "--base-url", d.URL, "-f", file}, test.args...)...)
		if e.code == 0 {
			t.Errorf("%s: exit code 0\n%s", name, e.all)
		}
		e.contains(t, "--provisioning (-p, BATON_PROVISIONING=true)")
		if sent := d.Requests(); len(sent) != 0 {
			t.Errorf("%s: sent %v", name, sent)
		}
	}
}
