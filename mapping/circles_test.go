package mapping_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

func TestMistakesThatLeadBack(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a type whose records are their own parents",
			old:  "    name: name or id\n    created_at: createdTime\n    entitlements:\n",
			new:  "    name: name or id\n    parent: {tenant: id}\n    created_at: createdTime\n    entitlements:\n",
			want: "63:13: every tenant would be its own parent: this is the path to its own id",
		},
		{
			name: "the same with an id of parts",
			old:  "    parent: {tenant: tenantId}\n",
			new:  "    parent: {role: {tenantId: tenantId, name: name}}\n",
			want: "86:13: every role would be its own parent: this is the path to its own id",
		},
		{
			name: "a requirement of itself",
			old:  "requires: {entitlement: tenant.member, on: {id: resource.tenantId}}",
			new:  "requires: {entitlement: role.assigned, on: {tenantId: resource.tenantId, name: resource.name}}",
			want: "102:21: role.assigned is required for a grant of itself, so it could never be granted",
		},
		{
			name: "not one on another resource of the type",
			old:  "requires: {entitlement: tenant.member, on: {id: resource.tenantId}}",
			new:  "requires: {entitlement: role.assigned, on: {name: resource.name}}",
		},
	})
}

func TestRequirementOfItselfByWayOfAnother(t *testing.T) {
	src := edit(t, "          with: {loginId: principal.userId, tenantId: resource.id}\n          principal: user\n        revoke:\n          operation: RemoveUserTenant\n",
		"          with: {loginId: principal.userId, tenantId: resource.id}\n          principal: user\n          requires: {entitlement: tenant.guest, on: {id: resource.id}}\n        revoke:\n          operation: RemoveUserTenant\n")
	src = strings.Replace(src, "      member:\n        grantable_to: user\n", `      guest:
        grantable_to: user
        grant:
          operation: AddUserTenant
          with: {loginId: principal.userId, tenantId: resource.id}
          requires: {entitlement: tenant.member, on: {id: resource.id}}
        revoke:
          operation: RemoveUserTenant
          with: {loginId: principal.userId, tenantId: resource.id}
      member:
        grantable_to: user
`, 1)
	src = strings.Replace(src, "    grants: # what this record holds\n", "    grants: # what this record holds\n      - {entitlement: tenant.guest, on: {id: userTenants.tenantId}}\n", 1)
	want := "71:21: tenant.guest is required for a grant of itself, so it could never be granted\n" +
		"83:21: tenant.member is required for a grant of itself, so it could never be granted"
	if got := mistakesIn(t, src); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestRequirementsThatSwapParts lead back to the same resource if they do it twice.
func TestRequirementsThatSwapParts(t *testing.T) {
	const same, swapped = "{tenantId: resource.tenantId, name: resource.name}", "{tenantId: resource.name, name: resource.tenantId}"
	const write = "operation: %s\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}\n"
	for there, want := range map[string]bool{swapped: true, same: false} {
		src := edit(t, "requires: {entitlement: tenant.member, on: {id: resource.tenantId}}", "requires: {entitlement: role.guest, on: "+swapped+"}")
		src = strings.Replace(src, "      assigned:\n", "      guest:\n        grantable_to: user\n        grant:\n          "+fmt.Sprintf(write, "AddUserRoles")+
			"          requires: {entitlement: role.assigned, on: "+there+"}\n        revoke:\n          "+fmt.Sprintf(write, "RemoveUserRoles")+"      assigned:\n", 1)
		src = strings.Replace(src, "    grants: # what this record holds\n", "    grants: # what this record holds\n      - {entitlement: role.guest, on: {name: roleNames}}\n", 1)
		got := mistakesIn(t, src)
		if found := strings.Count(got, "is required for a grant of itself") == 2; found != want || !want && got != "" {
			t.Errorf("%s: got %s", there, got)
		}
	}
}

func TestWarningsOfWhatSaysNothing(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{
			"a list that only also reads",
			"      - {entitlement: role.assigned, on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}\n", "",
			"19:3: each record of SearchUsers has the list userTenants.roleNames, which looks like access, but no rule reads it; " +
				"add a rule, or a reason: ignored: {userTenants.roleNames: ...}",
		},
		{
			"a part of an id that stands beside what is read",
			"on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}\n    ignored", "on: {name: userTenants.roleNames}}\n    ignored",
			"51:42: the id of a role has the part tenantId, and userTenants.tenantId stands beside what this rule reads; without it, the id is that of another role; " +
				"add tenantId: userTenants.tenantId",
		},
		{
			"one that is ignored with a reason",
			"      - {entitlement: role.assigned, on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}\n    ignored:",
			"    ignored:\n      userTenants.roleNames: They are in another system.\n     ", "",
		},
		{
			"a rule that is there twice",
			"      - {entitlement: role.assigned, on: {name: roleNames}}\n",
			"      - {entitlement: role.assigned, on: {name: roleNames}}\n      - {entitlement: role.assigned, on: {name: roleNames}}\n",
			"51:23: a rule above reads the same for role.assigned",
		},
		{
			"an alternative to what is always there",
			"    name: name or email or first loginIds or userId\n", "    name: userId or name\n",
			`31:21: the API has userId in every record, so what follows "or" is not read`,
		},
		{
			"one in a template",
			`    name: "{name}[ ({parent.name or parent.id})]"`, `    name: "{name or description}"`,
			`87:21: the API has name in every record, so what follows "or" is not read`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := warningsIn(t, edit(t, c.old, c.new), descopeAPI); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestRulesThatReadTheSameForOthers(t *testing.T) {
	src := strings.NewReplacer("RULE}", "owner_id}\n      - {entitlement: club.led, on: owner_id}", "# ignored", "ignored: {owner_type: All are clubs.}",
		"      joined: {", "      led: {grantable_to: member, read_only: true}\n      joined: {").Replace(clubMapping)
	if got := warningsIn(t, src, clubAPI); got != "" {
		t.Errorf("got %s", got)
	}
}

// holderWarnings returns the warnings of holdersMapping with a text replaced.
func holderWarnings(t *testing.T, old, replacement string) string {
	t.Helper()
	src := strings.TrimPrefix(holdersMapping, "\n")
	if strings.Count(src, old) != 1 {
		t.Fatalf("not there once: %s", old)
	}
	return warningsIn(t, strings.Replace(src, old, replacement, 1), mapping.Environment{Operations: client.Operations})
}

func TestEntitlementsWithTheSameHolders(t *testing.T) {
	const holders = "{operation: ListGroupMembers, with: {group_id: group_id}, request: {kind: KIND}, pages: {page: page, first: 1, limit: per_page, size: 100}, principal: id}"
	second := func(kind string) string {
		return "      lead: {grantable_to: person, read_only: true, holders: " + strings.Replace(holders, "KIND", kind, 1) + "}\n      member:\n"
	}
	want := "the same request lists the holders of group.lead and group.member, so who holds one is shown with both"
	if got := holderWarnings(t, "      member:\n", second("direct")); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	desks := strings.Replace(second("direct"), "principal: id", "principal: profile.desk", 1)
	if got := holderWarnings(t, "      member:\n", desks); strings.Contains(got, want) {
		t.Errorf("of another field: got %s", got)
	}
	if got := holderWarnings(t, "      member:\n", second("guest")); strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
}
