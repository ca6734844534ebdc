package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

func TestContractChangesAreExplained(t *testing.T) {
	entitlement := func(slug string, holders ...string) mapping.ContractEntitlement {
		return mapping.ContractEntitlement{Slug: slug, Purpose: mapping.PurposeAssignment, GrantableTo: holders}
	}
	before := mapping.Contract{ResourceTypes: []mapping.ContractType{
		{Type: "role", Trait: mapping.TraitRole, ID: "[tenantId/]name", Entitlements: []mapping.ContractEntitlement{entitlement("assigned", "user")}},
	}}
	for _, c := range []struct {
		name string
		now  mapping.ContractType
		want string
	}{
		{"nothing", before.ResourceTypes[0], ""},
		{"the ids", mapping.ContractType{Type: "role", Trait: "role", ID: "id", Entitlements: []mapping.ContractEntitlement{entitlement("assigned", "user")}},
			"the ids of role change from [tenantId/]name to id: every role becomes another one, which orphans every grant, review and policy that refers to one"},
		{"the trait", mapping.ContractType{Type: "role", Trait: "group", ID: "[tenantId/]name", Entitlements: []mapping.ContractEntitlement{entitlement("assigned", "user")}},
			`the trait of role changes from "role" to "group": what is set up for the one kind of resource does not apply any more`},
		{"a slug", mapping.ContractType{Type: "role", Trait: "role", ID: "[tenantId/]name", Entitlements: []mapping.ContractEntitlement{entitlement("member", "user")}},
			"the entitlement role.assigned is gone: every grant of it is, which orphans every review and policy that refers to one\n" +
				"the entitlement role.member is new: from now on it is part of the contract"},
		{"the holders", mapping.ContractType{Type: "role", Trait: "role", ID: "[tenantId/]name", Entitlements: []mapping.ContractEntitlement{entitlement("assigned", "group")}},
			"the entitlement role.assigned is held by group, and was by user: what refers to the holders of before does not fit any more"},
		{"the type", mapping.ContractType{Type: "team"},
			"the resource type role is gone: every role is deleted, which orphans every grant, review and policy that refers to one\n" +
				"the resource type team is new: from now on it is part of the contract"},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := mapping.Contract{ResourceTypes: []mapping.ContractType{c.now}}
			if got := strings.Join(now.Changes(before), "\n"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}
