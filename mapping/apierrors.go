package mapping

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/conductorone/baton-descope/api"
)

// ErrorRules say how an API's error replies are read. The zero value knows nothing.
type ErrorRules struct {
	notFound, passing []string

	reply         reflect.Type
	code, message *expr
	// keys are the JSON keys of the code, quoted.
	keys []string
	// own are the operations whose successful replies have a field of that name.
	own map[string]bool
}

// Read returns the error code and message in the body of an error reply, empty
// for none.
func (r ErrorRules) Read(body []byte) (code, message string) {
	if r.reply == nil {
		return "", ""
	}
	reply := reflect.New(r.reply)
	// A field of the wrong type does not spoil the others.
	if _, err := api.Decode(body, reply.Interface()); err != nil {
		return "", ""
	}
	v := values{record: reply.Elem()}
	return r.code.text(v), r.message.text(v)
}

// InSuccess reports whether a reply with a success status has an error code: such a
// reply is not to be trusted, an empty list in it least of all.
func (r ErrorRules) InSuccess(operation string, body []byte) bool {
	if r.own[operation] || !slices.ContainsFunc(r.keys, func(key string) bool { return bytes.Contains(body, []byte(key)) }) {
		return false
	}
	code, _ := r.Read(body)
	return code != ""
}

// NotFound returns a function that reports whether an error code means "not found";
// nil if the mapping lists no such codes.
func (r ErrorRules) NotFound() func(code string) bool {
	if len(r.notFound) == 0 {
		return nil
	}
	return func(code string) bool { return slices.Contains(r.notFound, code) }
}

// Passing reports whether an error with this code passes on its own.
func (r ErrorRules) Passing(code string) bool { return slices.Contains(r.passing, code) }
