package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

func TestMistakesInEntitlements(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "an unknown entitlement",
			old:  "entitlement: tenant.member, on: {id: userTenants.tenantId}",
			new:  "entitlement: tenant.membr, on: {id: userTenants.tenantId}",
			want: `49:23: there is no entitlement "tenant.membr"; did you mean "tenant.member"?`,
		},
		{
			name: "one that this type cannot hold",
			old: `    grants:
      - {entitlement: permission.granted, on: {name: permissionNames}, expand: assigned}`,
			new: `    grants:
      - {entitlement: permission.granted, on: {name: permissionNames}, expand: assigned}
      - {entitlement: tenant.member, on: {id: tenantId}}`,
			want: "109:23: tenant.member can be held by user, but this rule is in role",
		},
		{
			name: "an unknown holder",
			old:  "grantable_to: role",
			new:  "grantable_to: rol",
			want: `119:23: there is no resource type "rol"; did you mean "role"?`,
		},
		{
			name: "a holder given twice",
			old:  "grantable_to: role",
			new:  "grantable_to: [role, role]",
			want: `119:30: "role" is given twice`,
		},
		{
			name: "an unknown expansion",
			old:  "expand: assigned",
			new:  "expand: assined",
			want: `108:80: a role has no entitlement "assined"; did you mean "assigned"?`,
		},
		{
			name: "a purpose unknown to Baton",
			old:  "purpose: permission",
			new:  "purpose: permit",
			want: `122:18: "permit" is not a purpose; it is one of assignment, permission, ownership`,
		},
		{
			name: "read_only: no",
			old:  "read_only: A role's permissions are changed in Descope, under Authorization, in the role itself.",
			new:  "read_only: no",
			want: `123:20: "read_only" is true, false or a sentence, not "no"`,
		},
		{
			name: "neither read-only nor granted",
			old: `        read_only: A role's permissions are changed in Descope, under Authorization, in the role itself.
`,
			new:  "",
			want: "118:7: permission.granted needs grant and revoke, or read_only: true",
		},
		{
			name: "both read-only and granted",
			old: `        grantable_to: user
        display_name: "{name or id} member"`,
			new: `        grantable_to: user
        read_only: true
        display_name: "{name or id} member"`,
			want: "67:20: tenant.member is read_only and has a grant or revoke as well",
		},
		{
			name: "no rule says who holds it",
			old: `      - {entitlement: tenant.member, on: {id: userTenants.tenantId}}
`,
			new:  "",
			want: "64:7: no rule under grants of user reads tenant.member, so a grant cannot be verified",
		},
		{
			name: "holders that cannot be read alone",
			old: `    get: {operation: LoadUser, with: {userId: id}, record: user}
`,
			new:  "",
			want: `19:3: user needs "get": the user is read before tenant.member is granted`,
		},
	})
}

func TestMistakesInAlso(t *testing.T) {
	const one = `    also: # a project's role held inside one tenant is a role of its own
      in: user
      id: {tenantId: userTenants.tenantId, name: userTenants.roleNames}
      like: {name: userTenants.roleNames} # the rest comes from the project's role of that name
`
	const entry = `      - in: user
        id: {tenantId: userTenants.tenantId, name: userTenants.roleNames}
        like: {name: userTenants.roleNames}
`
	checkMistakes(t, []mistakeCase{
		{name: "a list of one is no mistake", old: one, new: "    also:\n" + entry, want: ""},
		{name: "a type twice", old: one, new: "    also:\n" + entry + entry, want: `93:13: "user" is given twice`},
		{
			name: "an unknown type, in a list",
			old:  one, new: "    also:\n" + entry + `      - {in: usr, id: {name: name}, like: {name: name}}
`,
			want: `93:14: there is no resource type "usr"; did you mean "user"?`,
		},
		{name: "text", old: one, new: "    also: user\n", want: `89:11: "also" is a list, not "user"`},
		{
			name: "an entry that is no table", old: one, new: "    also: [user]\n",
			want: `89:12: an entry of "also" is a table of keys, not "user"`,
		},
	})
}

// holdersMapping has an entitlement whose holders are listed for each group.
const holdersMapping = `
version: 1
connector: {display_name: Workbench}
resource_types:
  person:
    display_name: Person
    list: {operation: ListPeople, records: people}
    id: id
    name: first handles
    # grants of the person
  guest:
    display_name: Guest
    list: {operation: ListPeople, records: people}
    id: [id, profile.full_name]
    name: first handles
  group:
    display_name: Group
    list: {operation: ListGroups, records: data.items}
    id: group_id
    name: label
    entitlements:
      member:
        grantable_to: person
        read_only: true
        holders:
          operation: ListGroupMembers
          with: {group_id: group_id}
          request: {kind: direct}
          pages: {page: page, first: 1, limit: per_page, size: 100}
          principal: id
`

