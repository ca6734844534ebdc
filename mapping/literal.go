package mapping

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// compileRequest compiles the fixed fields of a request.
func (c *compiler) compileRequest(f *filling, fixed table[literal]) request {
	r := request{op: f.op}
	f.unsure = f.unsure || fixed.broken
	for _, e := range fixed.entries {
		field, ok := f.field(e.key)
		if !ok || e.value.node == nil || isNull(e.value.node) {
			continue
		}
		value := reflect.New(deref(field.typ)).Elem()
		if c.setLiteral(e.value.node, value, e.key.value) {
			r.fixed = append(r.fixed, fixedField{field.index, value})
		}
	}
	return r
}

// setLiteral sets v to a value written in the file, and tells whether it fits.
func (c *compiler) setLiteral(n *yaml.Node, v reflect.Value, name string) bool {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case isNull(n):
		c.addf(at(n), "%s has no value", name)
		return false
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, optionPrefix):
		return c.setOption(n, v, name)
	case v.Kind() == reflect.Struct && kindOfType(v.Type()) == kindObject:
		return c.setObject(n, v, name)
	case v.Kind() == reflect.Interface || kindOfType(v.Type()) == kindMap:
		return c.setFree(n, v, name)
	case kindOfType(v.Type()) == kindList && v.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			c.addf(at(n), "%s is %s, not %s", name, describeType(v.Type()), kindOf(n))
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
		c.addf(at(n), "%s is an object, not %s", name, kindOf(n))
		return false
	}
	ok, fields, seen := true, fieldsOf(v.Type()), map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			c.addf(at(key), "%q is given twice", key.Value)
			ok = false
			continue
		}
		seen[key.Value] = true
		f, found := findField(fields, key.Value)
		if !found {
			c.addf(at(key), "%s has no field %q%s", name, key.Value, spelling.DidYouMean(key.Value, fieldNames(fields)))
			ok = false
			continue
		}
		ok = c.setLiteral(valueOf(n, i), reach(v, f.index), key.Value) && ok
	}
	return ok
}

// setFree sets a free-form field to what JSON can say.
func (c *compiler) setFree(n *yaml.Node, v reflect.Value, name string) bool {
	value, ok := c.freeValue(n, name)
	if !ok {
		return false
	}
	encoded, err := json.Marshal(value)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(encoded))
		decoder.UseNumber()
		err = decoder.Decode(v.Addr().Interface())
	}
	if err != nil {
		c.addf(at(n), "%s is %s, not %s", name, describeType(v.Type()), kindOf(n))
	}
	return err == nil
}

func (c *compiler) freeValue(n *yaml.Node, name string) (any, bool) {
	switch n.Kind {
	case yaml.SequenceNode:
		list, ok := []any{}, true
		for _, item := range n.Content {
			value, fits := c.freeValue(item, "an entry of "+name)
			list, ok = append(list, value), ok && fits
		}
		return list, ok
	case yaml.MappingNode:
		object, ok := map[string]any{}, true
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			if _, twice := object[key.Value]; twice || key.Kind != yaml.ScalarNode {
				c.addf(at(key), "a key of %s is text, and there once", name)
				ok = false
				continue
			}
			value, fits := c.freeValue(n.Content[i+1], key.Value)
			object[key.Value], ok = value, ok && fits
		}
		return object, ok
	}
	if n.Tag == "!!str" || n.Tag == "!!timestamp" {
		return n.Value, true
	}
	var value any
	err := n.Decode(&value)
	if err == nil {
		_, err = json.Marshal(value)
	}
	if err != nil {
		c.addf(at(n), "%s is %s, which JSON cannot say", name, n.Value)
	}
	return value, err == nil
}

func (c *compiler) setScalar(n *yaml.Node, v reflect.Value, name string) bool {
	if v.Kind() == reflect.String && (n.Kind != yaml.ScalarNode || n.Tag != "!!str") {
		c.addf(at(n), "%s is text, not %s", name, kindOf(n))
		return false
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		c.addf(at(n), "%s is %s, not %s", name, describeType(v.Type()), kindOf(n))
		return false
	}
	if values := enumValues(v.Type()); values != nil && !slices.Contains(values, n.Value) {
		c.addf(at(n), "%q is not a value of %s in the API%s", n.Value, name, spelling.DidYouMean(n.Value, values))
		return false
	}
	return true
}

func (c *compiler) setOption(n *yaml.Node, v reflect.Value, name string) bool {
	option := strings.TrimPrefix(n.Value, optionPrefix)
	value, known := c.options[option]
	if !known {
		c.addf(at(n), "the connector has no option %q%s", option, spelling.DidYouMean(option, sortedKeys(c.options)))
		return false
	}
	if v.Kind() != reflect.Bool {
		c.addf(at(n), "%s is %s, but an option is a truth value", name, describeType(v.Type()))
		return false
	}
	v.SetBool(value)
	return true
}
