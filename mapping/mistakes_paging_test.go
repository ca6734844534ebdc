package mapping_test

import "testing"

func TestMistakesInPaging(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "an unknown request field",
			old:  "offset: offset",
			new:  "offset: ofset",
			want: `28:48: SearchUsers takes no "ofset"; did you mean "offset"?`,
		},
		{
			name: "a request field that is no number",
			old:  "offset: offset",
			new:  "offset: text",
			want: "28:48: text is text and cannot be used for paging",
		},
		{
			name: "an unknown total",
			old:  "total: total",
			new:  "total: count",
			want: `28:75: a reply of SearchUsers has no field "count"; it is one of total, users`,
		},
		{
			name: "nothing that asks for the next page",
			old:  "offset: offset, page: page, ",
			new:  "",
			want: "28:14: pages needs offset, page or cursor, to ask for the next page",
		},
		{
			name: "an offset without a size",
			old:  "limit: limit, size: 100, ",
			new:  "",
			want: "28:14: pages by offset need a size: how far it is to the next page",
		},
		{
			name: "a limit without a size, by page",
			old:  "limit: limit, size: 100, offset: offset,",
			new:  "limit: limit,",
			want: "28:14: limit and size belong together: limit is the request field that takes the size",
		},
		{
			name: "a cursor without next",
			old:  "offset: offset, page: page, total: total",
			new:  "cursor: text",
			want: "28:14: cursor and next belong together: next says where the reply has the next cursor",
		},
		{
			name: "first without page",
			old:  "page: page, total",
			new:  "first: 1, total",
			want: "28:63: first is the number of the first page; it needs page",
		},
		{
			name: "pages that are not a table",
			old:  "pages: {limit: limit, size: 100, offset: offset, page: page, total: total}",
			new:  "pages: all",
			want: `28:14: "pages" is a table of keys, not "all"`,
		},
	})
}
