package apidiff_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/apidiff"
)

var update = flag.Bool("update", false, "update testdata/report.txt")

func read(t *testing.T, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func parse(t *testing.T, name string, src []byte) *apidiff.Document {
	t.Helper()
	document, err := apidiff.Parse(name, src)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func known(t *testing.T, src string) *apidiff.Known {
	t.Helper()
	known, err := apidiff.ParseKnown("known.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func report(t *testing.T, ours, theirs *apidiff.Document, known *apidiff.Known) (*apidiff.Report, string) {
	t.Helper()
	found, err := apidiff.Compare(ours, theirs, known)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := found.Print(&text); err != nil {
		t.Fatal(err)
	}
	return found, text.String()
}

// TestEachKindOfChange compares two versions of a small API, which have each kind of
// change once.
func TestEachKindOfChange(t *testing.T) {
	ours, theirs := parse(t, "ours.yaml", read(t, "ours.yaml")), parse(t, "newer.yaml", read(t, "newer.yaml"))
	found, got := report(t, ours, theirs, known(t, string(read(t, "known.yaml"))))
	if *update {
		if err := os.WriteFile("testdata/report.txt", []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if want := string(read(t, "report.txt")); got != want {
		t.Errorf("the report is\n%s\nand should be\n%s", got, want)
	}
	differ := func(what string) bool {
		return slices.ContainsFunc(slices.Concat(found.Breaks, found.Changed), func(d apidiff.Difference) bool { return d.What == what })
	}
	for _, what := range apidiff.Aspects() {
		if !differ(what) {
			t.Errorf("nothing in the two documents differs in this: %s", what)
		}
	}
}

func TestNothingIsNewInTheSameDocument(t *testing.T) {
	for _, name := range []string{"ours.yaml", "newer.yaml"} {
		document := parse(t, name, read(t, name))
		if found, got := report(t, document, document, known(t, "")); len(found.Breaks)+len(found.Changed)+len(found.New)+len(found.Stale) > 0 {
			t.Errorf("%s against itself:\n%s", name, got)
		}
	}
}

// TestDocumentsInJSON compares documents that differ only in the notation.
func TestDocumentsInJSON(t *testing.T) {
	const inYAML = `
openapi: 3.0.3
paths:
  /v1/roles:
    get:
      operationId: ListRoles
      responses: {200: {content: {application/json: {schema: {type: string, enum: [a, b]}}}}}
`
	const inJSON = `{
	"openapi": "3.1.0",
	"paths": {"/v1/roles": {"get": {"operationId": "ListRoles", "responses": {
		"200": {"content": {"application/json": {"schema": {"type": ["string"], "enum": ["a", "b"]}}}}}}}}
}`
	_, got := report(t, parse(t, "f.yaml", []byte(inYAML)), parse(t, "f.json", []byte(inJSON)), known(t, ""))
	if !strings.HasPrefix(got, "No news: ") {
		t.Error(got)
	}
}

func TestWhatIsNoDocument(t *testing.T) {
	for _, c := range []struct{ title, src, want string }{
		{"wrong YAML", "openapi: 3.0.3\npaths:\n  /a: [\n", "f: yaml: line 3: did not find expected node content"},
		{"a key twice", "openapi: 3.0.3\npaths: {}\npaths: {}\n", `f: yaml: unmarshal errors:` + "\n" + `  line 3: mapping key "paths" already defined at line 2`},
		{"wrong JSON", "{\n\"openapi\": \"3.0.3\",\n\"paths\": }\n", "f: json: line 3: invalid character '}' looking for beginning of value"},
		{"half a JSON", "{\n\"openapi\": ", "f: json: line 2: unexpected end of JSON input"},
		{"a text", "hello", "f: not an OpenAPI document: it is not an object"},
		{"nothing", "", "f: not an OpenAPI document: it is not an object"},
		{"something else", "version: 1\n", `f: not an OpenAPI document: it has no key "openapi"`},
		{"Swagger", "swagger: \"2.0\"\n", "f: it is Swagger 2.0; convert it to OpenAPI 3 first"},
		{"OpenAPI 4", "openapi: 4.0.0\n", "f: it is OpenAPI 4.0.0, and only OpenAPI 3 can be compared"},
		{"no paths", "openapi: 3.0.3\n", "f: it has no paths"},
	} {
		if _, err := apidiff.Parse("f", []byte(c.src)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v; want %s", c.title, err, c.want)
		}
	}
}

func TestReferencesThatLeadNowhere(t *testing.T) {
	operation := func(schema string) []byte {
		return []byte(`{"openapi": "3.0.3", "paths": {"/a": {"get": {"responses": {"200": {"content": {"application/json": {"schema": ` +
			schema + `}}}}}}}, "components": {"schemas": {"Circle": {"$ref": "#/components/schemas/Circle"},
			"Part": {"allOf": [{"$ref": "#/components/schemas/Part"}]}}}}`)
	}
	ours := parse(t, "ours", operation(`{"type": "object", "properties": {"a": {"type": "string"}}}`))
	for ref, want := range map[string]string{
		"#/components/schemas/Gone":   `theirs: it refers to "#/components/schemas/Gone", which it does not have`,
		"other.yaml#/Role":            `theirs: "other.yaml#/Role" refers to another file; bundle the document into one first`,
		"#/components/schemas/Circle": "theirs: its reference #/components/schemas/Circle goes round in a circle",
		"#/components/schemas/Part":   "theirs: it has more than 10 allOf inside each other",
	} {
		theirs := parse(t, "theirs", operation(`{"$ref": "`+ref+`"}`))
		if _, err := apidiff.Compare(ours, theirs, known(t, "")); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", ref, err, want)
		}
	}
}

func TestMistakesInTheKnownDifferences(t *testing.T) {
	for src, want := range map[string]string{
		"differences:\n  - {what: type, at: [A]}\n":                   `f:2: the difference "type" needs a place (at) and a reason (why)`,
		"differences:\n  - {what: colour, at: [A], why: It is so.}\n": `f:2: "colour" is nothing that can differ; write one of ` + strings.Join(apidiff.Aspects(), ", "),
		"not_used:\n  - at: [A]\n":                                    "f:2: what is not used needs a place (at) and a reason (why)",
		"unused: []\n":                                                "f: yaml: unmarshal errors:\n  line 1: field unused not found in type apidiff.Known",
	} {
		if _, err := apidiff.ParseKnown("f", []byte(src)); err == nil || err.Error() != want {
			t.Errorf("%s%v; want %s", src, err, want)
		}
	}
}

// TestStrangeDocuments replaces each object and list of a document by a text: the
// comparison terminates for any document.
func TestStrangeDocuments(t *testing.T) {
	ours := parse(t, "ours.yaml", read(t, "ours.yaml"))
	var whole yaml.Node
	if err := yaml.Unmarshal(read(t, "newer.yaml"), &whole); err != nil {
		t.Fatal(err)
	}
	parts := 0
	var replace func(n *yaml.Node)
	replace = func(n *yaml.Node) {
		for i, child := range n.Content {
			if child.Kind == yaml.ScalarNode {
				continue
			}
			n.Content[i] = &yaml.Node{Kind: yaml.ScalarNode, Value: "strange"}
			src, err := yaml.Marshal(&whole)
			if err != nil {
				t.Fatal(err)
			}
			if document, err := apidiff.Parse("newer.yaml", src); err == nil {
				_, _ = apidiff.Compare(ours, document, known(t, "")) // An error is allowed.
				parts++
			}
			n.Content[i] = child
			replace(child)
		}
	}
	replace(&whole)
	if parts < 100 {
		t.Errorf("only %d documents were compared", parts)
	}
}
