package emulator_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// What is served has the fields of the document, every one of them and no other,
// and their types.
func TestRepliesFitTheDocument(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromData(api.DescopeDocument)
	if err != nil {
		t.Fatal(err)
	}
	srv := emulatortest.Start(t, emulator.Demo(), emulator.Options{})
	for _, tt := range []struct{ what, body, list, schema string }{
		{search, `{"withTestUser":true}`, "users", "ResponseUser"},
		{tenants, "", "tenants", "Tenant"},
		{roles, "", "roles", "Role"},
		{permissions, "", "permissions", "Permission"},
		{accessKeys, "{}", "keys", "AccessKey"},
		{applications, "", "apps", "SSOApplication"},
	} {
		schema := spec.Components.Schemas[tt.schema].Value
		rows := read[map[string]any](t, call(t, srv, tt.what, tt.body))[tt.list].([]any)
		for _, row := range rows {
			if err := schema.VisitJSON(row); err != nil {
				t.Errorf("%s: %v", tt.what, err)
			}
			got, want := slices.Sorted(maps.Keys(row.(map[string]any))), slices.Sorted(maps.Keys(schema.Properties))
			if !slices.Equal(got, want) {
				t.Errorf("%s: the fields are\n%v, want\n%v", tt.what, got, want)
			}
		}
	}
}

func TestDemo(t *testing.T) {
	p := emulator.Demo()
	if len(p.Users) != 60 || len(p.Tenants) != 6 || len(p.Roles) != 12 || len(p.Permissions) != 20 {
		t.Errorf("%d users, %d tenants, %d roles, %d permissions", len(p.Users), len(p.Tenants), len(p.Roles), len(p.Permissions))
	}
	if len(p.AccessKeys) != 5 || len(p.SSOApplications) != 2 {
		t.Errorf("%d access keys, %d applications", len(p.AccessKeys), len(p.SSOApplications))
	}
	if !reflect.DeepEqual(p, emulator.Demo()) {
		t.Error("not the same each time")
	}
	checkConsistent(t, p)
}

func TestGenerate(t *testing.T) {
	size := emulator.Size{Users: 500, Tenants: 40, Roles: 120, Permissions: 30, Seed: 7}
	p := emulator.Generate(size)
	if len(p.Users) != 500 || len(p.Tenants) != 40 || len(p.Roles) != 120 || len(p.Permissions) != 30 {
		t.Errorf("%d users, %d tenants, %d roles, %d permissions", len(p.Users), len(p.Tenants), len(p.Roles), len(p.Permissions))
	}
	checkConsistent(t, p)
	for _, u := range p.Users {
		if len(u.RoleNames) != 1 || len(u.Tenants) != 2 {
			t.Fatalf("%s has %d roles and %d tenants", u.UserID, len(u.RoleNames), len(u.Tenants))
		}
		for _, m := range u.Tenants {
			if len(m.RoleNames) < 1 || len(m.RoleNames) > 2 {
				t.Fatalf("%s has %d roles in %s", u.UserID, len(m.RoleNames), m.TenantID)
			}
		}
	}
	if !reflect.DeepEqual(p, emulator.Generate(size)) {
		t.Error("not the same each time")
	}
	size.Seed++
	if reflect.DeepEqual(p, emulator.Generate(size)) {
		t.Error("the same for another seed")
	}
}

func TestGenerateSmallest(t *testing.T) {
	checkConsistent(t, emulator.Generate(emulator.Size{Users: 1, Tenants: 1, Roles: 1, Permissions: 1}))
	if p := emulator.Generate(emulator.Size{Users: 100}); len(p.Tenants) != 2 || len(p.Roles) != 10 || len(p.Permissions) != 200 {
		t.Errorf("%d tenants, %d roles, %d permissions", len(p.Tenants), len(p.Roles), len(p.Permissions))
	}
}

// A generated user has the size of a real one.
func TestGeneratedRowSize(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 1000}), emulator.Options{})
	page := call(t, srv, search, `{"limit":1000}`)
	if size := len(page.body) / 1000; size < 1100 || size > 1500 {
		t.Errorf("%d bytes a user, want about 1200", size)
	}
}

// checkConsistent proves that ids are unique and that references lead somewhere.
func checkConsistent(t *testing.T, p emulator.Project) {
	t.Helper()
	permissions, tenants, ids := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	unique := func(id string) {
		if id == "" || ids[id] {
			t.Errorf("id %q is missing or taken", id)
		}
		ids[id] = true
	}
	for _, x := range p.Permissions {
		unique(x.ID)
		permissions[x.Name] = true
	}
	for _, x := range p.Tenants {
		unique(x.ID)
		tenants[x.ID] = true
	}
	type key struct{ tenantID, name string }
	roles := make(map[key]bool)
	for _, r := range p.Roles {
		unique(r.ID)
		if roles[key{r.TenantID, r.Name}] || r.TenantID != "" && !tenants[r.TenantID] {
			t.Errorf("role %s in %q is there twice, or its tenant is not", r.Name, r.TenantID)
		}
		roles[key{r.TenantID, r.Name}] = true
		for _, name := range r.PermissionNames {
			if !permissions[name] {
				t.Errorf("role %s has an unknown permission %s", r.Name, name)
			}
		}
	}
	holds := func(id string, roleNames []string, memberships []emulator.Membership) {
		for _, name := range roleNames {
			if !roles[key{"", name}] {
				t.Errorf("%s has an unknown role %s", id, name)
			}
		}
		for _, m := range memberships {
			if !tenants[m.TenantID] {
				t.Errorf("%s is in an unknown tenant %s", id, m.TenantID)
			}
			for _, name := range m.RoleNames {
				if !roles[key{"", name}] && !roles[key{m.TenantID, name}] {
					t.Errorf("%s has an unknown role %s in %s", id, name, m.TenantID)
				}
			}
		}
	}
	users := map[string]bool{"": true} // Nobody's key is bound to no user.
	for _, u := range p.Users {
		unique(u.UserID)
		users[u.UserID] = true
		for _, login := range u.LoginIDs {
			unique(login)
		}
		holds(u.UserID, u.RoleNames, u.Tenants)
	}
	for _, k := range p.AccessKeys {
		unique(k.ID)
		unique(k.ClientID)
		holds(k.ID, k.RoleNames, k.Tenants)
		for _, id := range []string{k.BoundUserID, k.CreatedBy} {
			if !users[id] {
				t.Errorf("%s refers to an unknown user %s", k.ID, id)
			}
		}
	}
	for _, a := range p.SSOApplications {
		unique(a.ID)
	}
}

// BenchmarkSearchPage reads pages of a large project, as a sync does.
func BenchmarkSearchPage(b *testing.B) {
	srv := emulatortest.Start(b, emulator.Generate(emulator.Size{Users: 100_000}), emulator.Options{KeepRequests: -1})
	srv.Store().Warm()
	var body bytes.Buffer
	for page := 0; b.Loop(); page++ {
		body.Reset()
		if err := json.NewEncoder(&body).Encode(map[string]any{
			"limit": 100, "page": page % 1000, "sort": []any{map[string]any{"field": "createdTime"}},
		}); err != nil {
			b.Fatal(err)
		}
		if reply := call(b, srv, search, body.String()); reply.StatusCode != http.StatusOK {
			b.Fatal(reply.failure())
		}
	}
}
