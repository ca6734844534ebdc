package schema_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
	"github.com/conductorone/baton-descope/mapping/schema"
)

// environment is what mappings of Descope can refer to.
func environment() mapping.Environment { return descope.Environment(&generated.Descope{}) }

// schemaOf compiles the schema of mappings of an API.
func schemaOf(t *testing.T, env mapping.Environment) *jsonschema.Schema {
	t.Helper()
	written, err := schema.JSON(env, "https://example.com/mapping.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	if err := compiler.AddResource("mapping.schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("mapping.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// wrongPlaces returns where a mapping does not fit a schema, as paths of keys.
func wrongPlaces(t *testing.T, schema *jsonschema.Schema, src []byte) []string {
	t.Helper()
	var read any
	if err := yaml.Unmarshal(src, &read); err != nil {
		t.Fatal(err)
	}
	var wrong *jsonschema.ValidationError
	if err := schema.Validate(read); err != nil && !errors.As(err, &wrong) {
		t.Fatal(err)
	}
	var places []string
	var collect func(*jsonschema.ValidationError)
	collect = func(e *jsonschema.ValidationError) {
		for _, cause := range e.Causes {
			collect(cause)
		}
		if len(e.Causes) == 0 {
			places = append(places, strings.Join(e.InstanceLocation, "."))
		}
	}
	if wrong != nil {
		collect(wrong)
	}
	slices.Sort(places)
	return slices.Compact(places)
}

// What the connector loads, an editor does not mark.
func TestTheSchemaTakesMappings(t *testing.T) {
	schema := schemaOf(t, environment())
	for name, src := range mappingsOfDescope(t) {
		if found := mapping.Check("f", src, environment()).Mistakes; len(found) > 0 {
			t.Errorf("%s has mistakes:\n%v", name, found)
		}
		if wrong := wrongPlaces(t, schema, src); wrong != nil {
			t.Errorf("%s is marked at %v", name, wrong)
		}
	}
	if wrong := wrongPlaces(t, schemaOf(t, mapping.Environment{Operations: client.Operations}), secondapi.Mapping); wrong != nil {
		t.Errorf("the mapping of another API is marked at %v", wrong)
	}
}

// mappingsOfDescope are the built-in mapping, those of the manual, and one with
// every spelling that the language leaves open.
func mappingsOfDescope(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{
		"built in": mapping.Descope,
		"open spellings": edited(t,
			"grantable_to: role", "grantable_to: [role]",
			"    grants:\n      - {entitlement: permission.granted, on: {name: permissionNames}, expand: assigned}",
			"    grants: {entitlement: permission.granted, on: permissionNames}",
			"on: {id: userTenants.tenantId}}\n", "on: userTenants.tenantId}\n",
			"read_only: A role's permissions are changed in Descope, under Authorization, in the role itself.", "read_only: true",
			"not_found: [E112102]", "not_found: 404",
		),
	}
	var added yaml.Node
	if err := yaml.Unmarshal(mapping.Descope, &added); err != nil {
		t.Fatal(err)
	}
	for _, b := range manualBlocks(t) {
		if b.kind == "yaml in" {
			add(t, &added, b)
		}
	}
	all["with all that the manual adds"] = write(t, &added)
	return all
}

// edited returns the frozen mapping with texts replaced that are in it once.
func edited(t *testing.T, replacements ...string) []byte {
	t.Helper()
	frozen, err := os.ReadFile("../testdata/frozen.yaml")
	if err != nil {
		t.Fatal(err)
	}
	src := string(frozen)
	for i := 0; i < len(replacements); i += 2 {
		if n := strings.Count(src, replacements[i]); n != 1 {
			t.Fatalf("frozen.yaml has this text %d times, not once:\n%s", n, replacements[i])
		}
		src = strings.Replace(src, replacements[i], replacements[i+1], 1)
	}
	return []byte(src)
}

// What an editor marks, and where: at a path of keys, and at none for a wrong
// name of a key. The connector refuses all of it.
func TestTheSchemaMarksMistakes(t *testing.T) {
	schema := schemaOf(t, environment())
	const user, tenant, role = "resource_types.user", "resource_types.tenant", "resource_types.role"
	for _, c := range []struct{ name, old, new, want string }{
		{"another version", "version: 1", "version: 2", "version"},
		{"a misspelled key of the file", "limits:", "limit:", ""},
		{"a misspelled key", "    profile:", "    profil:", user},
		{"a key that is missing", "    name: name or email or first loginIds or userId\n", "", user},
		{"a type id with a capital", "  tenant:\n", "  Tenant:\n", ""},
		{"a trait that is none", "trait: group", "trait: team", tenant + ".trait"},
		{"a purpose that is none", "purpose: permission", "purpose: permit", "resource_types.permission.entitlements.granted.purpose"},
		{"a table where text is wanted", "email: email\n", "email: {path: email}\n", user + ".user.email"},
		{"an empty list", "not_found: [E112102]", "not_found: []", "errors.not_found"},
		{"text where a number is wanted", "size: 100", "size: many", user + ".list.pages.size"},
		{"one word where a sentence is wanted", "read_only: A role's permissions are changed in Descope, under Authorization, in the role itself.", "read_only: yes!", "resource_types.permission.entitlements.granted.read_only"},
		{"an operation that is not there", "operation: SearchUsers", "operation: SerchUsers", user + ".list.operation"},
		{"a limit for one that is not there", "{SearchUsers: 200}", "{SerchUsers: 200}", ""},
		{"a field that the operation does not take", "with: {userId: id}", "with: {user: id}", user + ".get.with"},
		{"a fixed field that it does not take", "withTestUser: option", "withTestUsers: option", user + ".list.request"},
		{"a fixed field of another kind", "desc: false", "desc: down", user + ".list.request.sort.0.desc"},
		{"a value that the field does not have", "{field: createdTime", "{field: birthday", user + ".list.request.sort.0.field"},
		{"an option that is not there", "option.include-test-users", "option.include-tests", user + ".list.request.withTestUser"},
		{"a page in a field of text", "limit: limit", "limit: text", user + ".list.pages.limit"},
		{"a wrong path", "email: email\n", "email: mail\n", user + ".user.email"},
		{"a wrong path in a list", "on: {id: userTenants.tenantId}", "on: {id: userTenants.tenant}", user + ".grants.0.on.id"},
		{"a wrong path behind or", "name: name or email", "name: name or mail", user + ".name"},
		{"a wrong path in braces", "{name or id} member\"", "{nam or id} member\"", tenant + ".entitlements.member.display_name"},
		{"a wrong part of an id", "id: [tenantId, name]", "id: [tenant, name]", role + ".id.0"},
		{"a wrong path to the records", "records: users", "records: user", user + ".list.records"},
		{"a wrong path that is ignored", "permissions: They follow from the roles.\n", "permisions: They follow from the roles.\n", ""},
		{"a key of a rule", "expand: assigned", "expands: assigned", role + ".grants.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := edited(t, c.old, c.new)
			if got := wrongPlaces(t, schema, src); !slices.Contains(got, c.want) {
				t.Errorf("marked at %q, want %q", got, c.want)
			}
			if report := mapping.Check("f", src, environment()); len(report.Mistakes) == 0 {
				t.Error("the connector takes it")
			}
		})
	}
}

func TestTheBuiltInMappingNamesTheSchema(t *testing.T) {
	_, after, ok := strings.Cut(string(mapping.Descope), "# yaml-language-server: $schema=")
	file, _, _ := strings.Cut(after, "\n")
	if _, err := os.Stat(filepath.Join("..", file)); !ok || err != nil {
		t.Errorf("%q: %v", file, err)
	}
}

// Strict validators (ajv with strict: true) refuse schemas that say things without an
// effect, or that nothing fits by mistake.
func TestTheSchemaIsStrict(t *testing.T) {
	for name, env := range map[string]mapping.Environment{
		"descope": environment(), "workbench": {Operations: client.Operations},
	} {
		written, err := schema.JSON(env, "https://example.com/mapping.schema.json")
		if err != nil {
			t.Fatal(err)
		}
		var read map[string]any
		if err := json.Unmarshal(written, &read); err != nil {
			t.Fatal(err)
		}
		strict(t, name+":#", read, nil)
		for def, s := range read["$defs"].(map[string]any) {
			strict(t, name+":#/$defs/"+def, s, nil)
		}
	}
}

// typeOfKeyword is what a keyword says something about.
var typeOfKeyword = map[string]string{
	"properties": "object", "required": "object", "additionalProperties": "object", "propertyNames": "object", "minProperties": "object",
	"items": "array", "minItems": "array", "pattern": "string",
}

// plainKeywords are the others that are known.
var plainKeywords = []string{"$schema", "$id", "$defs", "$ref", "title", "description", "type", "enum", "const", "examples", "allOf", "anyOf", "if", "then"}

// strict reports what a strict validator refuses in a schema of a value, which the schemas
// around it know to be of a type.
func strict(t *testing.T, at string, s any, types []string) {
	t.Helper()
	keywords, ok := s.(map[string]any)
	if !ok {
		return // true or false
	}
	if typ, given := keywords["type"]; given {
		text, ok := typ.(string)
		if !ok {
			t.Errorf("%s: a union of types", at)
		}
		types = []string{text}
	}
	if values, given := keywords["enum"].([]any); given && len(values) == 0 {
		t.Errorf("%s: an empty enum", at)
	}
	if _, then := keywords["then"]; then != (keywords["if"] != nil) {
		t.Errorf("%s: if and then belong together", at)
	}
	properties, _ := keywords["properties"].(map[string]any)
	required, _ := keywords["required"].([]any)
	for _, name := range required {
		if _, ok := properties[name.(string)]; !ok {
			t.Errorf("%s: requires %s, which is not among its properties", at, name)
		}
	}
	for keyword, value := range keywords {
		if typ := typeOfKeyword[keyword]; typ != "" && !slices.Contains(types, typ) {
			t.Errorf("%s: %s without type %s", at, keyword, typ)
		} else if typ == "" && !slices.Contains(plainKeywords, keyword) {
			t.Errorf("%s: unknown keyword %s", at, keyword)
		}
		switch keyword {
		case "properties":
			for name, inner := range properties {
				strict(t, at+"/"+name, inner, nil)
			}
		case "additionalProperties", "items", "propertyNames":
			strict(t, at+"/"+keyword, value, nil)
		case "allOf", "anyOf":
			for _, inner := range value.([]any) {
				strict(t, at+"/"+keyword, inner, types)
			}
		case "if", "then":
			strict(t, at+"/"+keyword, value, types)
		}
	}
}