func TestMistakesInHolders(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{
			"an operation that the API does not have", "operation: ListGroupMembers", "operation: ListGroupMember",
			`25:22: the API has no operation "ListGroupMember"; did you mean "ListGroupMembers"?`,
		},
		{
			"an operation that lists something else", "operation: ListGroupMembers", "operation: ListWorkspaces",
			`26:18: ListWorkspaces takes no "group_id"
27:21: ListWorkspaces takes no "kind"
28:25: ListWorkspaces takes no "page"
28:48: ListWorkspaces takes no "per_page"`,
		},
		{
			"records of something else", "operation: ListGroupMembers", "records: data.items\n          operation: ListGroups",
			`27:18: ListGroups takes no "group_id"; it is one of page, per_page
28:21: ListGroups takes no "kind"; it is one of page, per_page
30:22: a holder record (Group) has no field "id"; it is one of group_id, label, shared_with, workspace_id`,
		},
		{
			"a request field that it does not take", "with: {group_id: group_id}", "with: {groop_id: group_id}",
			`26:18: ListGroupMembers takes no "groop_id"; did you mean "group_id"?`,
		},
		{
			"a needed part of the path, of the id", "with: {group_id: group_id}", "with: {page: group_id}",
			`26:17: ListGroupMembers needs "group_id", which "with" does not set
28:25: ListGroupMembers: "page" is set twice`,
		},
		{
			"a needed part of the query, fixed", "          request: {kind: direct}\n", "",
			`26:17: ListGroupMembers needs "kind", which "with" does not set`,
		},
		{
			"a field given twice", "request: {kind: direct}", "request: {kind: direct, group_id: 31}",
			`26:18: ListGroupMembers: "group_id" is set twice`,
		},
		{
			"what is not a part of the resource's id", "with: {group_id: group_id}", "with: {group_id: label}",
			`26:28: "label" is not a part of the id of a group; it is one of group_id`,
		},
		{
			"a fixed value that the API does not have", "kind: direct}", "kind: boss}",
			`27:27: "boss" is not a value of kind in the API; it is one of direct, guest`,
		},
		{
			"a reply that is no list", "operation: ListGroupMembers", "operation: GetPerson",
			`25:11: holders needs "records": the path to the list of records in the reply of GetPerson
26:18: GetPerson takes no "group_id"; it is one of person_id
27:21: GetPerson takes no "kind"; it is one of person_id
28:25: GetPerson takes no "page"; it is one of person_id
28:48: GetPerson takes no "per_page"; it is one of person_id`,
		},
		{
			"records in a reply that is the list", "with: {group_id: group_id}", "with: {group_id: group_id}\n          records: users",
			`27:20: an object there (Person) has no field "users"; it is one of active, createdAt, handles, id, last_seen, profile, roles, security, workspaces`,
		},
		{
			"records that are no list", "operation: ListGroupMembers", "records: profile\n          operation: GetPerson",
			`25:20: profile is an object, but a list of objects is expected here
27:18: GetPerson takes no "group_id"; it is one of person_id
28:21: GetPerson takes no "kind"; it is one of person_id
29:25: GetPerson takes no "page"; it is one of person_id
29:48: GetPerson takes no "per_page"; it is one of person_id`,
		},
		{
			"a field that the record does not have", "principal: id", "principal: idd",
			`29:22: a holder record (Person) has no field "idd"; did you mean "id"?`,
		},
		{
			"a field that is no id", "principal: id", "principal: active",
			"29:22: active is a truth value and cannot be part of an id",
		},
		{
			"a part that the holder's id does not have", "principal: id", "principal: {name: login}",
			`29:23: the id of a person has no part "name"; it is one of id`,
		},
		{
			"one path for an id of two parts", "grantable_to: person", "grantable_to: guest",
			"29:22: the id of a guest has the parts id, full_name; give a path to each",
		},
		{
			"the parent of a holder", "principal: id", "principal: parent.id",
			`29:22: a holder record (Person) has no field "parent"; it is one of active, createdAt, handles, id, last_seen, profile, roles, security, workspaces`,
		},
		{
			"no principal", "          principal: id\n", "",
			`25:11: "holders" needs "principal": paths in a record to the parts of the holder's id`,
		},
		{
			"nothing of the resource", "          with: {group_id: group_id}\n", "",
			`25:11: "holders" needs "with": request fields, each from a part of the resource's id`,
		},
		{
			"holders of two types", "grantable_to: person", "grantable_to: [person, guest]",
			"25:11: group.member can be held by person, guest, but a list of holders has one type; give the others an entitlement of their own",
		},
		{
			"a rule that says it too", "    # grants of the person", "    grants: [{entitlement: group.member, on: {group_id: id}}]",
			"25:11: the holders of group.member are given twice: here and by a rule under grants of person",
		},
		{
			"a page field that it does not take", "page: page, first", "page: pages, first",
			`28:25: ListGroupMembers takes no "pages"; did you mean "page"?`,
		},
		{
			"pages by a field that is no number", "page: page, first: 1, ", "page: kind, first: 1, ",
			`28:25: ListGroupMembers: "kind" is set twice`,
		},
		{
			"a size without a limit", "limit: per_page, size: 100", "size: 100",
			"28:18: limit and size belong together: limit is the request field that takes the size",
		},
		{
			"a cursor without next", "pages: {page: page, first: 1, limit", "pages: {cursor: page, limit",
			"28:18: cursor and next belong together: next says where the reply has the next cursor",
		},
		{
			"a next that a bare list cannot have", "pages: {page: page, first: 1, limit", "pages: {cursor: page, next: next, limit",
			`28:39: an object there (Person) has no field "next"; it is one of active, createdAt, handles, id, last_seen, profile, roles, security, workspaces`,
		},
		{
			"a misspelled key", "principal: id", "principals: id",
			`29:11: unknown key "principals"; did you mean "principal"?`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.TrimPrefix(holdersMapping, "\n")
			if strings.Count(src, c.old) != 1 {
				t.Fatalf("not there once: %s", c.old)
			}
			_, err := mapping.Load("f", []byte(strings.Replace(src, c.old, c.new, 1)), mapping.Environment{Operations: client.Operations})
			if err == nil {
				t.Fatal("no mistake")
			}
			if got := strings.TrimPrefix(strings.ReplaceAll(err.Error(), "\nf:", "\n"), "f:"); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestTheHoldersMappingHasNoMistakes(t *testing.T) {
	if _, err := mapping.Load("f", []byte(holdersMapping), mapping.Environment{Operations: client.Operations}); err != nil {
		t.Error(err)
	}
}
