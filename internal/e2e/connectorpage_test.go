package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// page is the connector's page in ConductorOne's documentation.
const page = "docs/connector.mdx"

// parse decodes YAML.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// components are what the linter of ConductorOne's documentation allows.
var components = []string{"Card", "Check", "Frame", "Icon", "Info", "Note", "Step", "Steps", "Tab", "Tabs", "Tip", "Warning"}

// prose returns the page without its front matter and without code, which MDX leaves
// alone, line by line.
func prose(t *testing.T) []string {
	t.Helper()
	_, rest, ok := strings.Cut(strings.TrimPrefix(file(t, page), "---\n"), "\n---\n")
	if !ok {
		t.Fatal("there is no front matter")
	}
	var lines []string
	fenced := false
	for _, line := range strings.Split(rest, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fenced = !fenced
			line = ""
		}
		if fenced {
			line = ""
		}
		lines = append(lines, regexp.MustCompile("`[^`]*`").ReplaceAllString(line, ""))
	}
	if fenced {
		t.Error("a block of code does not end")
	}
	return lines
}

// TestMDX checks that the page is what the linter of that documentation accepts.
func TestMDX(t *testing.T) {
	t.Parallel()
	tag := regexp.MustCompile(`<(/?)([A-Za-z][A-Za-z0-9]*)((?: [a-zA-Z]+="[^"]*")*) *(/?)>`)
	var open []string
	for number, line := range prose(t) {
		fail := func(format string, args ...any) {
			t.Helper()
			t.Errorf("line %d after the front matter: %s: %s", number+1, fmt.Sprintf(format, args...), line)
		}
		for _, found := range tag.FindAllStringSubmatch(line, -1) {
			name := found[2]
			if !slices.Contains(components, name) {
				fail("<%s> is not allowed", name)
			}
			switch {
			case found[1] == "/":
				if len(open) == 0 || open[len(open)-1] != name {
					fail("</%s> ends %v", name, open)
					return
				}
				open = open[:len(open)-1]
			case found[4] == "":
				open = append(open, name)
			}
		}
		if rest := tag.ReplaceAllString(line, ""); strings.ContainsAny(rest, "{}<") {
			fail("a brace or a bracket outside code")
		}
		if strings.HasPrefix(line, "import ") || strings.HasPrefix(line, "export ") {
			fail("no imports")
		}
	}
	if len(open) > 0 {
		t.Errorf("%v do not end", open)
	}
	header, _, _ := strings.Cut(strings.TrimPrefix(file(t, page), "---\n"), "\n---\n")
	fields := parse[map[string]string](t, header)
	if names := slices.Sorted(maps.Keys(fields)); !slices.Equal(names, []string{"description", "og:description", "og:title", "sidebarTitle", "title"}) {
		t.Errorf("the front matter has the fields %v", names)
	}
}

