package mapping

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"

	"github.com/conductorone/baton-descope/api"
)

// request builds the requests of one operation from fixed fields.
type request struct {
	op    *api.Operation
	fixed []fixedField
}

type fixedField struct {
	index []int
	value reflect.Value
}

// build returns a pointer to a new request with the fixed fields set.
func (r *request) build() (any, reflect.Value) {
	call := r.op.NewRequest()
	target := reflect.ValueOf(call).Elem()
	for _, f := range r.fixed {
		reach(target, f.index).Set(f.value)
	}
	return call, target
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
		return fmt.Errorf("a %s cannot be set from text", target.Type())
	}
	return nil
}
