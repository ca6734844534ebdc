package emulator

import "slices"

// catalogue is the tenants and roles of a project, by what identifies them. Of
// rows with the same identity, the first counts.
type catalogue struct {
	tenants map[string]*Tenant
	roles   map[roleKey]*Role
}

type roleKey struct{ tenantID, name string }

func newCatalogue(tenants []Tenant, roles []Role) *catalogue {
	c := &catalogue{tenants: make(map[string]*Tenant), roles: make(map[roleKey]*Role)}
	for i, t := range slices.Backward(tenants) {
		c.tenants[t.ID] = &tenants[i]
	}
	for i, r := range slices.Backward(roles) {
		c.roles[roleKey{r.TenantID, r.Name}] = &roles[i]
	}
	return c
}

// role is the role that a name means inside a tenant, or in the project as a whole
// without one: the tenant's own role, else the project's. It is nil without either.
func (c *catalogue) role(tenantID, name string) *Role {
	if own := c.roles[roleKey{tenantID, name}]; own != nil {
		return own
	}
	return c.roles[roleKey{"", name}]
}

func (c *catalogue) tenantName(id string) string {
	if t := c.tenants[id]; t != nil {
		return t.Name
	}
	return ""
}

// permissionsOf is the union of the roles' permissions, each once.
func (c *catalogue) permissionsOf(tenantID string, roleNames []string) []string {
	names := []string{}
	for _, roleName := range roleNames {
		role := c.role(tenantID, roleName)
		if role == nil {
			continue
		}
		for _, name := range role.PermissionNames {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// within reports whether a tenant is another, or below it.
func (c *catalogue) within(tenantID, ancestorID string) bool {
	for range len(c.tenants) + 1 {
		if tenantID == ancestorID {
			return true
		}
		t := c.tenants[tenantID]
		if t == nil || t.Parent == "" {
			return false
		}
		tenantID = t.Parent
	}
	return false
}
