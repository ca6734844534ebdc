package emulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
)

// The service emits every field, the empty ones too: [], {}, false, "" and 0. The
// generated types leave empty fields out, so replies are written from these.

// wireUser is a user as it is served.
type wireUser struct {
	User
	ExternalIDs []string         `json:"externalIds"`
	Permissions []string         `json:"permissions"`
	UserTenants []wireMembership `json:"userTenants"`
}

type wireMembership struct {
	Membership
	TenantName  string   `json:"tenantName"`
	Permissions []string `json:"permissions"`
}

func encodeUser(u User, c *catalogue) []byte {
	if u.Raw != nil {
		return u.Raw
	}
	u.LoginIDs = some(u.LoginIDs)
	u.SSOAppIDs = some(u.SSOAppIDs)
	u.RoleNames = some(u.RoleNames)
	u.CustomAttributes = someMap(u.CustomAttributes)
	u.OAuth = someMap(u.OAuth)
	return encode(wireUser{
		User:        u,
		ExternalIDs: u.LoginIDs,
		Permissions: c.permissionsOf("", u.RoleNames),
		UserTenants: encodeMemberships(u.Tenants, c),
	})
}

func encodeMemberships(memberships []Membership, c *catalogue) []wireMembership {
	wire := make([]wireMembership, len(memberships))
	for i, m := range memberships {
		m.RoleNames = some(m.RoleNames)
		wire[i] = wireMembership{
			Membership:  m,
			TenantName:  c.tenantName(m.TenantID),
			Permissions: c.permissionsOf(m.TenantID, m.RoleNames),
		}
	}
	return wire
}

// patchRaw puts what the user holds, and what else has changed, into a raw row, and
// leaves the rest of the row as it is.
func patchRaw(before, after User, c *catalogue) (json.RawMessage, error) {
	var row map[string]json.RawMessage
	if err := json.Unmarshal(after.Raw, &row); err != nil {
		return nil, err
	}
	old := wireFields(before, c)
	for name, value := range wireFields(after, c) {
		held := name == "roleNames" || name == "permissions" || name == "userTenants"
		if held || !bytes.Equal(value, old[name]) {
			row[name] = value
		}
	}
	return encode(row), nil
}

// wireFields are the fields that a user would be served with if no row were given.
func wireFields(u User, c *catalogue) map[string]json.RawMessage {
	u.Raw = nil
	return parse[map[string]json.RawMessage](string(encodeUser(u, c)))
}

// parseUser reads from a raw row what it can: a field of a type it should not have
// is left empty.
func parseUser(raw string) User {
	var wire wireUser
	json.Unmarshal([]byte(raw), &wire) //nolint:errcheck // Awkward rows are the purpose.
	u := wire.User
	for _, m := range wire.UserTenants {
		u.Tenants = append(u.Tenants, m.Membership)
	}
	u.Raw = json.RawMessage(raw)
	return u
}

func encodeTenant(t Tenant) []byte {
	if t.Raw != nil {
		return t.Raw
	}
	t.Domains = some(t.Domains)
	t.SelfProvisioningDomains = some(t.SelfProvisioningDomains)
	t.EnforceSSOExclusions = some(t.EnforceSSOExclusions)
	t.FederatedAppIDs = some(t.FederatedAppIDs)
	t.Successors = some(t.Successors)
	t.DefaultRoles = some(t.DefaultRoles)
	t.CustomAttributes = someMap(t.CustomAttributes)
	return encode(t)
}

func encodeRole(r Role) []byte {
	if r.Raw != nil {
		return r.Raw
	}
	r.PermissionNames = some(r.PermissionNames)
	return encode(r)
}

func encodePermission(p Permission) []byte {
	if p.Raw != nil {
		return p.Raw
	}
	return encode(p)
}

// listReply is {"field":[rows],"total":total}, without a total when it is negative.
// It is put together by hand because encoding/json would rewrite raw rows.
func listReply(field string, rows [][]byte, total int) []byte {
	body := []byte(`{"` + field + `":[`)
	body = slices.Concat(body, bytes.Join(rows, []byte(",")), []byte("]"))
	if total >= 0 {
		body = append(body, `,"total":`...)
		body = strconv.AppendInt(body, int64(total), 10)
	}
	return append(body, '}')
}

// encode is for values of this package, which always have a JSON form, and for
// attribute values, which have one unless a test put a channel or the like there.
func encode(value any) []byte {
	row, err := json.Marshal(value)
	if err != nil {
		panic("emulator: a row has no JSON form: " + err.Error())
	}
	return row
}

func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func someMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

// jsonValue is a value as it comes back from JSON: every number a float64.
func jsonValue(value any) any { return parse[any](string(encode(value))) }
