package emulator

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"github.com/conductorone/baton-descope/api"
)

// document is the OpenAPI document, by "METHOD /path". None of its paths has
// parameters, so this takes no router.
type document map[string]*routers.Route

// loadDocument reads the document, once for all servers: none of them changes it.
var loadDocument = sync.OnceValues(readDocument)

func readDocument() (document, error) {
	spec, err := openapi3.NewLoader().LoadFromData(api.DescopeDocument)
	if err != nil {
		return nil, fmt.Errorf("api/descope.yaml: %w", err)
	}
	allowNull(spec)
	routes := make(document)
	for path, item := range spec.Paths.Map() {
		for method, operation := range item.Operations() {
			routes[method+" "+path] = &routers.Route{Spec: spec, Path: path, PathItem: item, Method: method, Operation: operation}
		}
	}
	return routes, nil
}

// OperationIDs returns the ids of all operations, sorted.
var OperationIDs = sync.OnceValue(func() []string {
	document, err := loadDocument()
	if err != nil {
		panic(err) // The document is compiled in.
	}
	var ids []string
	for _, route := range document {
		ids = append(ids, route.Operation.OperationID)
	}
	slices.Sort(ids)
	return ids
})

// allowNull lets null stand for an absent field, as the service does for the sake
// of client libraries that send every field.
func allowNull(spec *openapi3.T) {
	for _, schema := range spec.Components.Schemas {
		for name, property := range schema.Value.Properties {
			if !slices.Contains(schema.Value.Required, name) && property.Ref == "" {
				property.Value.Nullable = true
			}
		}
	}
}

// operation is the id of the operation a request calls, "" when there is none.
func (d document) operation(r *http.Request) string {
	if route := d[r.Method+" "+r.URL.Path]; route != nil {
		return route.Operation.OperationID
	}
	return ""
}

// check refuses a request that the document does not describe, a field it does not
// know included. It leaves the request's body to be read again.
func (d document) check(r *http.Request) *Failure {
	route := d[r.Method+" "+r.URL.Path]
	if route == nil {
		return noSuchCall(r)
	}
	err := openapi3filter.ValidateRequest(r.Context(), &openapi3filter.RequestValidationInput{
		Request: r,
		Route:   route,
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc},
	})
	if err == nil {
		return nil
	}
	if field, ok := errors.AsType[*openapi3.SchemaError](err); ok {
		return invalidRequest(strings.TrimPrefix(strings.Join(field.JSONPointer(), ".")+": "+field.Reason, ": "))
	}
	return invalidRequest(err.Error())
}
