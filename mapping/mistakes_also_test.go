package mapping_test

import "testing"

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
			name: "a type that is not there, in a list",
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
