package mapping

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/conductorone/baton-descope/api"
)

// kind is what a value of the API is, as far as a mapping is concerned.
type kind int

const (
	kindText kind = iota
	kindNumber
	kindBool
	kindTime
	kindObject // fields known from the API document
	kindMap    // free-form, text keys
	kindList
	kindAny // any JSON value
)

func kindOfType(t reflect.Type) kind {
	switch t = deref(t); {
	case t == reflect.TypeFor[time.Time]():
		return kindTime
	case t == reflect.TypeFor[json.Number]():
		return kindNumber
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return kindText
	}
	switch t.Kind() {
	case reflect.String:
		return kindText
	case reflect.Bool:
		return kindBool
	case reflect.Struct:
		return kindObject
	case reflect.Map:
		return kindMap
	case reflect.Slice, reflect.Array:
		return kindList
	case reflect.Interface:
		return kindAny
	}
	return kindNumber
}

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// describeType says what a value of type t is, for messages: "a list of text".
func describeType(t reflect.Type) string {
	switch kindOfType(t) {
	case kindText:
		return "text"
	case kindNumber:
		return "a number"
	case kindBool:
		return "a truth value"
	case kindTime:
		return "a time"
	case kindObject:
		return "an object"
	case kindMap:
		return "a free-form object"
	case kindList:
		element := deref(t).Elem()
		if kindOfType(element) == kindObject {
			return "a list of objects"
		}
		return "a list of " + strings.TrimPrefix(describeType(element), "a ")
	case kindAny:
	}
	return "any value"
}

// field is one field of an object of the API.
type field struct {
	name     string
	index    []int
	typ      reflect.Type
	required bool
}

// fieldsOf returns the fields of an object, by their names on the wire.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" {
			continue
		}
		fields = append(fields, field{name: name, index: f.Index, typ: f.Type, required: !strings.Contains(options, "omitempty")})
	}
	return fields
}

// requestFields returns what a request of the operation can be given: its path
// and query parameters and the fields of its body, which the API names apart.
func requestFields(op *api.Operation) []field {
	var fields []field
	for i := range op.Request.NumField() {
		f := op.Request.Field(i)
		if f.Tag.Get("in") == "path" {
			fields = append(fields, field{name: f.Tag.Get("json"), index: f.Index, typ: f.Type, required: true})
			continue
		}
		if f.Type.Kind() != reflect.Struct {
			continue
		}
		for _, inner := range fieldsOf(f.Type) {
			inner.index = append(append([]int{}, f.Index...), inner.index...)
			fields = append(fields, inner)
		}
	}
	return fields
}

func findField(fields []field, name string) (field, bool) {
	for _, f := range fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func fieldNames(fields []field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return names
}

// enumValues returns the values that the API document gives for t, or nil.
func enumValues(t reflect.Type) []string {
	if enum, ok := reflect.Zero(deref(t)).Interface().(api.Enum); ok {
		return enum.EnumValues()
	}
	return nil
}

// takesID reports whether a part of an id can be put into a value of type t, or
// into an entry of the list that it is.
func takesID(t reflect.Type) bool {
	if t = deref(t); kindOfType(t) == kindList {
		t = deref(t.Elem())
	}
	k := kindOfType(t)
	return k == kindText || k == kindNumber || k == kindAny
}
