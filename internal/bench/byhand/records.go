package byhand

import (
	"sync"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// User is what is read of a user's JSON.
type User struct {
	UserID           string         `json:"userId"`
	LoginIDs         []string       `json:"loginIds"`
	Name             string         `json:"name"`
	GivenName        string         `json:"givenName"`
	FamilyName       string         `json:"familyName"`
	Email            string         `json:"email"`
	Phone            string         `json:"phone"`
	VerifiedEmail    bool           `json:"verifiedEmail"`
	VerifiedPhone    bool           `json:"verifiedPhone"`
	Status           string         `json:"status"`
	CreatedTime      int64          `json:"createdTime"`
	TOTP             bool           `json:"TOTP"`
	Webauthn         bool           `json:"webauthn"`
	Push             bool           `json:"push"`
	SAML             bool           `json:"SAML"`
	OIDC             bool           `json:"OIDC"`
	SCIM             bool           `json:"SCIM"`
	CustomAttributes map[string]any `json:"customAttributes"`
	RoleNames        []string       `json:"roleNames"`
	UserTenants      []Membership   `json:"userTenants"`
}

// Membership is one tenant of a user.
type Membership struct {
	TenantID  string   `json:"tenantId"`
	RoleNames []string `json:"roleNames"`
}

// Tenant is what is read of a tenant's JSON.
type Tenant struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	CreatedTime int64  `json:"createdTime"`
}

// Role is what is read of a role's JSON.
type Role struct {
	TenantID        string   `json:"tenantId"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	PermissionNames []string `json:"permissionNames"`
}

// Permission is what is read of a permission's JSON.
type Permission struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// roleKey identifies a role: no tenant for one of the whole project.
type roleKey struct{ tenantID, name string }

// Catalogue is everything but the users.
type Catalogue struct {
	tenants     []Tenant
	roles       []Role
	permissions []Permission

	tenantNames map[string]string
	byKey       map[roleKey]*Role

	mu sync.Mutex
	// firstOn is the page of users that was the first to show a role. mu guards it.
	firstOn map[roleKey]int
}

func newCatalogue(tenants []Tenant, roles []Role, permissions []Permission) *Catalogue {
	c := &Catalogue{
		tenants: tenants, roles: roles, permissions: permissions,
		tenantNames: make(map[string]string, len(tenants)), byKey: make(map[roleKey]*Role, len(roles)), firstOn: map[roleKey]int{},
	}
	for _, t := range tenants {
		c.tenantNames[t.ID] = t.Name
	}
	for i, r := range roles {
		c.byKey[roleKey{r.TenantID, r.Name}] = &roles[i]
	}
	return c
}

// newOn returns what reports whether a role belongs to a page of users: it is the first
// to show it, and has not done so yet.
func (c *Catalogue) newOn(page int) func(roleKey) bool {
	seen := map[roleKey]bool{}
	return func(key roleKey) bool {
		if seen[key] {
			return false
		}
		seen[key] = true
		c.mu.Lock()
		defer c.mu.Unlock()
		first, known := c.firstOn[key]
		if !known {
			c.firstOn[key] = page
		}
		return !known || first == page
	}
}

// shown are the project's roles that a user holds inside tenants: they are roles of
// their own, and in no list.
func (c *Catalogue) shown(u *User, visit func(key roleKey, like *Role)) {
	for _, m := range u.UserTenants {
		for _, name := range m.RoleNames {
			key := roleKey{m.TenantID, name}
			if c.byKey[key] == nil {
				if like := c.byKey[roleKey{"", name}]; like != nil {
					visit(key, like)
				}
			}
		}
	}
}

func catalogueOf(p emulator.Project) *Catalogue {
	tenants := make([]Tenant, len(p.Tenants))
	for i, t := range p.Tenants {
		tenants[i] = Tenant{t.ID, t.Name, int64(t.CreatedTime)}
	}
	roles := make([]Role, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = Role{r.TenantID, r.Name, r.Description, r.PermissionNames}
	}
	permissions := make([]Permission, len(p.Permissions))
	for i, p := range p.Permissions {
		permissions[i] = Permission{p.Name, p.Description}
	}
	return newCatalogue(tenants, roles, permissions)
}

func userOf(u emulator.User) User {
	attributes := make(map[string]any, len(u.CustomAttributes))
	for key, value := range u.CustomAttributes {
		if n, ok := value.(int); ok {
			value = float64(n) // As it comes in JSON.
		}
		attributes[key] = value
	}
	tenants := make([]Membership, len(u.Tenants))
	for i, m := range u.Tenants {
		tenants[i] = Membership{m.TenantID, m.RoleNames}
	}
	return User{
		UserID: u.UserID, LoginIDs: u.LoginIDs, Name: u.Name, GivenName: u.GivenName, FamilyName: u.FamilyName,
		Email: u.Email, Phone: u.Phone, VerifiedEmail: u.VerifiedEmail, VerifiedPhone: u.VerifiedPhone,
		Status: u.Status, CreatedTime: int64(u.CreatedTime),
		TOTP: u.TOTP, Webauthn: u.WebAuthn, Push: u.Push, SAML: u.SAML, OIDC: u.OIDC, SCIM: u.SCIM,
		CustomAttributes: attributes, RoleNames: u.RoleNames, UserTenants: tenants,
	}
}

// CatalogueOf returns that of a generated project.
func CatalogueOf(size emulator.Size) *Catalogue {
	project, _ := emulator.GenerateLazily(size)
	return catalogueOf(project)
}
