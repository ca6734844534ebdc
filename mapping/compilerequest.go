package mapping

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// compileRequest compiles the fixed fields of a request.
func (c *compiler) compileRequest(b *requestBuilder, written syntax.Table[syntax.Literal]) []fixedField {
	var fixed []fixedField
	b.unsure = b.unsure || written.Broken
	for _, e := range written.Entries {
		field, ok := b.field(&b.fieldSet, e.Key)
		if field.Secret {
			c.secretWritten(e.Key.Pos, e.Key.Value)
			continue
		}
		if !ok || e.Value.Node == nil || syntax.IsNull(e.Value.Node) {
			continue
		}
		if len(b.place.heads) > 0 && c.hasReference(e.Value.Node) {
			continue
		}
		value := reflect.New(apitype.Deref(field.Type)).Elem()
		if c.setLiteral(e.Value.Node, value, e.Key.Value) && !c.leftOut(e.Value.Node) {
			fixed = append(fixed, fixedField{field.Index, value})
		}
	}
	return fixed
}

// setLiteral sets v to a value written in the file, and reports whether it fits.
func (c *compiler) setLiteral(n *yaml.Node, v reflect.Value, name string) bool {
	if v.Kind() == reflect.Pointer && !c.leftOut(n) {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case syntax.IsNull(n):
		c.HasNoValue(syntax.At(n), name)
		return false
	case isOption(n):
		return c.setOption(n, v, name)
	case v.Kind() == reflect.Struct && apitype.KindOf(v.Type()) == apitype.KindObject:
		return c.setObject(n, v, name)
	case v.Kind() == reflect.Interface || apitype.KindOf(v.Type()) == apitype.KindMap:
		return c.setFree(n, v, name)
	case apitype.KindOf(v.Type()) == apitype.KindList && v.Kind() == reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			c.IsNot(syntax.At(n), name, apitype.Describe(v.Type()), syntax.KindOf(n))
			return false
		}
		ok := true
		for _, item := range n.Content {
			element := reflect.New(v.Type().Elem()).Elem()
			ok = c.setLiteral(item, element, "an entry of "+name) && ok
			if !c.leftOut(item) {
				v.Set(reflect.Append(v, element))
			}
		}
		return ok
	}
	return c.setScalar(n, v, name)
}

func (c *compiler) setObject(n *yaml.Node, v reflect.Value, name string) bool {
	if n.Kind != yaml.MappingNode {
		c.IsNot(syntax.At(n), name, "an object", syntax.KindOf(n))
		return false
	}
	ok, fields, seen := true, apitype.FieldsOf(v.Type()), map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key := n.Content[i]
		if seen[key.Value] {
			c.GivenTwice(syntax.At(key), key.Value)
			ok = false
			continue
		}
		seen[key.Value] = true
		f, found := apitype.Find(fields, key.Value)
		if !found {
			c.noSuchField(syntax.At(key), name, key.Value, apitype.Names(fields))
			ok = false
			continue
		}
		if f.Secret {
			c.secretWritten(syntax.At(key), key.Value)
			ok = false
			continue
		}
		ok = c.setLiteral(syntax.ValueOf(n, i), reach(v, f.Index), key.Value) && ok
	}
	return ok
}

// setFree sets a free-form field to a JSON value.
func (c *compiler) setFree(n *yaml.Node, v reflect.Value, name string) bool {
	value, ok := c.freeValue(n, name)
	if !ok {
		return false
	}
	err := setJSON(v, value)
	if err != nil {
		c.IsNot(syntax.At(n), name, apitype.Describe(v.Type()), syntax.KindOf(n))
	}
	return err == nil
}

func (c *compiler) freeValue(n *yaml.Node, name string) (any, bool) {
	switch n.Kind {
	case yaml.SequenceNode:
		list, ok := []any{}, true
		for _, item := range n.Content {
			value, fits := c.freeValue(item, "an entry of "+name)
			ok = ok && fits
			if !c.leftOut(item) {
				list = append(list, value)
			}
		}
		return list, ok
	case yaml.MappingNode:
		object, ok := map[string]any{}, true
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i]
			if _, twice := object[key.Value]; twice || key.Kind != yaml.ScalarNode {
				c.badKey(syntax.At(key), name)
				ok = false
				continue
			}
			value, fits := c.freeValue(n.Content[i+1], key.Value)
			ok = ok && fits
			if !c.leftOut(n.Content[i+1]) {
				object[key.Value] = value
			}
		}
		return object, ok
	}
	if isOption(n) {
		return c.option(n)
	}
	if n.Tag == "!!str" || n.Tag == "!!timestamp" {
		return n.Value, true
	}
	var value any
	err := n.Decode(&value)
	if err == nil {
		_, err = json.Marshal(value)
	}
	switch {
	case err != nil:
		c.notJSON(syntax.At(n), name, n.Value)
	case syntax.OddNumber(n):
		c.OddNumber(syntax.At(n), name, n.Value)
		return nil, false
	}
	return value, err == nil
}

func (c *compiler) setScalar(n *yaml.Node, v reflect.Value, name string) bool {
	if v.Kind() == reflect.String && (n.Kind != yaml.ScalarNode || n.Tag != "!!str") {
		c.IsNot(syntax.At(n), name, "text", syntax.KindOf(n))
		return false
	}
	if syntax.OddNumber(n) {
		c.OddNumber(syntax.At(n), name, n.Value)
		return false
	}
	if (v.CanInt() || v.CanUint()) && n.Tag == "!!float" {
		c.IsNot(syntax.At(n), name, "a whole number", n.Value)
		return false
	}
	if err := n.Decode(v.Addr().Interface()); err != nil {
		c.IsNot(syntax.At(n), name, apitype.Describe(v.Type()), syntax.KindOf(n))
		return false
	}
	if values := apitype.EnumValues(v.Type()); values != nil && !slices.Contains(values, n.Value) {
		c.notAValue(syntax.At(n), n.Value, name, values)
		return false
	}
	return true
}

// isOption reports whether a value in the file is option.NAME.
func isOption(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, syntax.OptionPrefix)
}

// leftOut reports whether a value in the file is an option that is not set.
func (c *compiler) leftOut(n *yaml.Node) bool {
	if !isOption(n) {
		return false
	}
	switch value := c.options[strings.TrimPrefix(n.Value, syntax.OptionPrefix)].(type) {
	case string:
		return value == ""
	case []string:
		return len(value) == 0
	}
	return false
}

// option returns the value of an option that the file names.
func (c *compiler) option(n *yaml.Node) (any, bool) {
	option := strings.TrimPrefix(n.Value, syntax.OptionPrefix)
	value, known := c.options[option]
	if !known {
		c.noOption(syntax.At(n), option, sortedKeys(c.options))
	}
	return value, known
}

// setOption sets v to the value of an option of its kind.
func (c *compiler) setOption(n *yaml.Node, v reflect.Value, name string) bool {
	value, known := c.option(n)
	if !known {
		return false
	}
	if !apitype.TakesOption(v.Type(), value) {
		c.optionDoesNotFit(syntax.At(n), name, v.Type(), reflect.TypeOf(value))
		return false
	}
	if c.leftOut(n) {
		return true
	}
	if text, ok := value.(string); ok {
		if values := apitype.EnumValues(v.Type()); values != nil && !slices.Contains(values, text) {
			c.notAValue(syntax.At(n), text, name, values)
			return false
		}
	}
	return setValue(v, value) == nil
}
