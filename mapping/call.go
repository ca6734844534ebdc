package mapping

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
)

// Call is one call of an operation: it builds requests, and finds the record in a reply.
type Call struct {
	Operation *api.Operation

	fixed  []fixedField
	with   []field
	record access // nil when the reply has no record
}

// fixedField is a request field with a fixed value.
type fixedField struct {
	index []int
	value reflect.Value
}

// field is a field of a request, or of an object in one, that is filled from references.
type field struct {
	name     string
	index    []int // nil in a free-form object
	required bool
	argument
}

// argument is the value of a field: a reference, a list of arguments or a table of fields.
type argument struct {
	typ    reflect.Type // without pointers
	ref    reference
	isList bool
	list   []argument
	fields []field
}

// NeedsRecord reports whether Inputs.Record must be given.
func (c *Call) NeedsRecord() bool {
	needs := false
	c.eachReference(func(r reference) {
		_, isRecord := r.(recordReference)
		needs = needs || isRecord
	})
	return needs
}

// gives reports whether the mapping sets the request field at index.
func (c *Call) gives(index []int) bool {
	return slices.ContainsFunc(c.fixed, func(f fixedField) bool { return slices.Equal(f.index, index) }) ||
		slices.ContainsFunc(c.with, func(f field) bool { return slices.Equal(f.index, index) })
}

// eachReference calls visit with every reference of the call but alternatives, whose
// references it visits.
func (c *Call) eachReference(visit func(reference)) {
	c.eachValue(func(ref reference) {
		for _, r := range eachOf(ref) {
			visit(r)
		}
	})
}

// eachOf returns a reference, or each of alternatives.
func eachOf(ref reference) []reference {
	if either, ok := ref.(alternatives); ok {
		return either
	}
	return []reference{ref}
}

// eachValue calls visit with the reference of every value of the call that has one.
func (c *Call) eachValue(visit func(reference)) {
	c.eachField(func(_ string, r reference) { visit(r) })
}

// eachField is eachValue with the name of the field that the value is for.
func (c *Call) eachField(visit func(field string, ref reference)) {
	var walk func(name string, a argument)
	walk = func(name string, a argument) {
		if a.ref != nil {
			visit(name, a.ref)
		}
		for _, entry := range a.list {
			walk(name, entry)
		}
		for _, f := range a.fields {
			walk(f.name, f.argument)
		}
	}
	for _, f := range c.with {
		walk(f.name, f.argument)
	}
}

// Request returns a new request, a pointer to the operation's Request. A required field
// without a value is an error that names it.
func (c *Call) Request(in Inputs) (any, error) {
	request, target := c.build()
	if _, err := setFields(target, c.with, in, true); err != nil {
		return nil, fmt.Errorf("%s: %w", c.Operation.Name, err)
	}
	return request, nil
}

// Record returns the record in a reply; false when the reply has none.
func (c *Call) Record(reply any) (Record, bool) {
	if c.record == nil {
		return Record{}, false
	}
	v := c.record.get(reflect.ValueOf(reply))
	return Record{v}, v.IsValid() && !v.IsZero()
}

// ReturnsRecord reports whether a reply has the record as it is after the call.
func (c *Call) ReturnsRecord() bool { return c.record != nil }

// build returns a pointer to a new request with the fixed fields set, and what it points to.
func (c *Call) build() (request any, target reflect.Value) {
	request = c.Operation.NewRequest()
	target = reflect.ValueOf(request).Elem()
	for _, f := range c.fixed {
		reach(target, f.index).Set(f.value)
	}
	return request, target
}

// setFields sets the fields of an object, and reports whether any has a value. In an
// object that is not needed, a required text that is empty is none: an empty field of a
// form. A required field without a value is an error if the object is needed, or if
// another field has a value that is not empty; otherwise there is no object.
func setFields(object reflect.Value, fields []field, in Inputs, needed bool) (some bool, err error) {
	var lacking *fieldError
	filled := needed
	for _, f := range fields {
		value, ok, err := f.build(in)
		if ok && err == nil && !needed {
			empty := isEmpty(value.Interface())
			ok = !empty || !f.required || value.Kind() != reflect.String
			filled = filled || !empty
		}
		switch {
		case err != nil:
			return false, inField(f.name, err)
		case !ok && f.required && lacking == nil:
			lacking = &fieldError{f.name, fmt.Sprintf(" is required, but %s has no value", f)}
		case !ok:
		case object.Kind() == reflect.Map:
			object.SetMapIndex(reflect.ValueOf(f.name).Convert(object.Type().Key()), value)
			some = true
		default:
			reach(object, f.index).Set(value)
			some = true
		}
	}
	switch {
	case lacking == nil:
		return some, nil
	case filled:
		return false, lacking
	}
	return false, nil
}

// fieldError is an error of a field of a request, of which the path is given.
type fieldError struct{ path, what string }

