package mapping_test

import (
	"strings"
	"testing"
)

// TestUses: a type needs the calls that the mapping names for it, and those that read
// who holds what can be granted on it.
func TestUses(t *testing.T) {
	var lines []string
	for _, typ := range loadFrozen(t).Types {
		line := typ.ID + ":"
		for _, use := range typ.Uses() {
			line += " " + use.Key + " " + use.Operation.Name
		}
		lines = append(lines, line+"; "+strings.Join(typ.Rights(), ", "))
	}
	const want = `user: list SearchUsers get LoadUser; POST /v2/mgmt/user/search, GET /v1/mgmt/user
tenant: list LoadAllTenants grant AddUserTenant revoke RemoveUserTenant grant LoadUser; GET /v1/mgmt/tenant/all, POST /v1/mgmt/user/update/tenant/add, POST /v1/mgmt/user/update/tenant/remove, GET /v1/mgmt/user
role: list LoadAllRoles grant AddUserRoles revoke RemoveUserRoles grant LoadUser; GET /v1/mgmt/role/all, POST /v1/mgmt/user/update/role/add, POST /v1/mgmt/user/update/role/remove, GET /v1/mgmt/user
permission: list LoadAllPermissions; GET /v1/mgmt/permission/all`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("the uses are\n%s", got)
	}
}
