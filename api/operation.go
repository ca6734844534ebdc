// Package api says what an API is to the rest of the module: named operations
// with typed requests and replies. Its files describe one, Descope's Management
// API: descope.yaml is an OpenAPI document, and oapi-codegen turns it into the
// client and the operations of gen/descope.
//
//	op := descope.Operations["SearchUsers"]
//	call := op.NewRequest().(*descope.SearchUsersCall)
//	call.Body.Limit = new(int32(100))
//	reply, err := op.Call(ctx, conn, call) // *descope.UsersResponse
package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// Operation is one call of an API, by its operation id in the API document.
type Operation struct {
	Name    string
	Method  string
	Path    string
	Summary string
	// Scopes are the rights that a key needs for the operation, in the words of the API:
	// the scopes of its security in the API document. None when the document names none.
	Scopes []string

	// Request is a struct whose fields are path parameters (tag in:"path"), the
	// query parameters (a struct tagged in:"query") and the JSON body (in:"body").
	Request reflect.Type
	// Reply is the JSON body of a successful reply.
	Reply reflect.Type
	// Failure is the JSON body of a reply that is not successful.
	Failure reflect.Type

	// Call sends request, a pointer to Request, and returns a pointer to Reply.
	// Its errors are StatusError, ReplyError, or what the connection returned. With
	// a ReplyError that has Misfits comes the reply, which lacks them.
	Call func(ctx context.Context, conn Connection, request any) (reply any, err error)
}

// NewRequest returns a pointer to an empty request of the operation. A body that
// is a free-form object or a list is an empty one, which JSON does not call null.
func (o *Operation) NewRequest() any {
	request := reflect.New(o.Request)
	for i := range o.Request.NumField() {
		if o.Request.Field(i).Tag.Get("in") != "body" {
			continue
		}
		switch body := request.Elem().Field(i); body.Kind() {
		case reflect.Map:
			body.Set(reflect.MakeMap(body.Type()))
		case reflect.Slice:
			body.Set(reflect.MakeSlice(body.Type(), 0, 0))
		}
	}
	return request.Interface()
}

// IsSecret reports whether a field of a request or a reply is a secret: it has the tag
// secret:"true", which the API document, or its overlay, gives.
func IsSecret(f reflect.StructField) bool { return f.Tag.Get("secret") == "true" }

// Rights returns the rights that a key needs for the operation: its scopes, or else its
// method and path.
func (o *Operation) Rights() []string {
	if len(o.Scopes) > 0 {
		return o.Scopes
	}
	return []string{o.Method + " " + o.Path}
}

// NoReply is the reply of an operation that returns no JSON.
type NoReply struct{}

// Connection is where operations are sent, and by what.
type Connection struct {
	// Server is the API's base URL, with a slash at its end.
	Server string
	Doer   Doer
}

// NewConnection returns a connection to the API at baseURL.
func NewConnection(baseURL string, doer Doer) Connection {
	return Connection{Server: strings.TrimRight(baseURL, "/") + "/", Doer: doer}
}

// Doer sends one HTTP request.
type Doer interface {
	Do(req *http.Request) (*http.Response, error)
}

// Operations are the operations of an API, by operation id.
type Operations map[string]*Operation

// NewOperations returns the registry of the given operations.
func NewOperations(operations ...*Operation) Operations {
	all := make(Operations, len(operations))
	for _, o := range operations {
		all[o.Name] = o
	}
	return all
}

// Names returns the operation ids, sorted.
func (ops Operations) Names() []string {
	names := make([]string, 0, len(ops))
	for name := range ops {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Enum is implemented by the generated type of every enum in the API document.
type Enum interface {
	// EnumValues returns the values in the document; a reply may carry others.
	EnumValues() []string
}
