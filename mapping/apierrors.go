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
	// keys are what the code is under, as JSON writes it.
	keys []string
	// own are the operations whose replies have a field there that is no error code.
	own map[string]bool
}

// Read returns the error code and message in the body of an error reply, empty
// when it does not say them.
func (r ErrorRules) Read(body []byte) (code, message string) {
	if r.reply == nil {
		return "", ""
	}
	reply := reflect.New(r.reply)
	// A field that does not fit takes nothing from the others.
	if _, err := api.Decode(body, reply.Interface()); err != nil {
		return "", ""
	}
	v := values{record: reply.Elem()}
	return r.code.text(v), r.message.text(v)
}

// In reports whether a reply to an operation that says success has an error code
// all the same: nothing in such a reply can be trusted, an empty list least of all.
func (r ErrorRules) In(operation string, body []byte) bool {
	if r.own[operation] || !slices.ContainsFunc(r.keys, func(key string) bool { return bytes.Contains(body, []byte(key)) }) {
		return false
	}
	code, _ := r.Read(body)
	return code != ""
}

// NotFound returns what reports whether an error code says that a thing does not
// exist; nil where the mapping lists no such codes.
func (r ErrorRules) NotFound() func(code string) bool {
	if len(r.notFound) == 0 {
		return nil
	}
	return func(code string) bool { return slices.Contains(r.notFound, code) }
}

// Passing reports whether an error with this code passes on its own.
func (r ErrorRules) Passing(code string) bool { return slices.Contains(r.passing, code) }
