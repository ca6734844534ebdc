package emulator

import (
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/gen/descopeserver"
)

// AccessKey is an access key as it is kept, without its secret. The names of its
// tenants are derived.
type AccessKey struct {
	ID               string         `json:"id"`
	Name             string         `json:"name"`
	Description      string         `json:"description"`
	Status           string         `json:"status"` // "active" when left empty; an expired key keeps its status
	ClientID         string         `json:"clientId"`
	BoundUserID      string         `json:"boundUserId"` // the user whose rights the key has, in place of its own
	RoleNames        []string       `json:"roleNames"`   // held in the project as a whole
	Tenants          []Membership   `json:"-"`
	CreatedTime      int32          `json:"createdTime"` // Unix seconds
	ExpireTime       int32          `json:"expireTime"`  // Unix seconds; 0 for a key that does not expire
	CreatedBy        string         `json:"createdBy"`   // a user id
	Editable         bool           `json:"editable"`
	PermittedIPs     []string       `json:"permittedIps"` // addresses and networks; empty means anywhere
	CustomClaims     map[string]any `json:"customClaims"`
	CustomAttributes map[string]any `json:"customAttributes"`
}

// wireAccessKey is an access key as it is served.
type wireAccessKey struct {
	AccessKey
	KeyTenants []wireKeyTenant `json:"keyTenants"`
}

type wireKeyTenant struct {
	Membership
	TenantName string `json:"tenantName"`
}

func encodeAccessKey(k AccessKey, c *catalogue) []byte {
	if k.Status == "" {
		k.Status = string(descopeserver.AccessKeyStatusActive)
	}
	k.RoleNames = some(k.RoleNames)
	k.PermittedIPs = some(k.PermittedIPs)
	k.CustomClaims = someMap(k.CustomClaims)
	k.CustomAttributes = someMap(k.CustomAttributes)
	tenants := make([]wireKeyTenant, len(k.Tenants))
	for i, m := range k.Tenants {
		m.RoleNames = some(m.RoleNames)
		tenants[i] = wireKeyTenant{m, c.tenantName(m.TenantID)}
	}
	return encode(wireAccessKey{k, tenants})
}

// searchAccessKeys returns the reply to SearchAccessKeys: every match, in the order
// in which the keys were added.
func (s *Store) searchAccessKeys(request descopeserver.SearchAccessKeysRequest) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows [][]byte
	for _, k := range s.accessKeys {
		if k.matches(request) {
			rows = append(rows, encodeAccessKey(k, s.catalogue))
		}
	}
	return listReply("keys", rows, -1)
}

// matches reports whether a key passes all filters of a search.
func (k AccessKey) matches(r descopeserver.SearchAccessKeysRequest) bool {
	inTenant := func(m Membership) bool { return slices.Contains(r.TenantIds, m.TenantID) }
	hasText := func(column string) bool { return strings.Contains(strings.ToLower(column), strings.ToLower(r.Text)) }
	return (len(r.TenantIds) == 0 || slices.ContainsFunc(k.Tenants, inTenant)) &&
		(r.BoundUserID == "" || k.BoundUserID == r.BoundUserID) &&
		(r.CreatingUser == "" || k.CreatedBy == r.CreatingUser) &&
		slices.ContainsFunc([]string{k.ID, k.Name, k.Description}, hasText)
}
