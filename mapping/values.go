package mapping

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
)

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

// visibleText is scalarText for what people see: text of nothing but blanks is no value.
func visibleText(v reflect.Value) (string, bool) {
	text, ok := scalarText(v)
	if strings.TrimSpace(text) == "" {
		return "", false
	}
	return text, ok
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
		if apitype.KindOf(v.Type()) == apitype.KindList {
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
