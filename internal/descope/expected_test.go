package descope_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// ids are the ids of everything a sync stores.
type ids struct{ resources, entitlements, grants map[string]bool }

// expected returns what a sync of a project has to store. It is computed from the project
// alone, without code of the connector.
func expected(p emulator.Project, testUsers bool) ids {
	out := ids{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	tenants, roles, permissions := map[string]bool{}, map[string]emulator.Role{}, map[string]bool{}
	entitle := func(resource, slug string) {
		out.resources[resource] = true
		out.entitlements[resource+":"+slug] = true
	}
	for _, t := range p.Tenants {
		tenants[t.ID] = true
		entitle("tenant:"+roleID("", t.ID), "member")
	}
	for _, x := range p.Permissions {
		permissions[x.Name] = true
		entitle("permission:"+roleID("", x.Name), "granted")
	}
	confer := func(id string, r emulator.Role) {
		entitle("role:"+id, "assigned")
		for _, name := range r.PermissionNames {
			if permissions[name] {
				out.grants["permission:"+roleID("", name)+":granted:role:"+id] = true
			}
		}
	}
	for _, r := range p.Roles {
		id := roleID(r.TenantID, r.Name)
		roles[id] = r
		confer(id, r)
	}
	for _, u := range p.Users {
		if u.Test && !testUsers {
			continue
		}
		out.resources["user:"+u.UserID] = true
		for _, name := range u.RoleNames {
			if _, ok := roles[roleID("", name)]; ok {
				out.grants["role:"+roleID("", name)+":assigned:user:"+u.UserID] = true
			}
		}
		for _, m := range u.Tenants {
			if !tenants[m.TenantID] {
				continue
			}
			out.grants["tenant:"+roleID("", m.TenantID)+":member:user:"+u.UserID] = true
			for _, name := range m.RoleNames {
				id := roleID(m.TenantID, name)
				if _, own := roles[id]; !own {
					like, ok := roles[roleID("", name)]
					if !ok {
						continue
					}
					confer(id, like)
				}
				out.grants["role:"+id+":assigned:user:"+u.UserID] = true
			}
		}
	}
	return out
}

// roleID returns the id of a role; without a tenant, that of anything with one part.
func roleID(tenant, name string) string {
	escape := func(s string) string {
		return strings.ReplaceAll(strings.ReplaceAll(s, "%", "%25"), "/", "%2F")
	}
	if tenant == "" {
		return escape(name)
	}
	return escape(tenant) + "/" + escape(name)
}

// project returns the current content of a local Descope.
func project(d *emulatortest.Running) emulator.Project {
	return emulator.Project{Users: d.Store().Users(), Tenants: d.Store().Tenants(), Roles: d.Store().Roles(), Permissions: d.Store().Permissions()}
}

// options returns the options of a connector to a local Descope.
func options(t testing.TB, d *emulatortest.Running, change ...func(*generated.Descope)) connector.Options {
	t.Helper()
	cfg := &generated.Descope{ProjectId: d.ProjectID(), ManagementKey: d.ManagementKey(), BaseUrl: d.URL}
	for _, c := range change {
		c(cfg)
	}
	o, err := descope.Options(cfg)
	if err != nil {
		t.Fatal(err)
	}
	o.Base = d.Base
	return o
}

// compare reports every missing id and every unexpected one.
func compare(t *testing.T, want ids, got *harness.Snapshot) {
	t.Helper()
	compareIDs(t, "resource", want.resources, keys(got.Resources))
	compareIDs(t, "entitlement", want.entitlements, keys(got.Entitlements))
	compareIDs(t, "grant", want.grants, keys(got.Grants))
}

func keys[V any](m map[string]V) map[string]bool {
	set := make(map[string]bool, len(m))
	for key := range m {
		set[key] = true
	}
	return set
}

func compareIDs(t *testing.T, what string, want, got map[string]bool) {
	t.Helper()
	report := func(text string, ids map[string]bool, beside map[string]bool) {
		n := 0
		for _, id := range slices.Sorted(maps.Keys(ids)) {
			if beside[id] {
				continue
			}
			if n++; n <= maxReported {
				t.Errorf(text, what, id)
			}
		}
		if n > maxReported {
			t.Errorf("and %d more", n-maxReported)
		}
	}
	report("missing %s %s", want, got)
	report("%s %s should not be there", got, want)
}

// maxReported is the number of ids of one kind that are reported.
const maxReported = 5
