package mapping

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
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

// scalarText returns a value as text. Missing, null, empty and 0 are no value;
// a truth value is "true" or "false".
func scalarText(v reflect.Value) (string, bool) {
	v = indirect(v)
	if !v.IsValid() {
		return "", false
	}
	if v.Kind() == reflect.String {
		if number, ok := v.Interface().(json.Number); ok {
			if f, err := number.Float64(); err == nil && f == 0 {
				return "", false
			}
			return numberText(number), true
		}
		return v.String(), v.Len() > 0
	}
	switch {
	case v.Kind() == reflect.Bool:
		return strconv.FormatBool(v.Bool()), true
	case v.IsZero():
		return "", false
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10), true
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10), true
	case v.CanFloat():
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), true
	case v.CanInterface():
		if m, ok := v.Interface().(encoding.TextMarshaler); ok {
			text, err := m.MarshalText()
			return string(text), err == nil && len(text) > 0
		}
	}
	return "", false
}

// numberText writes a JSON number without an exponent, with all its digits.
func numberText(n json.Number) string {
	if !strings.ContainsAny(n.String(), ".eE") {
		return n.String()
	}
	f, err := n.Float64()
	if err != nil {
		return n.String()
	}
	return strconv.FormatFloat(f, 'f', -1, 64)
}

// indirect follows pointers and interfaces to the value; nil is no value.
func indirect(v reflect.Value) reflect.Value {
	for v.IsValid() && (v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface) {
		v = v.Elem()
	}
	return v
}

// plainValue returns a value as text, float64, bool, []any or map[string]any,
// or nil when it has none. A number that a float64 cannot hold stays text.
// Inside a free-form value 0 is a value: the API says it.
func plainValue(v reflect.Value) any {
	v = indirect(v)
	if !v.IsValid() {
		return nil
	}
	if number, ok := v.Interface().(json.Number); ok {
		return plainNumber(number)
	}
	switch v.Kind() {
	case reflect.Bool:
		return v.Bool()
	case reflect.Slice, reflect.Array:
		if kindOfType(v.Type()) == kindList {
			return plainList(v)
		}
	case reflect.Map:
		return plainMap(v)
	}
	text, ok := scalarText(v)
	switch {
	case !ok && (v.CanInt() || v.CanUint() || v.CanFloat()):
		return 0.0
	case !ok:
		return nil
	case v.CanInt() || v.CanUint() || v.CanFloat():
		return plainNumber(json.Number(text))
	}
	return text
}

func plainNumber(n json.Number) any {
	f, err := n.Float64()
	whole := !strings.ContainsAny(n.String(), ".eE")
	if err != nil || whole && f != 0 && strconv.FormatFloat(f, 'f', 0, 64) != n.String() {
		return n.String()
	}
	return f
}

func plainList(v reflect.Value) any {
	var items []any
	for i := range v.Len() {
		if item := plainValue(v.Index(i)); item != nil {
			items = append(items, item)
		}
	}
	if items == nil {
		return nil
	}
	return items
}

func plainMap(v reflect.Value) any {
	var object map[string]any
	for keys := v.MapRange(); keys.Next(); {
		if item := plainValue(keys.Value()); item != nil {
			if object == nil {
				object = make(map[string]any, v.Len())
			}
			object[fmt.Sprint(keys.Key())] = item
		}
	}
	if object == nil {
		return nil
	}
	return object
}
