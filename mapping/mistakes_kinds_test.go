package mapping_test

import "testing"

func TestMistakesInKinds(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "text where a truth value is wanted",
			old:  "mfa: TOTP or webauthn or push",
			new:  "mfa: TOTP or email or push",
			want: "38:20: email is text, but a truth value is wanted here",
		},
		{
			name: "an object where text is wanted",
			old: `description: description
    also:`,
			new: `description: name or permissionNames
    also:`,
			want: `88:26: permissionNames is a list of text, but text is wanted here; write "first permissionNames"`,
		},
		{
			name: "a truth value where a time is wanted",
			old: `created_at: createdTime
    status`,
			new: `created_at: verifiedEmail
    status`,
			want: "32:17: verifiedEmail is a truth value, but a time is wanted here",
		},
		{
			name: "objects in a profile",
			old:  "phone: phone",
			new:  "tenants: userTenants",
			want: "43:16: userTenants is a list of objects; name one of its fields",
		},
		{
			name: "a template where a truth value is wanted",
			old:  "mfa: TOTP or webauthn or push",
			new:  `mfa: "{TOTP}"`,
			want: "38:12: a text with paths in braces cannot stand here; write a path",
		},
	})
}
