package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/exampleapis/github"
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

// holdersMapping has an entitlement whose holders are listed for each team.
const holdersMapping = `
version: 1
connector: {display_name: GitHub}
resource_types:
  user:
    display_name: User
    list: {operation: ListOrgMembers, request: {org: acme}}
    id: login
    name: login
    # grants of the user
  bot:
    display_name: Bot
    list: {operation: ListOrgMembers, request: {org: acme}}
    id: [type, login]
    name: login
  team:
    display_name: Team
    list: {operation: ListTeams, request: {org: acme}}
    id: slug
    name: name
    entitlements:
      member:
        grantable_to: user
        read_only: true
        holders:
          operation: ListTeamMembers
          with: {team_slug: slug}
          request: {org: acme, role: member}
          pages: {page: page, first: 1, limit: per_page, size: 100}
          principal: login
`

func TestMistakesInHolders(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{
			"an operation that the API does not have", "operation: ListTeamMembers", "operation: ListTeamMember",
			`25:22: the API has no operation "ListTeamMember"; did you mean "ListTeamMembers"?`,
		},
		{
			"an operation that lists something else", "operation: ListTeamMembers", "operation: ListOrgRoleUsers",
			`26:18: ListOrgRoleUsers takes no "team_slug"; it is one of org, role_id, page, per_page
27:32: ListOrgRoleUsers takes no "role"; it is one of org, role_id, page, per_page`,
		},
		{
			"records of something else", "operation: ListTeamMembers", "operation: ListTeams",
			`26:18: ListTeams takes no "team_slug"; it is one of org, page, per_page
27:32: ListTeams takes no "role"; it is one of org, page, per_page
29:22: a holder record (Team) has no field "login"; it is one of description, id, name, parent, privacy, slug`,
		},
		{
			"a request field that it does not take", "with: {team_slug: slug}", "with: {team_slag: slug}",
			`26:18: ListTeamMembers takes no "team_slag"; did you mean "team_slug"?`,
		},
		{
			"a needed part of the path, of the id", "with: {team_slug: slug}", "with: {page: slug}",
			`26:17: ListTeamMembers needs "team_slug", which "with" does not set
28:25: ListTeamMembers: "page" is set twice`,
		},
		{
			"a needed part of the path, fixed", "request: {org: acme, role: member}", "request: {role: member}",
			`26:17: ListTeamMembers needs "org", which "with" does not set`,
		},
		{
			"a field given twice", "request: {org: acme, role: member}", "request: {org: acme, team_slug: core}",
			`26:18: ListTeamMembers: "team_slug" is set twice`,
		},
		{
			"what is not a part of the resource's id", "with: {team_slug: slug}", "with: {team_slug: name}",
			`26:29: "name" is not a part of the id of a team; it is one of slug`,
		},
		{
			"a fixed value that the API does not have", "role: member}", "role: boss}",
			`27:38: "boss" is not a value of role in the API; it is one of all, maintainer, member`,
		},
		{
			"a reply that is no list", "operation: ListTeamMembers", "operation: GetTeam",
			`25:11: holders needs "records": the path to the list of records in the reply of GetTeam
27:32: GetTeam takes no "role"; it is one of org, team_slug
28:25: GetTeam takes no "page"; it is one of org, team_slug
28:48: GetTeam takes no "per_page"; it is one of org, team_slug`,
		},
		{
			"records in a reply that is the list", "with: {team_slug: slug}", "with: {team_slug: slug}\n          records: users",
			`27:20: an object there (User) has no field "users"; it is one of id, login, site_admin, type`,
		},
		{
			"records that are no list", "operation: ListTeamMembers", "records: parent\n          operation: GetTeam",
			`25:20: parent is an object, but a list of objects is expected here
28:32: GetTeam takes no "role"; it is one of org, team_slug
29:25: GetTeam takes no "page"; it is one of org, team_slug
29:48: GetTeam takes no "per_page"; it is one of org, team_slug`,
		},
		{
			"a field that the record does not have", "principal: login", "principal: logn",
			`29:22: a holder record (User) has no field "logn"; did you mean "login"?`,
		},
		{
			"a field that is no id", "principal: login", "principal: site_admin",
			"29:22: site_admin is a truth value and cannot be part of an id",
		},
		{
			"a part that the holder's id does not have", "principal: login", "principal: {name: login}",
			`29:23: the id of a user has no part "name"; it is one of login`,
		},
		{
			"one path for an id of two parts", "grantable_to: user", "grantable_to: bot",
			"29:22: the id of a bot has the parts type, login; give a path to each",
		},
		{
			"the parent of a holder", "principal: login", "principal: parent.slug",
			`29:22: a holder record (User) has no field "parent"; it is one of id, login, site_admin, type`,
		},
		{
			"no principal", "          principal: login\n", "",
			`25:11: "holders" needs "principal": paths in a record to the parts of the holder's id`,
		},
		{
			"nothing of the resource", "          with: {team_slug: slug}\n", "",
			`25:11: "holders" needs "with": request fields, each from a part of the resource's id`,
		},
		{
			"holders of two types", "grantable_to: user", "grantable_to: [user, bot]",
			"25:11: team.member can be held by user, bot, but a list of holders has one type; give the others an entitlement of their own",
		},
		{
			"a rule that says it too", "    # grants of the user", "    grants: [{entitlement: team.member, on: {slug: login}}]",
			"25:11: the holders of team.member are given twice: here and by a rule under grants of user",
		},
		{
			"a page field that it does not take", "page: page, first", "page: pages, first",
			`28:25: ListTeamMembers takes no "pages"; did you mean "page"?`,
		},
		{
			"pages by a field that is no number", "page: page, first: 1, ", "page: role, first: 1, ",
			`28:25: ListTeamMembers: "role" is set twice`,
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
			`28:39: an object there (User) has no field "next"; it is one of id, login, site_admin, type`,
		},
		{
			"a misspelled key", "principal: login", "principals: login",
			`29:11: unknown key "principals"; did you mean "principal"?`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.TrimPrefix(holdersMapping, "\n")
			if strings.Count(src, c.old) != 1 {
				t.Fatalf("not there once: %s", c.old)
			}
			_, err := mapping.Load("f", []byte(strings.Replace(src, c.old, c.new, 1)), mapping.Environment{Operations: github.Operations})
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
	if _, err := mapping.Load("f", []byte(holdersMapping), mapping.Environment{Operations: github.Operations}); err != nil {
		t.Error(err)
	}
}
