package api_test

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/api"
)

// departures are the places where descope.yaml deliberately differs from Descope's
// published document. Leaving something out is no departure: ours is a subset.
var departures = map[string]string{
	// The published ids are not unique, and ours say what each version does.
	"POST /v1/mgmt/user/update/role/add: operationId AddUserRoles":          "published as UpdateUserAddRoles, like v2",
	"POST /v2/mgmt/user/update/role/add: operationId AddUserRolesV2":        "published as UpdateUserAddRoles, like v1",
	"POST /v1/mgmt/user/update/role/remove: operationId RemoveUserRoles":    "named like the calls above",
	"POST /v1/mgmt/user/update/tenant/add: operationId AddUserTenant":       "named like the calls above",
	"POST /v1/mgmt/user/update/tenant/remove: operationId RemoveUserTenant": "named like the calls above",

	// The published document has no reply but 200. These are of every operation.
	"response 429":  "the service limits rates, and says for how long",
	"response 4XX":  "the service answers a failed call with a code",
	"response 5XX":  "the service answers a failed call with a code",
	"Error: schema": "published nowhere; what client libraries read",

	// The known values of a field are published in words.
	"UserStatus: schema":                             "published as a plain string",
	"ResponseUser.status: type of its own":           "published as a plain string",
	"SearchUsersRequest.statuses[]: type of its own": "published as plain strings",
	"SortField.field: enum [id modifiedTime createdTime externalId displayName tenant phoneNumber email status]": "published as a plain string",

	"security: name": "the published name holds spaces",

	// Custom attributes hold numbers, booleans and lists, as the published text says
	// and its types do not.
	"ResponseUser.customAttributes: additionalProperties true":       "published as strings",
	"SearchUsersRequest.customAttributes: additionalProperties true": "published as strings",
	"Tenant.customAttributes: additionalProperties true":             "published as strings",

	// The service refuses fields it does not know.
	"SearchUsersRequest: additionalProperties false":      "unknown request fields are refused",
	"SortField: additionalProperties false":               "unknown request fields are refused",
	"UpdateUserRolesRequest: additionalProperties false":  "unknown request fields are refused",
	"UpdateUserTenantRequest: additionalProperties false": "unknown request fields are refused",

	// The published document requires nothing.
	"UsersResponse: required [users]":                      "a missing list must not pass for an empty one",
	"LoadAllTenantsResponse: required [tenants]":           "a missing list must not pass for an empty one",
	"LoadRolesResponse: required [roles]":                  "a missing list must not pass for an empty one",
	"LoadPermissionsResponse: required [permissions]":      "a missing list must not pass for an empty one",
	"UserResponse: required [user]":                        "a reply without a user tells nothing",
	"ResponseUser: required [userId]":                      "a user without an id is none",
	"UserTenants: required [tenantId]":                     "a membership without a tenant is none",
	"Tenant: required [id]":                                "a tenant without an id is none",
	"Role: required [name]":                                "a role without a name is none",
	"Permission: required [name]":                          "a permission without a name is none",
	"UpdateUserRolesRequest: required [loginId roleNames]": "the call does nothing without them",
	"UpdateUserTenantRequest: required [loginId tenantId]": "the call does nothing without them",
}

func TestDocumentIsValid(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromData(api.DescopeDocument)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	ids := make(map[string]bool)
	for path, item := range spec.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.OperationID == "" || ids[operation.OperationID] {
				t.Errorf("%s %s: operation id %q is missing or taken", method, path, operation.OperationID)
			}
			ids[operation.OperationID] = true
		}
	}
}

// TestDocumentIsSubset holds descope.yaml against a copy of the document that
// Descope publishes, which is not ours to keep in this repository.
func TestDocumentIsSubset(t *testing.T) {
	path := cmp.Or(os.Getenv("DESCOPE_OPENAPI"), filepath.Join("..", "..", "shared", "reference", "descope-openapi.yml"))
	published, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no copy of Descope's published document at %s: download it from https://docs.descope.com/api/openapi-spec and name it in DESCOPE_OPENAPI", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := comparison{
		ours: parse(t, api.DescopeDocument), theirs: parse(t, published),
		departed: make(map[string]bool), compared: make(map[string]bool),
	}
	c.operations()
	c.schemas()
	c.security()
	for _, missing := range c.missing {
		t.Errorf("%s: not in the published document", missing)
	}
	for _, where := range slices.Sorted(maps.Keys(c.departed)) {
		if departures[where] == "" {
			t.Errorf("%s: differs from the published document, and is not among the departures", where)
		}
	}
	for _, where := range slices.Sorted(maps.Keys(departures)) {
		if !c.departed[where] {
			t.Errorf("%s: is among the departures, but does not differ", where)
		}
	}
}

// node is an object of an OpenAPI document, as it is written.
type node = map[string]any

