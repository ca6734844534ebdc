package mapping_test

import "testing"

func TestMistakesInNumbers(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a version that is text",
			old:  "version: 1",
			new:  `version: "1"`,
			want: `3:10: "version" is a whole number, not "1"`,
		},
		{
			name: "a version that is not known",
			old:  "version: 1",
			new:  "version: 2",
			want: "3:10: version 2 is not known; this is a connector for version 1",
		},
		{
			name: "a size of nothing",
			old:  "size: 100",
			new:  "size: 0",
			want: "28:35: size has to be above 0",
		},
		{
			name: "a size that is no number",
			old:  "size: 100",
			new:  "size: many",
			want: `28:35: "size" is a whole number, not "many"`,
		},
		{
			name: "no requests at all",
			old:  "parallel_requests: 6",
			new:  "parallel_requests: 0",
			want: "9:22: parallel_requests has to be from 1 to 100",
		},
		{
			name: "no requests a minute",
			old:  "{SearchUsers: 200}",
			new:  "{SearchUsers: 0}",
			want: "10:29: requests a minute have to be above 0",
		},
	})
}
