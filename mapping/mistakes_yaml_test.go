package mapping_test

import "testing"

func TestMistakesInYAML(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a key with the wrong indentation",
			old: `    name: name or id
    created_at`,
			new: `   name: name or id
    created_at`,
			want: "62:4: not YAML: this is not a key of the table above it; is it indented like its neighbours?",
		},
		{
			name: "a tab",
			old: `    name: name or id
`,
			new: `	name: name or id
`,
			want: "62:1: not YAML: tabs cannot indent; use spaces",
		},
		{
			name: "a bracket that is not closed",
			old:  "not_found: [E112102]",
			new:  "not_found: [E112102",
			want: `15:3: not YAML: a "[" is not closed, or a comma is missing`,
		},
		{
			name: "a quote that is not closed",
			old:  `"Confers the permission {name}"`,
			new:  `"Confers the permission {name}`,
			want: "121:9: not YAML: a quote is not closed",
		},
		{
			name: "a key without its colon",
			old:  "    trait: group",
			new:  "    trait group",
			want: `59:5: not YAML: a key without ": " behind it`,
		},
		{
			name: "a text with a colon",
			old:  "display_name: Tenant",
			new:  "display_name: Tenant: all",
			want: `58:5: not YAML: ": " is not expected here; is the line before complete, and does a text with ": " have quotes?`,
		},
		{
			name: "an anchor",
			old:  "trait: group",
			new:  "trait: &t group",
			want: "59:12: anchors (&t) are not supported; write the value out",
		},
		{
			name: "an alias",
			old:  "display_name: Tenant",
			new:  "display_name: *tenant",
			want: "58:19: aliases (*tenant) are not supported; write the value out",
		},
		{
			name: "a merge",
			old:  "    trait: group",
			new:  "    <<: {trait: group}",
			want: "59:5: merge keys (<<) are not supported; write the values out",
		},
		{
			name: "a tag",
			old:  "trait: group",
			new:  "trait: !trait group",
			want: "59:12: tags (!trait) are not supported",
		},
		{
			name: "a character that is not allowed",
			old:  "display_name: Tenant",
			new:  "display_name: Tenant\x01",
			want: "58:25: the character U+0001 is not allowed in YAML",
		},
		{
			name: "bytes that are not UTF-8",
			old:  "display_name: Tenant",
			new:  "display_name: T\xff",
			want: "58:20: the file is not UTF-8 from here on",
		},
		{
			name: "a second document",
			old: `  permission:
`,
			new: `---
  permission:
`,
			want: "110:1: a second YAML document; a mapping is one",
		},
	})
}
