package emulator_test

import (
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

func TestLoadUser(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{Users: []emulator.User{
		{UserID: "u1", LoginIDs: []string{"ada+x@acme.example"}, Test: true},
	}}, emulator.Options{})
	for query, want := range map[string]string{
		"?userId=u1":                      "200",
		"?loginId=ada%2Bx%40acme.example": "200",
		"?userId=u1&loginId=other":        "200",
		"?loginId=u1":                     "404 E112102",
		"?userId=u2":                      "404 E112102",
		"?userId=":                        "400 E011002",
		"":                                "400 E011002",
	} {
		if got := call(t, srv, loadUser+query, "").failure(); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
}

// Every field is in a reply, whatever its value.
func TestZeroValuesAreServed(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{
		Users:       []emulator.User{{UserID: "u"}},
		Tenants:     []emulator.Tenant{{ID: "t"}},
		Roles:       []emulator.Role{{Name: "r"}},
		Permissions: []emulator.Permission{{Name: "p"}},

		SSOApplications: []emulator.SSOApplication{{ID: "a"}},
	}, emulator.Options{})
	for what, want := range map[string]string{
		loadUser + "?userId=u": `{"user":{"userId":"u","loginIds":[],"name":"","givenName":"","middleName":"","familyName":"",` +
			`"email":"","verifiedEmail":false,"phone":"","verifiedPhone":false,"recoveryEmail":"","verifiedRecoveryEmail":false,` +
			`"recoveryPhone":"","verifiedRecoveryPhone":false,"picture":"","roleNames":[],"status":"enabled","test":false,` +
			`"editable":false,"createdTime":0,"consentExpiration":0,"customAttributes":{},"password":false,"webauthn":false,` +
			`"push":false,"TOTP":false,"SAML":false,"OIDC":false,"SCIM":false,"OAuth":{},"ssoAppIds":[],"externalIds":[],` +
			`"permissions":[],"userTenants":[]}}`,
		tenants: `{"tenants":[{"id":"t","name":"","createdTime":0,"disabled":false,"authType":"","domains":[],` +
			`"selfProvisioningDomains":[],"enforceSSO":false,"enforceSSOExclusions":[],"federatedAppIds":[],"parent":"",` +
			`"successors":[],"defaultRoles":[],"roleInheritance":"","customAttributes":{}}]}`,
		roles:       `{"roles":[{"id":"","name":"r","description":"","tenantId":"","permissionNames":[],"createdTime":0,"default":false,"private":false}]}`,
		permissions: `{"permissions":[{"id":"","name":"p","description":"","systemDefault":false}]}`,

		applications: `{"apps":[{"id":"a","name":"","description":"","enabled":false,"logo":"","appType":""}]}`,
	} {
		if got := string(call(t, srv, what, "").body); got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
}

func TestEmptyProject(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{}, emulator.Options{})
	for what, want := range map[string]string{
		tenants: `{"tenants":[]}`, roles: `{"roles":[]}`, permissions: `{"permissions":[]}`, applications: `{"apps":[]}`,
	} {
		if got := string(call(t, srv, what, "").body); got != want {
			t.Errorf("%s: got %s, want %s", what, got, want)
		}
	}
	if got := string(call(t, srv, search, `{}`).body); got != `{"users":[],"total":0}` {
		t.Error(got)
	}
}

// Raw rows are served byte for byte, in lists and alone, even if they are no more
// than JSON.
func TestRawRows(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{}, emulator.Options{})
	store := srv.Store()
	const user = `{"userId" : "u1", "loginIds":["l1"], "roleNames":null,"status":"frozen","createdTime":"soon","newField":{"a":1}}`
	store.AddRawUser(user)
	store.AddRawUser(user)
	store.AddRawUser(`null`)
	store.AddRawTenant(`{"id":"t1","id":"t2"}`)
	store.AddRawRole(`{"name":"R","permissionNames":null}`)
	store.AddRawPermission(`{"name":"<p>"}`)

	for what, want := range map[string]string{
		loadUser + "?userId=u1":  `{"user":` + user + `}`,
		loadUser + "?loginId=l1": `{"user":` + user + `}`,
		tenants:                  `{"tenants":[{"id":"t1","id":"t2"}]}`,
		roles:                    `{"roles":[{"name":"R","permissionNames":null}]}`,
		permissions:              `{"permissions":[{"name":"<p>"}]}`,
	} {
		if got := string(call(t, srv, what, "").body); got != want {
			t.Errorf("%s:\n got %s\nwant %s", what, got, want)
		}
	}
	want := `{"users":[` + user + `,` + user + `,null],"total":3}`
	if got := string(call(t, srv, search, `{}`).body); got != want {
		t.Errorf("search:\n got %s\nwant %s", got, want)
	}
}