func parse(t *testing.T, document []byte) node {
	t.Helper()
	var root node
	if err := yaml.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

// comparison walks our document and looks up each thing in theirs.
type comparison struct {
	ours, theirs node
	missing      []string
	departed     map[string]bool
	// compared are the names of schemas that have been compared.
	compared map[string]bool
}

func (c *comparison) operations() {
	for path, item := range at(c.ours, "paths") {
		for method, ours := range item.(node) {
			where := strings.ToUpper(method) + " " + path
			theirs := at(c.theirs, "paths", path, method)
			if theirs == nil {
				c.missing = append(c.missing, where)
				continue
			}
			c.operation(where, ours.(node), theirs)
		}
	}
}

func (c *comparison) operation(where string, ours, theirs node) {
	c.same(where, "operationId", ours, theirs)
	c.parameters(where, ours, theirs)
	c.body(where+": request", resolve(c.ours, at(ours, "requestBody")), resolve(c.theirs, at(theirs, "requestBody")))
	for status, response := range at(ours, "responses") {
		published := at(theirs, "responses", status)
		if published == nil {
			c.departed["response "+status] = true
			continue
		}
		c.body(where+": response "+status, resolve(c.ours, response.(node)), resolve(c.theirs, published))
	}
}

func (c *comparison) parameters(where string, ours, theirs node) {
	published := make(map[string]node)
	for _, p := range list(theirs, "parameters") {
		p := resolve(c.theirs, p.(node))
		published[fmt.Sprint(p["in"], " ", p["name"])] = p
	}
	for _, p := range list(ours, "parameters") {
		p := resolve(c.ours, p.(node))
		name := fmt.Sprint(p["in"], " ", p["name"])
		other := published[name]
		if other == nil {
			c.missing = append(c.missing, where+": parameter in "+name)
			continue
		}
		c.same(where+": "+name, "required", p, other)
		c.schema(where+": "+name, at(p, "schema"), at(other, "schema"))
	}
}

// body compares the JSON of a request or a response; both nil means none.
func (c *comparison) body(where string, ours, theirs node) {
	if ours == nil && theirs == nil {
		return
	}
	our, their := at(ours, "content", "application/json", "schema"), at(theirs, "content", "application/json", "schema")
	if their == nil {
		c.missing = append(c.missing, where)
		return
	}
	c.same(where, "required", ours, theirs)
	c.schema(where, our, their)
}

// schemas compares what no operation has led to.
func (c *comparison) schemas() {
	for name := range at(c.ours, "components", "schemas") {
		c.named(name)
	}
}

// named compares two schemas of the same name, once.
func (c *comparison) named(name string) {
	if c.compared[name] {
		return
	}
	c.compared[name] = true
	ours, theirs := at(c.ours, "components", "schemas", name), at(c.theirs, "components", "schemas", name)
	if theirs == nil {
		c.departed[name+": schema"] = true
		return
	}
	c.schema(name, ours, theirs)
}

func (c *comparison) schema(where string, ours, theirs node) {
	ourName, theirName := reference(ours), reference(theirs)
	if ourName != "" {
		c.named(ourName)
		if ourName == theirName {
			return
		}
		c.departed[where+": type of its own"] = true
		ours = resolve(c.ours, ours)
		theirs = resolve(c.theirs, theirs)
		c.same(where, "type", ours, theirs)
		return
	}
	theirs = resolve(c.theirs, theirs)
	for _, key := range []string{"type", "format", "enum", "required", "nullable"} {
		c.same(where, key, ours, theirs)
	}
	for name, property := range at(ours, "properties") {
		published := at(theirs, "properties", name)
		if published == nil {
			c.missing = append(c.missing, where+"."+name)
			continue
		}
		c.schema(where+"."+name, property.(node), published)
	}
	if items := at(ours, "items"); items != nil {
		c.schema(where+"[]", items, at(theirs, "items"))
	}
	if values, ok := ours["additionalProperties"].(node); ok {
		c.schema(where+"{}", values, at(theirs, "additionalProperties"))
	} else {
		c.same(where, "additionalProperties", ours, theirs)
	}
}

func (c *comparison) security() {
	published := at(c.theirs, "components", "securitySchemes")
	for name, scheme := range at(c.ours, "components", "securitySchemes") {
		const theirName = "Descope Project ID and Management Key"
		if name != theirName {
			c.departed["security: name"] = true
		}
		for _, key := range []string{"type", "scheme"} {
			c.same("security", key, scheme.(node), at(published, theirName))
		}
	}
	if list(c.ours, "servers")[0].(node)["url"] != list(c.theirs, "servers")[0].(node)["url"] {
		c.departed["servers"] = true
	}
}

// same notes a departure, with our value, unless a key has the same value, or none,
// on both sides.
func (c *comparison) same(where, key string, ours, theirs node) {
	if fmt.Sprint(ours[key]) != fmt.Sprint(theirs[key]) {
		c.departed[fmt.Sprint(where, ": ", key, " ", ours[key])] = true
	}
}

// at follows keys down a document. It is nil where there is nothing.
func at(n node, keys ...string) node {
	for _, key := range keys {
		next, _ := n[key].(node)
		n = next
	}
	return n
}

func list(n node, key string) []any {
	values, _ := n[key].([]any)
	return values
}

// reference is the name of the schema that a node refers to, "" for none.
func reference(n node) string {
	name, _ := n["$ref"].(string)
	return strings.TrimPrefix(name, "#/components/schemas/")
}

// resolve follows a reference to what it means.
func resolve(document, n node) node {
	path, ok := n["$ref"].(string)
	if !ok {
		return n
	}
	return resolve(document, at(document, strings.Split(strings.TrimPrefix(path, "#/"), "/")...))
}
