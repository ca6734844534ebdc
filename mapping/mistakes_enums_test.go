package mapping_test

import "testing"

func TestMistakesInEnums(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a trait that Baton does not have",
			old:  "trait: group",
			new:  "trait: goup",
			want: `59:12: "goup" is not a trait; did you mean "group"?`,
		},
		{
			name: "a time to write that is none",
			old:  "          requires: {entitlement",
			new:  "          write: allways\n          requires: {entitlement",
			want: `102:18: "allways" is not a time to write; did you mean "always"?`,
		},
		{
			name: "a trait like no other",
			old:  "trait: user",
			new:  "trait: person",
			want: `21:12: "person" is not a trait; it is one of user, group, role, app`,
		},
		{
			name: "a status that the API does not have",
			old:  "enabled: enabled",
			new:  "enabled: off",
			want: `33:37: "off" is not a value of status in the API; it is one of disabled, enabled, expired, invited`,
		},
		{
			name: "a status given twice",
			old:  "pending: invited",
			new:  "pending: disabled",
			want: `33:76: "disabled" is pending already`,
		},
		{
			name: "a value of a request field",
			old:  "field: createdTime",
			new:  "field: createTime",
			want: `26:24: "createTime" is not a value of field in the API; did you mean "createdTime"?`,
		},
	})
}
