package emulator_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// office has project roles P and Q, tenant T1 with a role Own, tenant T2 with
// another role Own and one more, and ada, a member of T1.
func office() emulator.Project {
	return emulator.Project{
		Tenants: []emulator.Tenant{{ID: "T1", Name: "One"}, {ID: "T2", Name: "Two"}},
		Roles: []emulator.Role{
			{Name: "P", PermissionNames: []string{"p"}}, {Name: "Q"},
			{Name: "Own", TenantID: "T1"}, {Name: "Own", TenantID: "T2"}, {Name: "Only2", TenantID: "T2"},
		},
		Users: []emulator.User{{
			UserID: "ada", LoginIDs: []string{"ada@x.example"},
			RoleNames: []string{"P"},
			Tenants:   []emulator.Membership{{TenantID: "T1", RoleNames: []string{"P", "Own"}}, {TenantID: "gone", RoleNames: []string{"lost"}}},
		}},
	}
}

func TestAssignments(t *testing.T) {
	const before = "[P] T1[P Own] gone[lost]"
	for _, tt := range []struct {
		name, what, body string
		want             string // what ada holds afterwards, or the failure
	}{
		{"project role", addRoles, `{"loginId":"ada","roleNames":["Q"]}`, "[P Q] T1[P Own] gone[lost]"},
		{"by login id", addRoles, `{"loginId":"ada@x.example","roleNames":["Q"]}`, "[P Q] T1[P Own] gone[lost]"},
		{"empty tenant means the project", addRoles, `{"loginId":"ada","tenantId":"","roleNames":["Q"]}`, "[P Q] T1[P Own] gone[lost]"},
		{"null tenant means the project", addRoles, `{"loginId":"ada","tenantId":null,"roleNames":["Q"]}`, "[P Q] T1[P Own] gone[lost]"},
		{"project role inside a tenant", addRoles, `{"loginId":"ada","tenantId":"T1","roleNames":["Q"]}`, "[P] T1[P Own Q] gone[lost]"},
		{"twice", addRoles, `{"loginId":"ada","tenantId":"T1","roleNames":["Own","Own"]}`, before},
		{"no roles", addRoles, `{"loginId":"ada","roleNames":[]}`, before},
		{"tenant's role in the project", addRoles, `{"loginId":"ada","roleNames":["Own"]}`, "400 E111403"},
		{"another tenant's role", addRoles, `{"loginId":"ada","tenantId":"T1","roleNames":["Only2"]}`, "400 E111403"},
		{"one of two is unknown", addRoles, `{"loginId":"ada","roleNames":["Q","none"]}`, "400 E111403"},
		{"not a member", addRoles, `{"loginId":"ada","tenantId":"T2","roleNames":["P"]}`, "400 E011004"},
		{"unknown tenant", addRoles, `{"loginId":"ada","tenantId":"none","roleNames":["P"]}`, "400 E111104"},
		{"unknown user", addRoles, `{"loginId":"bob","roleNames":["P"]}`, "404 E112102"},

		{"v2 project role", addRolesV2, `{"loginId":"ada","roleNames":["Q"]}`, "[P Q] T1[P Own] gone[lost]"},
		{"v2 makes a member", addRolesV2, `{"loginId":"ada","tenantId":"T2","roleNames":["Own"]}`, "[P] T1[P Own] gone[lost] T2[Own]"},
		{"v2 keeps a member", addRolesV2, `{"loginId":"ada","tenantId":"T1","roleNames":["Q"]}`, "[P] T1[P Own Q] gone[lost]"},
		{"v2 unknown role makes no member", addRolesV2, `{"loginId":"ada","tenantId":"T2","roleNames":["none"]}`, "400 E111403"},
		{"v2 unknown tenant", addRolesV2, `{"loginId":"ada","tenantId":"none","roleNames":["P"]}`, "400 E111104"},

		{"take project role", removeRoles, `{"loginId":"ada","roleNames":["P"]}`, "[] T1[P Own] gone[lost]"},
		{"take role inside a tenant", removeRoles, `{"loginId":"ada","tenantId":"T1","roleNames":["P"]}`, "[P] T1[Own] gone[lost]"},
		{"take what is not held", removeRoles, `{"loginId":"ada","roleNames":["Q"]}`, before},
		{"take a role that is gone", removeRoles, `{"loginId":"ada","tenantId":"gone","roleNames":["lost"]}`, "[P] T1[P Own] gone[]"},
		{"take an unknown role", removeRoles, `{"loginId":"ada","roleNames":["none"]}`, "400 E111403"},
		{"take from one who is not a member", removeRoles, `{"loginId":"ada","tenantId":"T2","roleNames":["Own"]}`, "400 E011004"},

		{"join", addTenant, `{"loginId":"ada","tenantId":"T2"}`, "[P] T1[P Own] gone[lost] T2[]"},
		{"join twice", addTenant, `{"loginId":"ada","tenantId":"T1"}`, before},
		{"join an unknown tenant", addTenant, `{"loginId":"ada","tenantId":"none"}`, "400 E111104"},
		{"join as nobody", addTenant, `{"loginId":"bob","tenantId":"T1"}`, "404 E112102"},

		{"leave", removeTenant, `{"loginId":"ada","tenantId":"T1"}`, "[P] gone[lost]"},
		{"leave what one is not in", removeTenant, `{"loginId":"ada","tenantId":"T2"}`, before},
		{"leave a tenant that is gone", removeTenant, `{"loginId":"ada","tenantId":"gone"}`, "[P] T1[P Own]"},
		{"leave an unknown tenant", removeTenant, `{"loginId":"ada","tenantId":"none"}`, "400 E111104"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			srv := emulatortest.Start(t, office(), emulator.Options{})
			reply := call(t, srv, tt.what, tt.body)
			after := holds(t, call(t, srv, loadUser+"?userId=ada", ""))
			got := reply.failure()
			if got == "200" {
				got = holds(t, reply)
				if got != after {
					t.Errorf("the reply says %s, the user is %s", got, after)
				}
			} else if after != before {
				t.Errorf("a failed call left %s", after)
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A write to a raw row rewrites what the user holds, and nothing else.
func TestAssignToRawUser(t *testing.T) {
	project := office()
	project.Users = nil
	srv := emulatortest.Start(t, project, emulator.Options{})
	srv.Store().AddRawUser(`{"userId":"raw","status":"frozen","newField":[1.50],"userTenants":null}`)
	got := string(call(t, srv, addRolesV2, `{"loginId":"raw","tenantId":"T1","roleNames":["P"]}`).body)
	for _, part := range []string{
		`"status":"frozen"`, `"newField":[1.50]`, `"roleNames":[]`,
		`"userTenants":[{"tenantId":"T1","roleNames":["P"],"tenantName":"One","permissions":["p"]}]`,
	} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
}
