package e2e

import (
	"strings"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// wanted is the expected content of a sync, computed from the project and the rules in
// README.md, without the connector's code.
type wanted struct {
	resources, entitlements, grants map[string]bool
}

var escape = strings.NewReplacer("%", "%25", "/", "%2F")

func roleID(tenantID, name string) string {
	if tenantID == "" {
		return escape.Replace(name)
	}
	return escape.Replace(tenantID) + "/" + escape.Replace(name)
}

// wantedOf needs a project without dangling references.
func wantedOf(store *emulator.Store, testUsers, expand bool) wanted {
	w := wanted{map[string]bool{}, map[string]bool{}, map[string]bool{}}
	permissionsOf := map[string][]string{} // by role id
	for _, p := range store.Permissions() {
		w.resource("permission", escape.Replace(p.Name), "granted")
	}
	for _, tenant := range store.Tenants() {
		w.resource("tenant", escape.Replace(tenant.ID), "member")
	}
	for _, r := range store.Roles() {
		id := roleID(r.TenantID, r.Name)
		permissionsOf[id] = r.PermissionNames
		w.resource("role", id, "assigned")
	}
	holders := map[string][]string{} // the users, by role id
	for _, u := range store.Users() {
		if u.Test && !testUsers {
			continue
		}
		w.resource("user", escape.Replace(u.UserID))
		for _, name := range u.RoleNames {
			holders[roleID("", name)] = append(holders[roleID("", name)], u.UserID)
		}
		for _, m := range u.Tenants {
			w.grants["tenant:"+escape.Replace(m.TenantID)+":member:user:"+u.UserID] = true
			for _, name := range m.RoleNames {
				id := roleID(m.TenantID, name)
				if !w.resources["role:"+id] { // the project's role, held inside the tenant
					permissionsOf[id] = permissionsOf[roleID("", name)]
					w.resource("role", id, "assigned")
				}
				holders[id] = append(holders[id], u.UserID)
			}
		}
	}
	for role, users := range holders {
		for _, user := range users {
			w.grants["role:"+role+":assigned:user:"+user] = true
		}
	}
	for role, permissions := range permissionsOf {
		for _, p := range permissions {
			granted := "permission:" + escape.Replace(p) + ":granted:"
			w.grants[granted+"role:"+role] = true
			for _, user := range holders[role] {
				if expand {
					w.grants[granted+"user:"+user] = true
				}
			}
		}
	}
	return w
}

func (w wanted) resource(typ, id string, entitlements ...string) {
	w.resources[typ+":"+id] = true
	for _, slug := range entitlements {
		w.entitlements[typ+":"+id+":"+slug] = true
	}
}
