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
			name: "a key without a near match",
			old:  "parallel_requests: 6",
			new: `parallel_requests: 6
  colour: red`,
			want: `10:3: unknown key "colour"`,
		},
		{
			name: "a key of earlier mappings",
			old:  "passing: [E130429]",
			new:  "permanent: [E011001]",
			want: `16:3: "permanent" is not a key any more: no error code of the API is transient unless "passing" lists it; remove it`,
		},
		{
			name: "a misspelling beside the right key",
			old:  "    name: name or id",
			new: `    name: name or id
    nmae: name`,
			want: `63:5: unknown key "nmae"`,
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
			name: "a table where text is expected",
			old:  "login: first loginIds",
			new:  "login: {first: loginIds}",
			want: `35:14: "login" is text, not a table`,
		},
		{
			name: "text where a table is expected",
			old: `limits:
  parallel_requests: 6
  per_minute: {SearchUsers: 200}`,
			new:  "limits: 6",
			want: `8:9: "limits" is a table of keys, not 6`,
		},
		{
			name: "text where a list is expected",
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

func TestMistakesInKinds(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "text where a truth value is expected",
			old:  "mfa: TOTP or webauthn or push",
			new:  "mfa: TOTP or email or push",
			want: "38:20: email is text, but a truth value is expected here",
		},
		{
			name: "an object where text is expected",
			old: `description: description
    also:`,
			new: `description: name or permissionNames
    also:`,
			want: `88:26: permissionNames is a list of text, but text is expected here; write "first permissionNames"`,
		},
		{
			name: "a truth value where a time is expected",
			old: `created_at: createdTime
    status`,
			new: `created_at: verifiedEmail
    status`,
			want: "32:17: verifiedEmail is a truth value, but a time is expected here",
		},
		{
			name: "objects in a profile",
			old:  "phone: phone",
			new:  "tenants: userTenants",
			want: "43:16: userTenants is a list of objects; name one of its fields",
		},
		{
			name: "a template where a truth value is expected",
			old:  "mfa: TOTP or webauthn or push",
			new:  `mfa: "{TOTP}"`,
			want: `38:12: a text with paths in braces cannot stand here; write "TOTP"`,
		},
	})
}

func TestMistakesInEnums(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a trait unknown to Baton",
			old:  "trait: group",
			new:  "trait: goup",
			want: `59:12: "goup" is not a trait; did you mean "group"?`,
		},
		{
			name: "an unknown value of write",
			old:  "          requires: {entitlement",
			new:  "          write: allways\n          requires: {entitlement",
			want: `102:18: "allways" is not a value of write; did you mean "always"?`,
		},
		{
			name: "a trait without a near match",
			old:  "trait: user",
			new:  "trait: person",
			want: `21:12: "person" is not a trait; it is one of user, group, role, app`,
		},
		{
			name: "a status unknown to the API",
			old:  "enabled: enabled",
			new:  "enabled: off",
			want: `33:37: "off" is not a value of status in the API; it is one of disabled, enabled, expired, invited`,
		},
		{
			name: "a status given twice",
			old:  "pending: invited",
			new:  "pending: disabled",
			want: `33:76: "disabled" already means pending`,
		},
		{
			name: "a value of a request field",
			old:  "field: createdTime",
			new:  "field: createTime",
			want: `26:24: "createTime" is not a value of field in the API; did you mean "createdTime"?`,
		},
	})
}

func TestMistakesInNumbers(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a version that is text",
			old:  "version: 1",
			new:  `version: "1"`,
			want: `3:10: "version" is a whole number, not "1"`,
		},
		{
			name: "an unknown version",
			old:  "version: 1",
			new:  "version: 2",
			want: "3:10: version 2 is not supported; this connector reads version 1",
		},
		{
			name: "a size of nothing",
			old:  "size: 100",
			new:  "size: 0",
			want: "28:35: size must be at least 1",
		},
		{
			name: "a size that is no number",
			old:  "size: 100",
			new:  "size: many",
			want: `28:35: "size" is a whole number, not "many"`,
		},
		{
			name: "a size with a leading 0",
			old:  "size: 100",
			new:  "size: 0100",
			want: `28:35: "size" is 0100, a number that can be read in several ways; write it in digits, without a leading 0`,
		},
		{
			name: "a limit in another base",
			old:  "parallel_requests: 6",
			new:  "parallel_requests: 0x6",
			want: `9:22: "parallel_requests" is 0x6, a number that can be read in several ways; write it in digits, without a leading 0`,
		},
		{
			name: "a fixed field with a leading 0",
			old:  "        withTestUser: option.include-test-users\n      pages: {limit: limit, size: 100, offset: offset, page: page, total: total}\n",
			new:  "        withTestUser: option.include-test-users\n        page: 0144\n        limit: 0o144\n        offset: 1_00\n",
			want: "28:15: page is 0144, a number that can be read in several ways; write it in digits, without a leading 0\n" +
				"29:16: limit is 0o144, a number that can be read in several ways; write it in digits, without a leading 0\n" +
				"30:17: offset is 1_00, a number that can be read in several ways; write it in digits, without a leading 0",
		},
		{
			name: "a fixed field with a fraction and one with an exponent",
			old:  "        withTestUser: option.include-test-users\n      pages: {limit: limit, size: 100, offset: offset, page: page, total: total}\n",
			new:  "        withTestUser: option.include-test-users\n        page: 100.0\n        limit: 1e2\n",
			want: "28:15: page is a whole number, not 100.0\n29:16: limit is a whole number, not 1e2",
		},
		{
			name: "a number with a leading 0 in a free-form field",
			old:  "        withTestUser: option.include-test-users\n",
			new:  "        withTestUser: option.include-test-users\n        customAttributes: {plan: 010, level: 10}\n",
			want: "28:34: plan is 010, a number that can be read in several ways; write it in digits, without a leading 0",
		},
		{
			name: "no requests at all",
			old:  "parallel_requests: 6",
			new:  "parallel_requests: 0",
			want: "9:22: parallel_requests must be from 1 to 100",
		},
		{
			name: "no requests per minute",
			old:  "{SearchUsers: 200}",
			new:  "{SearchUsers: 0}",
			want: "10:29: requests per minute must be at least 1",
		},
	})
}
