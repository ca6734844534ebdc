package mapping_test

import "testing"

func TestMistakesInEntitlements(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "an entitlement that is not there",
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
			name: "a holder that is not there",
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
			name: "an expansion that is not there",
			old:  "expand: assigned",
			new:  "expand: assined",
			want: `108:80: a role has no entitlement "assined"; did you mean "assigned"?`,
		},
		{
			name: "a purpose that Baton does not have",
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
			want: "64:7: no rule under grants of user says who holds tenant.member, so a grant could not be checked",
		},
		{
			name: "holders that cannot be read alone",
			old: `    get: {operation: LoadUser, with: {userId: id}, record: user}
`,
			new:  "",
			want: `19:3: user needs "get": granting tenant.member reads the user before`,
		},
	})
}
