package packaging

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/explain"
)

const page = "docs/connector.mdx"

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

func TestFrontMatter(t *testing.T) {
	header, _, _ := strings.Cut(strings.TrimPrefix(file(t, page), "---\n"), "\n---\n")
	fields := parse[map[string]string](t, header)
	for _, name := range []string{"title", "og:title", "description", "og:description", "sidebarTitle"} {
		if fields[name] == "" {
			t.Errorf("there is no %s", name)
		}
	}
	if len(fields) != 5 {
		t.Errorf("fields that their format does not have: %v", slices.Sorted(maps.Keys(fields)))
	}
	if fields["title"] != fields["og:title"] || fields["description"] != fields["og:description"] {
		t.Error("the og fields say something else")
	}
	if fields["title"] != "Set up a Descope connector" || fields["sidebarTitle"] != "Descope" {
		t.Errorf("the titles are %q and %q", fields["title"], fields["sidebarTitle"])
	}
}

func TestMDXIsWhatTheLinterTakes(t *testing.T) {
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
}

// The table of capabilities says what baton_capabilities.json says.
func TestCapabilitiesTable(t *testing.T) {
	var told struct {
		Types []struct {
			ResourceType struct{ DisplayName string }
			Capabilities []string
		} `json:"resourceTypeCapabilities"`
	}
	if err := json.Unmarshal([]byte(file(t, "baton_capabilities.json")), &told); err != nil {
		t.Fatal(err)
	}
	want := map[string][2]bool{}
	for _, typ := range told.Types {
		want[typ.ResourceType.DisplayName+"s"] = [2]bool{
			slices.Contains(typ.Capabilities, "CAPABILITY_SYNC"), slices.Contains(typ.Capabilities, "CAPABILITY_PROVISION"),
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

// The form of the cloud-hosted connector has the fields of the configuration, under
// the names that the page uses.
func TestFieldsOfTheForm(t *testing.T) {
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

// The calls that a key has to be allowed are those that the mapping makes, as
// mapping explain tells.
func TestCallsOfTheKey(t *testing.T) {
	plan, err := descope.LoadMapping(&generated.Descope{})
	if err != nil {
		t.Fatal(err)
	}
	var explained strings.Builder
	if err := explain.Text(&explained, plan); err != nil {
		t.Fatal(err)
	}
	_, calls, ok := strings.Cut(explained.String(), "WHAT THE KEY HAS TO BE ALLOWED TO CALL")
	if !ok {
		t.Fatal("mapping explain does not tell the calls")
	}
	call := regexp.MustCompile(`\b(GET|POST|PUT|PATCH|DELETE) /v\d/[a-z/]+`)
	want, got := map[string]bool{}, map[string]bool{}
	for _, c := range call.FindAllString(calls, -1) {
		want[c] = true
	}
	for _, c := range call.FindAllString(file(t, page), -1) {
		got[c] = true
	}
	if len(want) == 0 || !maps.Equal(got, want) {
		t.Errorf("the page has %q, the mapping makes %q", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// The Secret of the page is the example, and its Deployment is that of deploy/ with
// less in it.
func TestManifestsOfThePage(t *testing.T) {
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

// within fails the test when something of one document is not in another.
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
