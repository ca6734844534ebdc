package descope_test

import (
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/protobuf/proto"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

func TestDemoProject(t *testing.T) {
	d := emulatortest.Start(t, emulator.Demo(), emulator.Options{})
	for name, workers := range map[string]int{"one worker": 1, "four workers": 4} {
		t.Run(name, func(t *testing.T) {
			got := harness.Sync(t, options(t, d), sdksync.WithWorkerCount(workers))
			compare(t, expected(project(d), false), got)
		})
	}
	t.Run("test users", func(t *testing.T) {
		got := harness.Sync(t, options(t, d, func(c *generated.Descope) { c.IncludeTestUsers = true }))
		compare(t, expected(project(d), true), got)
	})
}

func TestEverythingIsReadOnce(t *testing.T) {
	d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 1234, Tenants: 20, Roles: 30, Permissions: 10}), emulator.Options{})
	got := harness.Sync(t, options(t, d))
	compare(t, expected(project(d), false), got)
	for operation, want := range map[string]int{"SearchUsers": 13 + 1, "LoadAllTenants": 1 + 1, "LoadAllRoles": 1 + 1, "LoadAllPermissions": 1 + 1, "LoadUser": 0} {
		if n := d.Count(operation); n != want {
			t.Errorf("%s was called %d times; a sync and its validation need %d", operation, n, want)
		}
	}
	if n := d.MaxInFlight(); n > 6 {
		t.Errorf("%d requests in flight", n)
	}
}

// company is a small project for special cases.
func company(users ...emulator.User) emulator.Project {
	return emulator.Project{
		Tenants: []emulator.Tenant{{ID: "T1", Name: "One"}, {ID: "T2", Name: "Two"}, {ID: "T3"}},
		Roles: []emulator.Role{
			{Name: "Editor", PermissionNames: []string{"read", "write"}},
			{Name: "Viewer", PermissionNames: []string{"read"}},
			{Name: "Editor", TenantID: "T1", PermissionNames: []string{"read"}, Description: "One's own"},
			{Name: "Local", TenantID: "T1"},
			{Name: "Local", TenantID: "T2"},
		},
		Permissions: []emulator.Permission{{Name: "read"}, {Name: "write"}},
		Users:       users,
	}
}

