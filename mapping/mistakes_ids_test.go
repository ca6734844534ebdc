package mapping_test

import "testing"

func TestMistakesInIDs(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a part of an id that the record does not have",
			old: `    id: userId
`,
			new: `    id: usrId
`,
			want: `30:9: a user record (ResponseUser) has no field "usrId"; did you mean "userId"?`,
		},
		{
			name: "a part of an id that is a list",
			old: `    id: userId
`,
			new: `    id: loginIds
`,
			want: "30:9: loginIds is a list of text and cannot be part of an id",
		},
		{
			name: "two parts of one name",
			old:  "id: [tenantId, name]",
			new:  "id: [name, name]",
			want: `85:16: the id has two parts named "name"`,
		},
		{
			name: "a part of an id that is not one, in a grant rule",
			old:  "on: {id: userTenants.tenantId}",
			new:  "on: {tenantId: userTenants.tenantId}",
			want: `49:43: the id of a tenant has no part "tenantId"; it is one of id`,
		},
		{
			name: "no path to the needed part",
			old:  "- {entitlement: role.assigned, on: {name: roleNames}}",
			new:  "- {entitlement: role.assigned, on: {tenantId: userId}}",
			want: `50:42: the id of a role needs "name"`,
		},
		{
			name: "one path where parts are needed",
			old:  "- {entitlement: role.assigned, on: {name: roleNames}}",
			new:  "- {entitlement: role.assigned, on: roleNames}",
			want: "50:42: the id of a role has the parts tenantId, name; give a path to each",
		},
		{
			name: "a truth value in an id",
			old:  "on: {name: roleNames}",
			new:  "on: {name: verifiedEmail}",
			want: "50:49: verifiedEmail is a truth value and cannot be part of an id",
		},
		{
			name: "two lists in one rule",
			old:  "on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}",
			new:  "on: {tenantId: userTenants.tenantId, name: roleNames}}",
			want: "51:81: roleNames and userTenants are different lists; their entries cannot be paired",
		},
		{
			name: "an unknown parent type",
			old:  "parent: {tenant: tenantId}",
			new:  "parent: {tenat: tenantId}",
			want: `86:14: there is no resource type "tenat"; did you mean "tenant"?`,
		},
		{
			name: "two parents",
			old:  "parent: {tenant: tenantId}",
			new:  "parent: {tenant: tenantId, user: name}",
			want: "86:32: a resource has one parent, not 2",
		},
		{
			name: "a parent that is a list",
			old:  "parent: {tenant: tenantId}",
			new:  "parent: {tenant: permissionNames}",
			want: "86:22: permissionNames is a list of text and cannot be part of an id",
		},
		{
			name: "a parent that shown resources would lack",
			old:  "parent: {tenant: tenantId}",
			new:  "parent: {tenant: description}",
			want: "86:22: description is not a part of the id, so resources derived from other records would have no parent",
		},
		{
			name: "a part of an id that get does not know",
			old:  "get: {operation: LoadUser, with: {userId: id}, record: user}",
			new:  "get: {operation: LoadUser, with: {userId: login}, record: user}",
			want: `29:47: "login" is not a part of the id of a user; it is one of userId`,
		},
		{
			name: "a type with capitals",
			old: `  permission:
`,
			new: `  Permission:
`,
			want: `110:3: the resource type id "Permission" may have only lower-case letters, digits, - and _`,
		},
	})
}
