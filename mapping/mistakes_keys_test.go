package mapping_test

import "testing"

func TestMistakesInKeys(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a misspelled key is read as the key it looks like",
			old: `    entitlements:
      assigned:`,
			new: `    entitlments:
      assigned:`,
			want: `93:5: unknown key "entitlments"; did you mean "entitlements"?`,
		},
		{
			name: "a key that is nothing like another",
			old:  "parallel_requests: 6",
			new: `parallel_requests: 6
  colour: red`,
			want: `10:3: unknown key "colour"`,
		},
		{
			name: "a key of earlier mappings",
			old:  "passing: [E130429]",
			new:  "permanent: [E011001]",
			want: `16:3: "permanent" is not a key any more: no error code of the API passes by itself unless "passing" lists it; remove it`,
		},
		{
			name: "a misspelling beside the right key",
			old:  "    name: name or id",
			new: `    name: name or id
    nmae: name`,
			want: `63:5: unknown key "nmae"; it is one of get, description, parent, status, user, profile, also, grants`,
		},
		{
			name: "a key given twice",
			old: `    id: id
`,
			new: `    id: id
    id: name
`,
			want: `62:5: "id" is given twice`,
		},
		{
			name: "a key given twice in a request",
			old:  "{field: createdTime, desc: false}",
			new:  "{field: createdTime, field: email}",
			want: `26:37: "field" is given twice`,
		},
		{
			name: "a key given twice in a table of names",
			old: `      phone: phone
`,
			new: `      phone: phone
      phone: email
`,
			want: `44:7: "phone" is given twice`,
		},
		{
			name: "a needed key that is missing",
			old: `    id: userId
`,
			new:  "",
			want: `20:5: "user" needs "id": path to the id, or a list of paths to its parts`,
		},
		{
			name: "a table where text is wanted",
			old:  "login: first loginIds",
			new:  "login: {first: loginIds}",
			want: `35:14: "login" is text, not a table`,
		},
		{
			name: "text where a table is wanted",
			old: `limits:
  parallel_requests: 6
  per_minute: {SearchUsers: 200}`,
			new:  "limits: 6",
			want: `8:9: "limits" is a table of keys, not 6`,
		},
		{
			name: "text where a list is wanted",
			old: `    grants: # what this record holds
      - {entitlement: tenant.member, on: {id: userTenants.tenantId}}
      - {entitlement: role.assigned, on: {name: roleNames}}
      - {entitlement: role.assigned, on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}
`,
			new: `    grants: none
`,
			want: `48:13: "grants" is a list, not "none"`,
		},
		{
			name: "a key without a value",
			old: `      email: email
`,
			new: `      email:
`,
			want: `37:7: "email" has no value`,
		},
		{
			name: "null",
			old:  "login: first loginIds",
			new:  "login: null",
			want: `35:14: "login" has no value`,
		},
		{
			name: "null in a list",
			old:  "disabled: [disabled, expired]",
			new:  "disabled: [disabled, ~]",
			want: `33:85: an entry of "disabled" has no value`,
		},
		{
			name: "an empty text",
			old: `    id: id
`,
			new: `    id: ""
`,
			want: `61:9: "id" is empty`,
		},
		{
			name: "an empty list",
			old:  "not_found: [E112102]",
			new:  "not_found: []",
			want: `15:14: "not_found" is an empty list`,
		},
		{
			name: "an empty table",
			old:  "parent: {tenant: tenantId}",
			new:  "parent: {}",
			want: `86:13: "parent" is empty`,
		},
		{
			name: "a resource type that is not a table",
			old: `  tenant:
    display_name: Tenant
    trait: group
    list: {operation: LoadAllTenants, records: tenants}
    id: id
    name: name or id
    created_at: createdTime
    entitlements:
      member:
        grantable_to: user
        display_name: "{name or id} member"
        description: "Belongs to the tenant {name or id}"
        grant:
          operation: AddUserTenant
          with: {loginId: principal.userId, tenantId: resource.id}
          principal: user
        revoke:
          operation: RemoveUserTenant
          with: {loginId: principal.userId, tenantId: resource.id}
          principal: user
    ignored: # looks like access
      defaultRoles: What new members are given; who has a role is in the users' records.
      federatedAppIds: The applications of the tenant, and not of anybody in it.
`,
			new: `  tenant: later
`,
			want: `57:11: "tenant" is a table of keys, not "later"`,
		},
	})
}