func (e *fieldError) Error() string { return strconv.Quote(e.path) + e.what }

func inField(name string, err error) error {
	if inner, ok := errors.AsType[*fieldError](err); ok {
		return &fieldError{name + "." + inner.path, inner.what}
	}
	return &fieldError{name, ": " + err.Error()}
}

// build returns the argument's value as a new value of its type; false for none. A
// table all of whose references have no value has none, and a list has the entries
// that have one.
func (a argument) build(in Inputs) (v reflect.Value, ok bool, err error) {
	v = reflect.New(a.typ).Elem()
	switch {
	case a.ref != nil:
		value, ok := a.ref.value(in)
		if !ok {
			return v, false, nil
		}
		return v, true, setValue(v, value)
	case a.isList:
		for _, entry := range a.list {
			value, given, err := entry.build(in)
			if err != nil {
				return v, false, err
			}
			if given {
				v.Set(appended(v, value))
			}
			ok = ok || given
		}
		return v, ok, nil
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(a.typ))
	}
	ok, err = setFields(v, a.fields, in, false)
	return v, ok, err
}

// appended returns a list with one more entry.
func appended(list, value reflect.Value) reflect.Value {
	entry := reflect.New(list.Type().Elem()).Elem()
	allocate(entry).Set(value)
	return reflect.Append(list, entry)
}

// String returns the argument as a mapping writes it.
func (a argument) String() string {
	switch {
	case a.ref != nil:
		return a.ref.String()
	case a.isList:
		entries := make([]string, len(a.list))
		for i, entry := range a.list {
			entries[i] = entry.String()
		}
		return "[" + strings.Join(entries, ", ") + "]"
	}
	fields := make([]string, len(a.fields))
	for i, f := range a.fields {
		fields[i] = f.name + ": " + f.String()
	}
	return "{" + strings.Join(fields, ", ") + "}"
}

// reach returns the field at index, behind its pointers, which it allocates.
func reach(v reflect.Value, index []int) reflect.Value {
	for _, i := range index {
		v = allocate(v).Field(i)
	}
	return allocate(v)
}

func allocate(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		v = v.Elem()
	}
	return v
}

// setValue sets a value of a request to that of a reference.
func setValue(target reflect.Value, value any) error {
	switch v := value.(type) {
	case string:
		return setText(target, v)
	case bool:
		if target.Kind() == reflect.Bool {
			target.SetBool(v)
			return nil
		}
	case []string:
		return setEntries(target, v)
	case []any:
		return setEntries(target, v)
	case map[string]any:
		if target.Kind() == reflect.Map {
			return setJSON(target, v)
		}
	default:
		if apitype.KindOf(target.Type()) == apitype.KindNumber {
			text, _ := scalarText(reflect.ValueOf(value))
			return setText(target, cmp.Or(text, "0"))
		}
	}
	if target.Kind() == reflect.Interface {
		target.Set(reflect.ValueOf(value))
		return nil
	}
	return fmt.Errorf("%s is expected, not %s", apitype.Describe(target.Type()), apitype.Describe(reflect.TypeOf(value)))
}

// setEntries sets a list of a request, which is not nil afterwards.
func setEntries[T any](target reflect.Value, entries []T) error {
	if target.Kind() == reflect.Interface {
		target.Set(reflect.ValueOf(entries))
		return nil
	}
	if target.Kind() != reflect.Slice {
		return fmt.Errorf("%s is expected, not a list", apitype.Describe(target.Type()))
	}
	target.Set(reflect.MakeSlice(target.Type(), 0, len(entries)))
	for _, entry := range entries {
		value := reflect.New(apitype.Deref(target.Type().Elem())).Elem()
		if err := setValue(value, entry); err != nil {
			return err
		}
		target.Set(appended(target, value))
	}
	return nil
}

// setJSON sets a free-form value of a request.
func setJSON(target reflect.Value, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.UseNumber()
	return decoder.Decode(target.Addr().Interface())
}

// setText sets a request field from text.
func setText(target reflect.Value, s string) error {
	if parser, ok := target.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return parser.UnmarshalText([]byte(s))
	}
	switch {
	case target.Kind() == reflect.String:
		target.SetString(s)
	case target.CanInt():
		n, err := strconv.ParseInt(s, 10, target.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number", s)
		}
		target.SetInt(n)
	case target.CanUint():
		n, err := strconv.ParseUint(s, 10, target.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a whole number", s)
		}
		target.SetUint(n)
	case target.CanFloat():
		f, err := strconv.ParseFloat(s, target.Type().Bits())
		if err != nil {
			return fmt.Errorf("%q is not a number", s)
		}
		target.SetFloat(f)
	case target.Kind() == reflect.Interface:
		target.Set(reflect.ValueOf(s))
	default:
		return fmt.Errorf("%s is expected, not text", apitype.Describe(target.Type()))
	}
	return nil
}
