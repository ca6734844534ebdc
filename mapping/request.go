package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

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
	case target.Kind() == reflect.Interface:
		target.Set(reflect.ValueOf(s))
	default:
		return fmt.Errorf("a %s cannot be set from text", target.Type())
	}
	return nil
}

// compileRequest compiles the fixed fields of an operation's request.
func (c *compiler) compileRequest(op *api.Operation, fixed table[literal]) request {
	r := request{op: op}
	for _, e := range fixed.entries {
		f, ok := c.requestField(op, e.key)
		if !ok {
			continue
		}
		value := reflect.New(deref(f.typ)).Elem()
		if c.setLiteral(e.value.node, value, e.key.value) {
			r.fixed = append(r.fixed, fixedField{f.index, value})
		}
	}
	return r
}

func (c *compiler) requestField(op *api.Operation, name text) (field, bool) {
	fields := requestFields(op)
	f, ok := findField(fields, name.value)
	if !ok {
		c.add(name.pos, "%s takes no %q%s", op.Name, name.value, didYouMean(name.value, fieldNames(fields)))
	}
	return f, ok
}

// optionPrefix starts a fixed field whose value is one of the connector's options.
const optionPrefix = "option."

// setLiteral sets v to a value written in the file, and tells whether it fits.
func (c *compiler) setLiteral(n *yaml.Node, v reflect.Value, name string) bool {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, optionPrefix):
		return c.setOption(n, v, name)
	case v.Kind() == reflect.Struct && kindOfType(v.Type()) == kindObject:
		return c.setObject(n, v, name)
	case v.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			c.add(at(n), "%s is %s, not %s", name, describeType(v.Type()), kindOf(n))
			return false
		}
		ok := true
		for _, item := range n.Content {
			element := reflect.New(v.Type().Elem()).Elem()
			ok = c.setLiteral(item, element, "an entry of "+name) && ok
			v.Set(reflect.Append(v, element))
		}
		return ok
	}
	return c.setScalar(n, v, name)
}

func (c *compiler) setObject(n *yaml.Node, v reflect.Value, name string) bool {
	if n.Kind != yaml.MappingNode {
		c.add(at(n), "%s is an object, not %s", name, kindOf(n))
		return false
	}
	ok, fields := true, fieldsOf(v.Type())
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		f, found := findField(fields, key.Value)
		if !found {
			c.add(at(key), "%s has no field %q%s", name, key.Value, didYouMean(key.Value, fieldNames(fields)))
			ok = false
			continue
		}
		ok = c.setLiteral(n.Content[i+1], v.FieldByIndex(f.index), key.Value) && ok
	}
	return ok
}

func (c *compiler) setScalar(n *yaml.Node, v reflect.Value, name string) bool {
	if v.Kind() == reflect.String && (n.Kind != yaml.ScalarNode || n.Tag != "!!str") {
		c.add(at(n), "%s is text, not %s", name, kindOf(n))
		return false
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		c.add(at(n), "%s is %s, not %s", name, describeType(v.Type()), kindOf(n))
		return false
	}
	if values := enumValues(v.Type()); values != nil && !slices.Contains(values, v.String()) {
		c.add(at(n), "%q is not a value of %s in the API%s", v.String(), name, didYouMean(v.String(), values))
		return false
	}
	return true
}

func (c *compiler) setOption(n *yaml.Node, v reflect.Value, name string) bool {
	option := strings.TrimPrefix(n.Value, optionPrefix)
	value, known := c.options[option]
	if !known {
		c.add(at(n), "the connector has no option %q%s", option, didYouMean(option, sortedKeys(c.options)))
		return false
	}
	if v.Kind() != reflect.Bool {
		c.add(at(n), "%s is %s, but an option is a truth value", name, describeType(v.Type()))
		return false
	}
	v.SetBool(value)
	return true
}
