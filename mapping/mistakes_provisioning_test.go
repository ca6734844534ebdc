package mapping_test

import "testing"

func TestMistakesInProvisioning(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a needed request field that nothing gives",
			old: `operation: AddUserRoles
          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}`,
			new: `operation: AddUserRoles
          with: {loginId: principal.userId, tenantId: resource.tenantId}`,
			want: `100:17: AddUserRoles needs "roleNames", which "with" does not set`,
		},
		{
			name: "a misspelled request field",
			old: `operation: AddUserRoles
          with: {loginId: principal.userId, `,
			new: `operation: AddUserRoles
          with: {loginID: principal.userId, `,
			want: `100:18: AddUserRoles takes no "loginID"; did you mean "loginId"?`,
		},
		{
			name: "a request field without a near match",
			old: `operation: AddUserRoles
          with: {loginId: principal.userId, `,
			new: `operation: AddUserRoles
          with: {who: principal.userId, `,
			want: `100:18: AddUserRoles takes no "who"; it is one of loginId, roleNames, tenantId`,
		},
		{
			name: "what is not known when granting",
			old: `operation: AddUserRoles
          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}`,
			new: `operation: AddUserRoles
          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.description]}`,
			want: "100:86: resource.description is not available here: only the parts of the id of a role are (tenantId, name)",
		},
		{
			name: "an unknown head",
			old: `operation: AddUserTenant
          with: {loginId: principal.userId`,
			new: `operation: AddUserTenant
          with: {loginId: principle.userId`,
			want: `71:27: "principle.userId" is not one of principal.PART, record.PATH, resource.PART; did you mean "principal"?`,
		},
		{
			name: "one value for a list",
			old: `operation: AddUserRoles
          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}`,
			new: `operation: AddUserRoles
          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: resource.name}`,
			want: "100:85: roleNames is a list; write [resource.name]",
		},
		{
			name: "a list for one value",
			old: `operation: AddUserTenant
          with: {loginId: principal.userId, tenantId: resource.id}`,
			new: `operation: AddUserTenant
          with: {loginId: [principal.userId], tenantId: resource.id}`,
			want: "71:27: loginId is one value, not a list",
		},
		{
			name: "a get that needs the path to the record",
			old:  "with: {userId: id}, record: user}",
			new:  "with: {userId: id}}",
			want: `29:10: get needs "record": the path to a user record (ResponseUser) in the reply of LoadUser`,
		},
		{
			name: "a reply that has no such record",
			old: `operation: AddUserTenant
          with: {loginId: principal.userId, tenantId: resource.id}
          principal: user`,
			new: `operation: AddUserTenant
          with: {loginId: principal.userId, tenantId: resource.id}
          principal: user.userTenants`,
			want: "72:22: user.userTenants is a list of objects, but a user record (ResponseUser) is expected here",
		},
		{
			name: "a requirement on the principal",
			old:  "on: {id: resource.tenantId}",
			new:  "on: {id: principal.userId}",
			want: "102:59: principal.userId: only parts of the resource's id are available here; write resource.PART",
		},
		{
			name: "a requirement for a revocation",
			old: `operation: RemoveUserTenant
`,
			new: `operation: RemoveUserTenant
          requires: {entitlement: tenant.member, on: {id: resource.id}}
`,
			want: "75:21: requires is only for grant",
		},
	})
}
