// Package apitype reads the Go types of an API as a mapping sees them: kinds of
// values, the fields of objects by their names on the wire, the values of enums.
package apitype

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"github.com/conductorone/baton-descope/api"
)

// Kind is what a value of the API is, as far as a mapping is concerned.
type Kind int

// The kinds of values.
const (
	KindText Kind = iota
	KindNumber
	KindBool
	KindTime
	KindObject // fields known from the API document
	KindMap    // free-form, text keys
	KindList
	KindAny // any JSON value
)

// KindOf returns what a value of type t is.
func KindOf(t reflect.Type) Kind {
	switch t = Deref(t); {
	case t == reflect.TypeFor[time.Time]():
		return KindTime
	case t == reflect.TypeFor[json.Number]():
		return KindNumber
	case t.Implements(reflect.TypeFor[encoding.TextMarshaler]()):
		return KindText
	}
	switch t.Kind() {
	case reflect.String:
		return KindText
	case reflect.Bool:
		return KindBool
	case reflect.Struct:
		return KindObject
	case reflect.Map:
		return KindMap
	case reflect.Slice, reflect.Array:
		return KindList
	case reflect.Interface:
		return KindAny
	}
	return KindNumber
}

// Deref returns what a pointer of type t points to, however deep.
func Deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// Describe says what a value of type t is, for messages: "a list of text".
func Describe(t reflect.Type) string {
	switch KindOf(t) {
	case KindText:
		return "text"
	case KindNumber:
		return "a number"
	case KindBool:
		return "a truth value"
	case KindTime:
		return "a time"
	case KindObject:
		return "an object"
	case KindMap:
		return "a free-form object"
	case KindList:
		element := Deref(t).Elem()
		if KindOf(element) == KindObject {
			return "a list of objects"
		}
		return "a list of " + strings.TrimPrefix(Describe(element), "a ")
	case KindAny:
	}
	return "any value"
}

// Field is one field of an object of the API.
type Field struct {
	Name     string
	Index    []int
	Type     reflect.Type
	Required bool
	// Secret reports that the value must not be read, or be in a mapping.
	Secret bool
}

// FieldsOf returns the fields of an object, by their names on the wire.
func FieldsOf(t reflect.Type) []Field {
	var fields []Field
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "" || name == "-" {
			continue
		}
		fields = append(fields, Field{
			Name: name, Index: f.Index, Type: f.Type, Required: !strings.Contains(options, "omitempty"), Secret: api.IsSecret(f),
		})
	}
	return fields
}

// RequestFields returns what a request of the operation can be given: its path
// and query parameters and the fields of its body, which the API names apart.
func RequestFields(op *api.Operation) []Field {
	var fields []Field
	for i := range op.Request.NumField() {
		f := op.Request.Field(i)
		if f.Tag.Get("in") == "path" {
			fields = append(fields, Field{Name: f.Tag.Get("json"), Index: f.Index, Type: f.Type, Required: true})
			continue
		}
		if f.Type.Kind() != reflect.Struct {
			continue
		}
		for _, inner := range FieldsOf(f.Type) {
			inner.Index = append(append([]int{}, f.Index...), inner.Index...)
			fields = append(fields, inner)
		}
	}
	return fields
}

// Find returns the field of that name.
func Find(fields []Field, name string) (Field, bool) {
	for _, f := range fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Names returns the names of fields.
func Names(fields []Field) []string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return names
}

// EnumValues returns the values that the API document gives for t, or nil.
func EnumValues(t reflect.Type) []string {
	if enum, ok := reflect.Zero(Deref(t)).Interface().(api.Enum); ok {
		return enum.EnumValues()
	}
	return nil
}

// TakesID reports whether a part of an id can be put into a value of type t, or
// into an entry of the list that it is.
func TakesID(t reflect.Type) bool {
	if t = Deref(t); KindOf(t) == KindList {
		t = Deref(t.Elem())
	}
	k := KindOf(t)
	return k == KindText || k == KindNumber || k == KindAny
}

// TakesOption reports whether a value of type t can be an option with this value: a
// bool, a string or a []string.
func TakesOption(t reflect.Type, option any) bool {
	k := KindOf(t)
	switch option.(type) {
	case bool:
		return k == KindBool || k == KindAny
	case string:
		return k == KindText || k == KindAny
	case []string:
		return k == KindAny || k == KindList && KindOf(Deref(t).Elem()) == KindText
	}
	return false
}