func TestAwkwardProjects(t *testing.T) {
	long := strings.Repeat("ü", 512)
	for name, p := range map[string]emulator.Project{
		"no users": company(),
		"nothing":  {},
		"the same role name in the project, in a tenant, and the project's in another tenant": company(emulator.User{
			UserID: "U1", RoleNames: []string{"Editor"},
			Tenants: []emulator.Membership{{TenantID: "T1", RoleNames: []string{"Editor"}}, {TenantID: "T2", RoleNames: []string{"Editor"}}},
		}),
		"the same tenant role name in two tenants": company(emulator.User{
			UserID: "U1", Tenants: []emulator.Membership{{TenantID: "T1", RoleNames: []string{"Local"}}, {TenantID: "T2", RoleNames: []string{"Local"}}},
		}),
		"entries twice": company(emulator.User{
			UserID: "U1", RoleNames: []string{"Viewer", "Viewer"},
			Tenants: []emulator.Membership{{TenantID: "T2", RoleNames: []string{"Viewer", "Viewer"}}, {TenantID: "T2", RoleNames: []string{"Viewer"}}},
		}),
		"roles and tenants that are gone": company(emulator.User{
			UserID: "U1", RoleNames: []string{"Gone", "Viewer"},
			Tenants: []emulator.Membership{{TenantID: "Tgone", RoleNames: []string{"Viewer"}}, {TenantID: "T1", RoleNames: []string{"Gone", "Local"}}},
		}),
		"a user without name, e-mail or login id": company(emulator.User{UserID: "U1"}),
		"names with every kind of character": {
			Tenants:     []emulator.Tenant{{ID: "T/1%", Name: "a/b"}},
			Permissions: []emulator.Permission{{Name: "read:all/of%it"}, {Name: "лес 森 🌲"}, {Name: long}},
			Roles: []emulator.Role{
				{Name: "Support/L2"}, {Name: "100%"}, {Name: "100%25"}, {Name: "a:b"}, {Name: " spaces "}, {Name: "лес 森 🌲", PermissionNames: []string{"лес 森 🌲", long}},
				{Name: long}, {Name: "Support/L2", TenantID: "T/1%", PermissionNames: []string{"read:all/of%it"}}, {Name: "1%/Support"},
			},
			Users: []emulator.User{{
				UserID: "U1", RoleNames: []string{"Support/L2", "100%", "100%25", "a:b", " spaces ", "лес 森 🌲", long, "1%/Support"},
				Tenants: []emulator.Membership{{TenantID: "T/1%", RoleNames: []string{"Support/L2", "100%", long}}},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := emulatortest.Start(t, p, emulator.Options{})
			compare(t, expected(project(d), false), harness.Sync(t, options(t, d)))
		})
	}
}

// TestRawRecords syncs users in the forms that other versions of the API may have.
func TestRawRecords(t *testing.T) {
	for name, user := range map[string]string{
		"lists missing":            `{"userId":"U1","loginIds":["a"]}`,
		"lists null":               `{"userId":"U1","loginIds":null,"roleNames":null,"userTenants":null,"customAttributes":null}`,
		"lists empty":              `{"userId":"U1","loginIds":[],"roleNames":[],"userTenants":[],"customAttributes":{}}`,
		"tenant lists null":        `{"userId":"U1","userTenants":[]}`,
		"fields of tomorrow":       `{"userId":"U1","riskScore":{"value":3},"badges":[1,"x",null],"roles":["Editor"]}`,
		"a status never seen":      `{"userId":"U1","status":"archived"}`,
		"attributes of every type": `{"userId":"U1","customAttributes":{"n":1.5,"big":9007199254740993,"b":false,"s":"x","l":[1,"a",true],"o":{"deep":{"er":[{}]}},"z":null}}`,
	} {
		t.Run(name, func(t *testing.T) {
			d := emulatortest.Start(t, company(), emulator.Options{})
			d.Store().AddRawUser(user)
			want := expected(company(emulator.User{UserID: "U1"}), false)
			got := harness.Sync(t, options(t, d))
			compare(t, want, got)
			if name == "attributes of every type" {
				attributes := got.Resources["user:U1"].GetProfile().AsMap()["custom_attributes"].(map[string]any)
				if attributes["big"] != "9007199254740993" || attributes["n"] != 1.5 || attributes["b"] != false {
					t.Errorf("custom attributes are %v", attributes)
				}
			}
		})
	}
}

func TestUser(t *testing.T) {
	d := emulatortest.Start(t, company(
		emulator.User{
			UserID: "U1", Name: "Ann Lee", GivenName: "Ann", FamilyName: "Lee", LoginIDs: []string{"ann", "ann@example.com"},
			Email: "ann@example.com", VerifiedEmail: true, CreatedTime: 1712070205, Status: "enabled", TOTP: true,
			CustomAttributes: map[string]any{"team": "blue"},
		},
		emulator.User{UserID: "U2", Status: "invited", SAML: true, LoginIDs: []string{"bob"}},
		emulator.User{UserID: "U3", Status: "expired"},
		emulator.User{UserID: "U4", Status: "disabled", WebAuthn: true, OIDC: true},
	), emulator.Options{})
	got := harness.Sync(t, options(t, d)).Resources

	ann := got["user:U1"]
	if ann.GetDisplayName() != "Ann Lee" || ann.GetCreatedAt().GetSeconds() != 1712070205 {
		t.Errorf("Ann is %v", ann)
	}
	profile := ann.GetProfile().AsMap()
	if profile["user_id"] != "U1" || profile["first_name"] != "Ann" || profile["email_verified"] != true || profile["custom_attributes"].(map[string]any)["team"] != "blue" {
		t.Errorf("Ann's profile is %v", profile)
	}
	trait := &v2.UserTrait{}
	pick(t, ann, trait)
	if trait.GetLogin() != "ann" || len(trait.GetLoginAliases()) != 1 || trait.GetEmails()[0].GetAddress() != "ann@example.com" ||
		!trait.GetMfaStatus().GetMfaEnabled() || trait.GetSsoStatus().GetSsoEnabled() {
		t.Errorf("Ann's trait is %v", trait)
	}
	if trait.GetStatus().GetStatus() != v2.UserTrait_Status_STATUS_ENABLED { //nolint:staticcheck // Readers still look for the status here.
		t.Errorf("the status in Ann's trait is %v", trait)
	}
	if trait.HasProfile() || trait.HasCreatedAt() { //nolint:staticcheck // These deprecated places stay empty.
		t.Errorf("deprecated fields are set: %v", trait)
	}
	raw := &v2.RawId{}
	pick(t, ann, raw)
	if raw.GetId() != "U1" {
		t.Errorf("Ann's raw id is %q", raw.GetId())
	}
	for id, want := range map[string]struct {
		status v2.Status_ResourceStatus
		detail string
		name   string
	}{
		"user:U1": {v2.Status_RESOURCE_STATUS_ENABLED, "", "Ann Lee"},
		"user:U2": {v2.Status_RESOURCE_STATUS_PENDING, "invited", "bob"},
		"user:U3": {v2.Status_RESOURCE_STATUS_DISABLED, "expired", "U3"},
		"user:U4": {v2.Status_RESOURCE_STATUS_DISABLED, "", "U4"},
	} {
		r := got[id]
		if r.GetStatus().GetStatus() != want.status || r.GetStatus().GetDetails() != want.detail || r.GetDisplayName() != want.name {
			t.Errorf("%s is %q, %v", id, r.GetDisplayName(), r.GetStatus())
		}
	}
}

func TestRolesHaveParentsAndNames(t *testing.T) {
	d := emulatortest.Start(t, company(emulator.User{
		UserID: "U1", Tenants: []emulator.Membership{{TenantID: "T2", RoleNames: []string{"Viewer"}}, {TenantID: "T3", RoleNames: []string{"Viewer"}}},
	}), emulator.Options{})
	got := harness.Sync(t, options(t, d))
	for id, want := range map[string]struct{ name, parent, description string }{
		"role:Editor":    {"Editor", "", ""},
		"role:T1/Editor": {"Editor (One)", "T1", "One's own"},
		"role:T2/Viewer": {"Viewer (Two)", "T2", ""},
		"role:T3/Viewer": {"Viewer (T3)", "T3", ""},
	} {
		r := got.Resources[id]
		if r.GetDisplayName() != want.name || r.GetParentResourceId().GetResource() != want.parent || r.GetDescription() != want.description {
			t.Errorf("%s is %v", id, r)
		}
		if e := got.Entitlements[id+":assigned"]; e.GetDisplayName() != want.name+" assigned" || e.GetSlug() != "assigned" ||
			len(e.GetGrantableTo()) != 1 || e.GetPurpose() != v2.Entitlement_PURPOSE_VALUE_ASSIGNMENT {
			t.Errorf("the entitlement of %s is %v", id, e)
		}
	}
	granted := got.Entitlements["permission:read:granted"]
	annos := annotations.Annotations(granted.GetAnnotations())
	if !annos.Contains(&v2.EntitlementImmutable{}) || granted.GetPurpose() != v2.Entitlement_PURPOSE_VALUE_PERMISSION {
		t.Errorf("the permission's entitlement is %v", granted)
	}
	grant := annotations.Annotations(got.Grants["permission:read:granted:role:T2/Viewer"].GetAnnotations())
	if !grant.Contains(&v2.GrantImmutable{}) || grant.Contains(&v2.GrantExpandable{}) {
		t.Errorf("the permission's grant is %v", grant)
	}
}

func TestExpandPermissions(t *testing.T) {
	d := emulatortest.Start(t, company(
		emulator.User{UserID: "U1", RoleNames: []string{"Editor"}},
		emulator.User{UserID: "U2", Tenants: []emulator.Membership{{TenantID: "T2", RoleNames: []string{"Viewer"}}}},
	), emulator.Options{})
	want := expected(project(d), false)
	for _, id := range []string{"read:granted:user:U1", "write:granted:user:U1", "read:granted:user:U2"} {
		want.grants["permission:"+id] = true
	}
	compare(t, want, harness.Sync(t, options(t, d, func(c *generated.Descope) { c.ExpandPermissions = true })))
}

func TestSelectedTypes(t *testing.T) {
	d := emulatortest.Start(t, company(emulator.User{
		UserID: "U1", RoleNames: []string{"Editor"}, Tenants: []emulator.Membership{{TenantID: "T2", RoleNames: []string{"Viewer"}}},
	}), emulator.Options{})
	o := options(t, d)
	o.WillSync = func(id string) bool { return id == "role" || id == "permission" }
	got := harness.Sync(t, o, sdksync.WithSyncResourceTypes([]string{"role", "permission"}))
	if got.Resources["role:Editor"] == nil || got.Resources["role:T2/Viewer"] != nil || got.Grants["permission:read:granted:role:Editor"] == nil {
		t.Errorf("resources %v", keys(got.Resources))
	}
	if n := d.Count("SearchUsers"); n != 0 {
		t.Errorf("users were read %d times", n)
	}
}

// pick finds an annotation of a resource.
func pick(t *testing.T, r *v2.Resource, into proto.Message) {
	t.Helper()
	annos := annotations.Annotations(r.GetAnnotations())
	if ok, err := annos.Pick(into); err != nil || !ok {
		t.Fatalf("%s has no %T", r.GetId().GetResource(), into)
	}
}
