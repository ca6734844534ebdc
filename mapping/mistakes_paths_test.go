package mapping_test

import "testing"

func TestMistakesInPaths(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a field that a record does not have",
			old: `email: email
`,
			new: `email: mail
`,
			want: `37:14: a user record (ResponseUser) has no field "mail"; did you mean "email"?`,
		},
		{
			name: "a list where text is expected",
			old:  "login: first loginIds",
			new:  "login: loginIds",
			want: `35:14: loginIds is a list of text, but text is expected here; write "first loginIds"`,
		},
		{
			name: "the first of what is no list",
			old:  "login: first loginIds",
			new:  "login: first email",
			want: `35:20: email is text; "first" needs a list; write "email"`,
		},
		{
			name: "in the middle of alternatives",
			old:  "name: name or email or first loginIds or userId",
			new:  "name: name or emial or first loginIds or userId",
			want: `31:19: a user record (ResponseUser) has no field "emial"; did you mean "email"?`,
		},
		{
			name: `behind "first" in alternatives`,
			old:  "name: name or email or first loginIds or userId",
			new:  "name: name or email or first logins or userId",
			want: `31:34: a user record (ResponseUser) has no field "logins"; did you mean "loginIds"?`,
		},
		{
			name: "an alternative that is missing",
			old:  "name: name or email or first loginIds or userId",
			new:  "name: name or  or userId",
			want: "31:19: a path is missing here",
		},
		{
			name: "in a quoted template",
			old:  `"{name or id} member"`,
			new:  `"{name or ident} member"`,
			want: `67:33: a tenant record (Tenant) has no field "ident"`,
		},
		{
			name: "in a quoted template, behind wide characters",
			old:  `"{name or id} member"`,
			new:  `"テナント 👥 {name or ident}"`,
			want: `67:40: a tenant record (Tenant) has no field "ident"`,
		},
		{
			name: "in a template that the file spells with escapes: at its start",
			old:  `"{name or id} member"`,
			new:  `"\u00fc {name or ident}"`,
			want: `67:23: a tenant record (Tenant) has no field "ident"`,
		},
		{
			name: "in a text of several lines: at its start",
			old:  `"{name or id} member"`,
			new: `>-
          All of
          {name or ident}`,
			want: `67:23: a tenant record (Tenant) has no field "ident"`,
		},
		{
			name: "in a group of a template",
			old:  `name: "{name}[ ({parent.name or parent.id})]"`,
			new:  `name: "{name}[ ({parent.nme or parent.id})]"`,
			want: `87:29: a tenant record (Tenant) has no field "nme"; did you mean "name"?`,
		},
		{
			name: "a brace that is not closed",
			old:  `"Confers the permission {name}"`,
			new:  `"Confers the permission {name"`,
			want: `121:46: "{" is not closed`,
		},
		{
			name: "a brace that is not opened",
			old:  `"Confers the permission {name}"`,
			new:  `"Confers the permission name}"`,
			want: `121:50: "}" has no opening bracket`,
		},
		{
			name: "a bracket that is not closed",
			old:  `"Confers the permission {name}"`,
			new:  `"Confers the permission [{name}"`,
			want: `121:46: "[" is not closed`,
		},
		{
			name: "a bracket that is not opened",
			old:  `"Confers the permission {name}"`,
			new:  `"Confers the permission {name}]"`,
			want: `121:52: "]" has no opening bracket`,
		},
		{
			name: "brackets inside brackets",
			old:  `"Confers the permission {name}"`,
			new:  `"Confers [the [permission {name}]]"`,
			want: "121:36: brackets inside brackets",
		},
		{
			name: "through a list",
			old:  "on: {id: userTenants.tenantId}",
			new:  "on: {id: userTenants.tenant}",
			want: `49:59: an object there (UserTenants) has no field "tenant"; did you mean "tenantId"?`,
		},
		{
			name: "into text",
			old:  "on: {id: userTenants.tenantId}",
			new:  "on: {id: userId.tenantId}",
			want: `49:54: userId is text and has no field "tenantId"`,
		},
		{
			name: "a parent that the resource does not have",
			old:  "name: name or id",
			new:  "name: parent.name or id",
			want: "62:11: parent.name: a tenant has no parent here",
		},
		{
			name: "what is not a path",
			old:  "login: first loginIds",
			new:  "login: loginIds[0]",
			want: `35:14: "loginIds[0]" is not a field path; a path goes through a list without an index: write "first loginIds" for the first entry, "loginIds" for all`,
		},
		{
			name: "with a space",
			old:  "login: first loginIds",
			new:  "login: last loginIds",
			want: `35:14: "last loginIds" is not a field path`,
		},
		{
			name: "the list of records",
			old:  "records: users",
			new:  "records: user",
			want: `24:16: a reply of SearchUsers has no field "user"; did you mean "users"?`,
		},
		{
			name: "records that are no list of objects",
			old:  "records: users",
			new:  "records: total",
			want: "24:16: total is a number, but a list of objects is expected here",
		},
		{
			name: "records not given",
			old:  "list: {operation: LoadAllPermissions, records: permissions}",
			new:  "list: {operation: LoadAllPermissions}",
			want: `113:11: list needs "records": the path to the list of records in the reply of LoadAllPermissions`,
		},
		{
			name: "in an error reply",
			old:  "code: errorCode",
			new:  "code: erorCode",
			want: `13:9: an error reply (Error) has no field "erorCode"; did you mean "errorCode"?`,
		},
	})
}
