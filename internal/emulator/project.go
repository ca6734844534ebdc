package emulator

import (
	"encoding/json"
	"maps"
	"slices"
)

// Project is what one Descope project holds.
//
// Nothing in it has to be consistent: a user may refer to tenants and roles that
// are not there.
type Project struct {
	Users       []User
	Tenants     []Tenant
	Roles       []Role
	Permissions []Permission

	AccessKeys      []AccessKey
	SSOApplications []SSOApplication
}

// User is a user as it is kept. What the service derives is not in it: the
// effective permissions, the names of tenants, and externalIds, which repeats
// the login ids.
type User struct {
	UserID                string          `json:"userId"`
	LoginIDs              []string        `json:"loginIds"`
	Name                  string          `json:"name"`
	GivenName             string          `json:"givenName"`
	MiddleName            string          `json:"middleName"`
	FamilyName            string          `json:"familyName"`
	Email                 string          `json:"email"`
	VerifiedEmail         bool            `json:"verifiedEmail"`
	Phone                 string          `json:"phone"` // E.164
	VerifiedPhone         bool            `json:"verifiedPhone"`
	RecoveryEmail         string          `json:"recoveryEmail"`
	VerifiedRecoveryEmail bool            `json:"verifiedRecoveryEmail"`
	RecoveryPhone         string          `json:"recoveryPhone"`
	VerifiedRecoveryPhone bool            `json:"verifiedRecoveryPhone"`
	Picture               string          `json:"picture"`
	RoleNames             []string        `json:"roleNames"` // held in the project as a whole
	Tenants               []Membership    `json:"-"`
	Status                string          `json:"status"` // "enabled" when left empty
	Test                  bool            `json:"test"`
	Editable              bool            `json:"editable"`
	CreatedTime           int32           `json:"createdTime"`       // Unix seconds
	ConsentExpiration     int32           `json:"consentExpiration"` // Unix seconds
	CustomAttributes      map[string]any  `json:"customAttributes"`
	Password              bool            `json:"password"`
	WebAuthn              bool            `json:"webauthn"`
	Push                  bool            `json:"push"`
	TOTP                  bool            `json:"TOTP"`
	SAML                  bool            `json:"SAML"`
	OIDC                  bool            `json:"OIDC"`
	SCIM                  bool            `json:"SCIM"`
	OAuth                 map[string]bool `json:"OAuth"`
	SSOAppIDs             []string        `json:"ssoAppIds"`

	// Raw, when set, is served in place of the fields above, byte for byte. They
	// still decide what the user is found by, and in which order.
	Raw json.RawMessage `json:"-"`
}

// Membership is one tenant a user belongs to.
type Membership struct {
	TenantID  string   `json:"tenantId"`
	RoleNames []string `json:"roleNames"` // held inside the tenant
}

// Tenant is one tenant.
type Tenant struct {
	ID                      string         `json:"id"`
	Name                    string         `json:"name"`
	CreatedTime             int32          `json:"createdTime"` // Unix seconds
	Disabled                bool           `json:"disabled"`
	AuthType                string         `json:"authType"` // none, saml or oidc
	Domains                 []string       `json:"domains"`
	SelfProvisioningDomains []string       `json:"selfProvisioningDomains"`
	EnforceSSO              bool           `json:"enforceSSO"`
	EnforceSSOExclusions    []string       `json:"enforceSSOExclusions"`
	FederatedAppIDs         []string       `json:"federatedAppIds"`
	Parent                  string         `json:"parent"`
	Successors              []string       `json:"successors"`
	DefaultRoles            []string       `json:"defaultRoles"`
	RoleInheritance         string         `json:"roleInheritance"`
	CustomAttributes        map[string]any `json:"customAttributes"`

	// Raw, when set, is served in place of the fields above, byte for byte.
	Raw json.RawMessage `json:"-"`
}

// Role is a role of the project, or of the tenant it names. The pair of tenant
// and name identifies it.
type Role struct {
	ID              string   `json:"id"`
	Name            string   `json:"name"`
	Description     string   `json:"description"`
	TenantID        string   `json:"tenantId"` // "" for a role of the project
	PermissionNames []string `json:"permissionNames"`
	CreatedTime     int32    `json:"createdTime"` // Unix seconds
	Default         bool     `json:"default"`
	Private         bool     `json:"private"`

	// Raw, when set, is served in place of the fields above, byte for byte.
	Raw json.RawMessage `json:"-"`
}

// Permission is a permission of the project.
type Permission struct {
	ID            string `json:"id"`
	Name          string `json:"name"`
	Description   string `json:"description"`
	SystemDefault bool   `json:"systemDefault"`

	// Raw, when set, is served in place of the fields above, byte for byte.
	Raw json.RawMessage `json:"-"`
}

// membership is the index of the user's membership of a tenant, -1 without one.
func (u *User) membership(tenantID string) int {
	return slices.IndexFunc(u.Tenants, func(m Membership) bool { return m.TenantID == tenantID })
}

// clone copies what a caller could change: lists and maps.
func (u User) clone() User {
	u.LoginIDs = slices.Clone(u.LoginIDs)
	u.RoleNames = slices.Clone(u.RoleNames)
	u.SSOAppIDs = slices.Clone(u.SSOAppIDs)
	u.CustomAttributes = maps.Clone(u.CustomAttributes)
	u.OAuth = maps.Clone(u.OAuth)
	u.Raw = slices.Clone(u.Raw)
	u.Tenants = slices.Clone(u.Tenants)
	for i := range u.Tenants {
		u.Tenants[i].RoleNames = slices.Clone(u.Tenants[i].RoleNames)
	}
	return u
}

func (t Tenant) clone() Tenant {
	t.Domains = slices.Clone(t.Domains)
	t.SelfProvisioningDomains = slices.Clone(t.SelfProvisioningDomains)
	t.EnforceSSOExclusions = slices.Clone(t.EnforceSSOExclusions)
	t.FederatedAppIDs = slices.Clone(t.FederatedAppIDs)
	t.Successors = slices.Clone(t.Successors)
	t.DefaultRoles = slices.Clone(t.DefaultRoles)
	t.CustomAttributes = maps.Clone(t.CustomAttributes)
	t.Raw = slices.Clone(t.Raw)
	return t
}

func (r Role) clone() Role {
	r.PermissionNames = slices.Clone(r.PermissionNames)
	r.Raw = slices.Clone(r.Raw)
	return r
}

func (p Permission) clone() Permission {
	p.Raw = slices.Clone(p.Raw)
	return p
}
