package mapping

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// requestBuilder is a request of an operation that is being compiled, with the fields
// that are given so far.
type requestBuilder struct {
	*compiler
	op     *api.Operation
	fields []apitype.Field
	given  map[string]bool
	// unsure reports that a field was given whose name is not known.
	unsure bool
}

func (c *compiler) fill(op *api.Operation) *requestBuilder {
	return &requestBuilder{compiler: c, op: op, fields: apitype.RequestFields(op), given: map[string]bool{}}
}

// field returns the request field of that name. It reports one that is not
// there or given before.
func (f *requestBuilder) field(name syntax.Text) (apitype.Field, bool) {
	if name.Value == "" {
		f.unsure = f.unsure || name.Given()
		return apitype.Field{}, false
	}
	found, ok := apitype.Find(f.fields, name.Value)
	if !ok {
		names := apitype.Names(f.fields)
		f.noRequestField(name.Pos, f.op.Name, name.Value, names)
		meant := spelling.Nearest(name.Value, names)
		f.given[meant] = true
		f.unsure = f.unsure || meant == ""
		return apitype.Field{}, false
	}
	if f.given[name.Value] {
		f.requestFieldTwice(name.Pos, f.op.Name, name.Value)
		return apitype.Field{}, false
	}
	f.given[name.Value] = true
	return found, true
}

// checkRequired reports the required fields that nothing gives; key is where
// they would be.
func (f *requestBuilder) checkRequired(where syntax.Pos, key string) {
	for _, required := range f.fields {
		if required.Required && !f.given[required.Name] && !f.unsure {
			f.requestFieldMissing(where, f.op.Name, required.Name, key)
		}
	}
}

// takesID reports whether a part of an id can be put into a field, or into an
// entry of the list that it is. It reports a field that takes none.
func (c *compiler) takesID(f apitype.Field, name syntax.Text) bool {
	if !apitype.TakesID(f.Type) {
		c.takesNoID(name.Pos, f.Name, f.Type)
		return false
	}
	return true
}

// compileRequest compiles the fixed fields of a request.
func (c *compiler) compileRequest(f *requestBuilder, fixed syntax.Table[syntax.Literal]) request {
	r := request{op: f.op}
	f.unsure = f.unsure || fixed.Broken
	for _, e := range fixed.Entries {
		field, ok := f.field(e.Key)
		if !ok || e.Value.Node == nil || syntax.IsNull(e.Value.Node) {
			continue
		}
		value := reflect.New(apitype.Deref(field.Type)).Elem()
		if c.setLiteral(e.Value.Node, value, e.Key.Value) {
			r.fixed = append(r.fixed, fixedField{field.Index, value})
		}
	}
	return r
}

// setLiteral sets v to a value written in the file, and reports whether it fits.
func (c *compiler) setLiteral(n *yaml.Node, v reflect.Value, name string) bool {
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch {
	case syntax.IsNull(n):
		c.HasNoValue(syntax.At(n), name)
		return false
	case n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, syntax.OptionPrefix):
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
			v.Set(reflect.Append(v, element))
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
	encoded, err := json.Marshal(value)
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(encoded))
		decoder.UseNumber()
		err = decoder.Decode(v.Addr().Interface())
	}
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
			list, ok = append(list, value), ok && fits
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

func (c *compiler) setOption(n *yaml.Node, v reflect.Value, name string) bool {
	option := strings.TrimPrefix(n.Value, syntax.OptionPrefix)
	value, known := c.options[option]
	if !known {
		c.noOption(syntax.At(n), option, sortedKeys(c.options))
		return false
	}
	if v.Kind() != reflect.Bool {
		c.optionIsTruth(syntax.At(n), name, v.Type())
		return false
	}
	v.SetBool(value)
	return true
}
