package mapping_test

import "testing"

func TestMistakesInOperations(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "an operation unknown to the API",
			old:  "operation: SearchUsers",
			new:  "operation: SerchUsers",
			want: `23:18: the API has no operation "SerchUsers"; did you mean "SearchUsers"?`,
		},
		{
			name: "an operation in limits",
			old:  "{SearchUsers: 200}",
			new:  "{SearchUser: 200}",
			want: `10:16: the API has no operation "SearchUser"; did you mean "SearchUsers"?`,
		},
		{
			name: "an operation without a near match",
			old:  "operation: RemoveUserTenant",
			new:  "operation: Detach",
			want: `74:22: the API has no operation "Detach"`,
		},
		{
			name: "a request field that it does not take",
			old:  "withTestUser: option.include-test-users",
			new:  "withTestUsers: option.include-test-users",
			want: `27:9: SearchUsers takes no "withTestUsers"; did you mean "withTestUser"?`,
		},
		{
			name: "a fixed value of the wrong kind",
			old:  "desc: false",
			new:  "desc: 7",
			want: "26:43: desc is a truth value, not 7",
		},
		{
			name: "a fixed value without a value",
			old:  "desc: false",
			new:  "desc: null",
			want: "26:43: desc has no value",
		},
		{
			name: "a field of an object in a request",
			old:  "desc: false",
			new:  "dsc: false",
			want: `26:37: an entry of sort has no field "dsc"; did you mean "desc"?`,
		},
		{
			name: "an option unknown to the connector",
			old:  "option.include-test-users",
			new:  "option.include-test-user",
			want: `27:23: the connector has no option "include-test-user"; did you mean "include-test-users"?`,
		},
		{
			name: "an option where it does not fit",
			old:  "withTestUser: option.include-test-users",
			new:  "text: option.include-test-users",
			want: "27:15: text is text, but the option is a truth value",
		},
		{
			name: "a field given in the request and for the pages",
			old:  "sort: [{field: createdTime, desc: false}, {field: id}]",
			new:  "limit: 5",
			want: `28:22: SearchUsers: "limit" is set twice`,
		},
	})
}