// TestCapabilitiesTable compares the table of capabilities with baton_capabilities.json.
func TestCapabilitiesTable(t *testing.T) {
	t.Parallel()
	var reported struct {
		Types []struct {
			ResourceType struct{ DisplayName string }
			Capabilities []string
		} `json:"resourceTypeCapabilities"`
	}
	if err := json.Unmarshal([]byte(file(t, "baton_capabilities.json")), &reported); err != nil {
		t.Fatal(err)
	}
	want := map[string][2]bool{}
	for _, typ := range reported.Types {
		want[typ.ResourceType.DisplayName+"s"] = [2]bool{
			slices.Contains(typ.Capabilities, "CAPABILITY_SYNC"),
			slices.Contains(typ.Capabilities, "CAPABILITY_PROVISION") || slices.Contains(typ.Capabilities, "CAPABILITY_ACCOUNT_PROVISIONING"),
		}
	}
	_, table, ok := strings.Cut(file(t, page), "| Resource | Sync | Provision |\n| :--- | :--- | :--- |\n")
	if !ok {
		t.Fatal("there is no table of capabilities")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	got := map[string][2]bool{}
	for _, row := range strings.Split(table, "\n") {
		cells := strings.Split(row, "|")
		const tick = `<Icon icon="square-check" iconType="solid" color="#c937ae"/>`
		got[strings.TrimSpace(cells[1])] = [2]bool{strings.TrimSpace(cells[2]) == tick, strings.TrimSpace(cells[3]) == tick}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("the table says %v, baton_capabilities.json %v", got, want)
	}
}

// TestFieldsOfTheForm checks that the page names the fields of the cloud-hosted
// connector's form as the configuration does, in that order.
func TestFieldsOfTheForm(t *testing.T) {
	t.Parallel()
	_, tab, _ := strings.Cut(file(t, page), "Enter the configuration:")
	tab, _, _ = strings.Cut(tab, "</Step>")
	var got, want []string
	for _, field := range regexp.MustCompile(`- \*\*(.+?)\*\*:`).FindAllStringSubmatch(tab, -1) {
		got = append(got, field[1])
	}
	var form struct {
		Fields []struct {
			Name, DisplayName string
			IsOps             bool
		}
	}
	if err := json.Unmarshal([]byte(file(t, "config_schema.json")), &form); err != nil {
		t.Fatal(err)
	}
	for _, field := range form.Fields {
		if !field.IsOps {
			want = append(want, field.DisplayName)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the page has %q, config_schema.json %q", got, want)
	}
}

// TestCallsOfTheKey checks that the calls that a key has to be allowed, by the page, the
// README and the capabilities, are those that the mapping makes, as mapping explain
// reports them.
func TestCallsOfTheKey(t *testing.T) {
	t.Parallel()
	e := run(t, nil, "baton-descope", "mapping", "explain")
	_, calls, ok := strings.Cut(e.stdout, "WHAT THE KEY HAS TO BE ALLOWED TO CALL")
	if !ok {
		t.Fatalf("mapping explain does not report the calls: %s", e.all)
	}
	sorted := func(text string) []string {
		found := regexp.MustCompile(`\b(GET|POST|PUT|PATCH|DELETE) /v\d/[a-z/]+`).FindAllString(text, -1)
		slices.Sort(found)
		return slices.Compact(found)
	}
	want := sorted(calls)
	if len(want) == 0 {
		t.Errorf("mapping explain reports no call: %s", calls)
	}
	for _, name := range []string{page, "README.md", "baton_capabilities.json"} {
		if got := sorted(file(t, name)); !slices.Equal(got, want) {
			t.Errorf("%s has %q, the mapping makes %q", name, got, want)
		}
	}
}

// TestManifestsOfThePage checks that the page's Secret is the example of deploy/, and
// its Deployment a part of the one there.
func TestManifestsOfThePage(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```yaml expandable\n(.*?)```").FindAllStringSubmatch(file(t, page), -1)
	if len(blocks) != 2 {
		t.Fatalf("there are %d manifests", len(blocks))
	}
	secret := parse[any](t, blocks[0][1])
	if want := parse[any](t, file(t, "deploy/kubernetes/secret.example.yaml")); !reflect.DeepEqual(secret, want) {
		t.Errorf("the Secret is %v, in deploy/ %v", secret, want)
	}
	within(t, "Deployment", parse[any](t, blocks[1][1]), parse[any](t, file(t, "deploy/kubernetes/deployment.yaml")))
}

// within fails the test when one document has something that another lacks.
func within(t *testing.T, place string, part, whole any) {
	t.Helper()
	switch part := part.(type) {
	case map[string]any:
		whole, _ := whole.(map[string]any)
		for key, value := range part {
			within(t, place+"."+key, value, whole[key])
		}
	case []any:
		whole, _ := whole.([]any)
		for i, value := range part {
			if i >= len(whole) {
				t.Errorf("%s: deploy/ has %d of them", place, len(whole))
				return
			}
			within(t, fmt.Sprintf("%s[%d]", place, i), value, whole[i])
		}
	default:
		if part != whole {
			t.Errorf("%s is %v, in deploy/ %v", place, part, whole)
		}
	}
}
