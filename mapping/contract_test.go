package mapping_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

func TestContract(t *testing.T) {
	locked, err := mapping.ReadContract("descope.lock.yaml", mapping.DescopeLock)
	if err != nil {
		t.Fatal(err)
	}
	is := loadDescope(t).Contract()
	if changes := is.Changes(locked); len(changes) > 0 {
		t.Errorf("descope.yaml changes what customers refer to:\n  - %s\nIf that is meant: baton-descope mapping check mapping/descope.yaml --write-lock", strings.Join(changes, "\n  - "))
	}
	written, err := is.Write()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, mapping.DescopeLock) {
		t.Errorf("descope.lock.yaml is not as check --write-lock writes it:\n%s", written)
	}
}

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
