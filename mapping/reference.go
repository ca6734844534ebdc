package mapping

import (
	"reflect"
	"strings"
)

// Inputs are the values that a call's references refer to. A call needs only those
// of the heads of its place.
type Inputs struct {
	// Principal and Resource are ids.
	Principal, Resource ID
	// Record is the resource's record; in a grant and a revocation the principal's.
	Record Record
	// Account and Input are what the caller gives, by name, as JSON is decoded: a text,
	// a truth value, a number, a list or a map. What is absent or nil is left out of the
	// request; what is empty is sent.
	Account, Input map[string]any
	// Password is a new password.
	Password string
}

// reference yields a value for a request from the inputs of a call.
type reference interface {
	// value returns a string, a bool, a number, a list or a map; false for no value.
	value(in Inputs) (any, bool)
	// String returns the reference as a mapping writes it.
	String() string
}

// partReference is a part of an id: principal.PART or resource.PART.
type partReference struct {
	principal bool
	part      int
	name      string // of the part
}

func (r partReference) value(in Inputs) (any, bool) {
	id := in.Resource
	if r.principal {
		id = in.Principal
	}
	return id[r.part], id[r.part] != ""
}

func (r partReference) String() string {
	if r.principal {
		return headPrincipal + "." + r.name
	}
	return headResource + "." + r.name
}

// recordReference is a path in a record: record.PATH.
type recordReference struct {
	expr    *expr // of one path
	want    want
	written string
}

func (r recordReference) value(in Inputs) (any, bool) {
	v := values{record: in.Record.value}
	switch r.want {
	case wantText:
		text := r.expr.text(v)
		return text, text != ""
	case wantTexts:
		texts := r.expr.texts(v)
		return texts, texts != nil
	case wantTruth, wantTime, wantPlain:
	}
	value := r.expr.plain(v)
	return value, value != nil
}

func (r recordReference) String() string { return r.written }

func (r recordReference) path() *path { return r.expr.alternatives[0].path }

// givenReference is a value that the caller gives, or a value in it: account.NAME,
// input.NAME, input.NAME.KEY.
type givenReference struct{ head, name, key string }

func (r givenReference) value(in Inputs) (any, bool) {
	given := in.Input
	if r.head == headAccount {
		given = in.Account
	}
	value := given[r.name]
	if r.key != "" {
		object, _ := value.(map[string]any)
		value = object[r.key]
	}
	return value, value != nil
}

func (r givenReference) String() string {
	return strings.TrimSuffix(r.head+"."+r.name+"."+r.key, ".")
}

// filledReference is a reference of which an empty value is none.
type filledReference struct{ reference }

func (r filledReference) value(in Inputs) (any, bool) {
	value, ok := r.reference.value(in)
	return value, ok && !isEmpty(value)
}

// passwordReference is the new password.
type passwordReference struct{}

func (passwordReference) value(in Inputs) (any, bool) { return in.Password, in.Password != "" }

func (passwordReference) String() string { return headPassword }

// alternatives are `a or b`: the first value that is not empty, else the first.
type alternatives []reference

func (a alternatives) value(in Inputs) (first any, ok bool) {
	for _, r := range a {
		value, given := r.value(in)
		if given && !isEmpty(value) {
			return value, true
		}
		if given && !ok {
			first, ok = value, true
		}
	}
	return first, ok
}

func (a alternatives) String() string {
	written := make([]string, len(a))
	for i, r := range a {
		written[i] = r.String()
	}
	return strings.Join(written, alternativeSeparator)
}

// isEmpty reports whether a value is a text without anything but blanks, false, an empty
// list or an empty map. A number is not empty.
func isEmpty(value any) bool {
	switch v := reflect.ValueOf(value); v.Kind() {
	case reflect.String:
		return strings.TrimSpace(v.String()) == ""
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	case reflect.Bool:
		return !v.Bool()
	}
	return false
}
