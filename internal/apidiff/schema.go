package apidiff

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// schema compares two schemas. The target of a reference in ours is a separate place.
func (c *comparison) schema(where string, ours, theirs node) {
	if name := reference(ours); name != "" {
		where = name
		pair := [2]string{name, reference(theirs)}
		if c.seen[pair] {
			return
		}
		c.seen[pair] = true
	}
	c.reached[where] = true
	our, their := c.whole(c.ours, ours), c.whole(c.theirs, theirs)
	if c.err != nil {
		return
	}
	if here, there := typeOf(our), typeOf(their); here != there || text(our, "format") != text(their, "format") {
		c.kind(where, our, their)
		if here != there {
			return
		}
	}
	c.values(where, texts(our, "enum"), texts(their, "enum"))
	if is, was := nullable(their), nullable(our); is != was {
		c.differs(where, "null", allowed(was), allowed(is))
	}
	c.fields(where, our, their)
	if items := at(our, "items"); items != nil {
		c.schema(where+"[]", items, at(their, "items"))
	}
	c.furtherFields(where, our, their)
}

// kind records a different type or format, which breaks unless the values still fit.
func (c *comparison) kind(where string, ours, theirs node) {
	here, there := c.outline(c.ours, ours), c.outline(c.theirs, theirs)
	fit := fits(ours, theirs) // their replies fit our schema
	if c.toThem {
		fit = fits(theirs, ours)
	}
	if fit {
		c.differs(where, "type", here, there)
	} else {
		c.breaks(where, "type", here, there)
	}
}

// fits reports whether a reader of one schema understands the values of another.
func fits(reader, values node) bool {
	r, v := typeOf(reader), typeOf(values)
	format := text(reader, "format")
	switch {
	case r == "anything":
		return true
	case r == "number":
		return v == "number" || v == "integer"
	case r != v:
		return false
	case r == "integer":
		return format != "int32" || text(values, "format") == "int32"
	case r == "string":
		// Formats that have their own type in the generated client.
		return !slices.Contains([]string{"date", "date-time", "uuid", "email", "byte", "binary"}, format) || text(values, "format") == format
	}
	return true
}

// values compares the enums of a field.
func (c *comparison) values(where string, ours, theirs []string) {
	switch {
	case len(ours) == 0 && len(theirs) == 0:
		return
	case len(theirs) == 0:
		c.differs(where, "values", "listed", "any")
		return
	case len(ours) == 0 && c.toThem:
		c.breaks(where, "values", "any", strings.Join(theirs, ", "))
		return
	case len(ours) == 0:
		c.differs(where, "values", "any", strings.Join(theirs, ", "))
		return
	}
	for _, value := range theirs {
		if !slices.Contains(ours, value) {
			c.differs(where, "value", none, value)
		}
	}
	for _, value := range ours {
		switch {
		case slices.Contains(theirs, value):
		case c.toThem:
			c.breaks(where, "value", value, gone)
		default:
			c.differs(where, "value", value, gone)
		}
	}
}

func (c *comparison) fields(where string, ours, theirs node) {
	our, their := at(ours, "properties"), at(theirs, "properties")
	needed, wanted := texts(ours, required), texts(theirs, required)
	for _, name := range slices.Sorted(maps.Keys(our)) {
		place := where + "." + name
		c.reached[place] = true
		if their[name] == nil {
			c.breaks(place, "field", "present", gone)
			continue
		}
		c.need(place, slices.Contains(needed, name), slices.Contains(wanted, name))
		c.schema(place, object(our[name]), object(their[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(their)) {
		place, is := where+"."+name, c.theirType(object(their[name]))
		switch {
		case our[name] != nil:
		case c.toThem && slices.Contains(wanted, name):
			c.breaks(place, "new and required", "absent", is)
		case !slices.Contains(c.fresh, Addition{At: place, Is: is}):
			c.fresh = append(c.fresh, Addition{At: place, Is: is})
		}
	}
}

// need records a break when we may omit what is required.
func (c *comparison) need(where string, ours, theirs bool) {
	switch {
	case ours == theirs:
	case theirs && c.toThem:
		c.breaks(where, required, yes(ours), yes(theirs))
	default:
		c.differs(where, required, yes(ours), yes(theirs))
	}
}

// furtherFields compares the additional properties of an object, if our document defines
// them.
func (c *comparison) furtherFields(where string, ours, theirs node) {
	if ours["additionalProperties"] == nil {
		return
	}
	our, their := at(ours, "additionalProperties"), at(theirs, "additionalProperties")
	if our != nil && their != nil {
		c.schema(where+"{}", our, their)
		return
	}
	here, there := c.further(c.ours, ours), c.further(c.theirs, theirs)
	switch {
	case here == there:
	case c.toThem && there == "refused", !c.toThem && our != nil:
		c.breaks(where, "further fields", here, there)
	default:
		c.differs(where, "further fields", here, there)
	}
}

func (c *comparison) further(d *Document, n node) string {
	if values := at(n, "additionalProperties"); len(values) > 0 {
		return c.outline(d, values)
	}
	return map[bool]string{true: "refused", false: "anything"}[n["additionalProperties"] == false]
}

const (
	typeObject = "object"
	typeNull   = "null"
)

// typeOf returns the type of a schema, "anything" without one.
func typeOf(n node) string {
	types := slices.DeleteFunc(texts(n, "type"), func(t string) bool { return t == typeNull })
	switch {
	case text(n, "type") != "":
		return text(n, "type")
	case len(types) > 0:
		return or(types)
	case n["properties"] != nil || n["additionalProperties"] != nil:
		return typeObject
	case n["items"] != nil:
		return "array"
	case n["oneOf"] != nil || n["anyOf"] != nil:
		return "one of several"
	}
	return "anything"
}

// nullable reports whether a schema allows null, in the words of OpenAPI 3.0 or 3.1.
func nullable(n node) bool {
	isNull := func(v any) bool { return object(v)["type"] == typeNull }
	choices, _ := n["oneOf"].([]any)
	others, _ := n["anyOf"].([]any)
	return n["nullable"] == true || slices.Contains(texts(n, "type"), typeNull) ||
		slices.ContainsFunc(choices, isNull) || slices.ContainsFunc(others, isNull)
}

func allowed(is bool) string {
	if is {
		return "allowed"
	}
	return "not allowed"
}

func (c *comparison) theirType(n node) string { return c.outline(c.theirs, n) }

// outline describes a schema briefly: "integer (int32)", "list of string", "table of
// string", "{id, name}".
func (c *comparison) outline(d *Document, n node) string { return c.outlined(d, n, 0) }

func (c *comparison) outlined(d *Document, n node, depth int) string {
	n = c.whole(d, n)
	kind, format := typeOf(n), text(n, "format")
	fields := slices.Sorted(maps.Keys(at(n, "properties")))
	values := at(n, "additionalProperties")
	switch {
	case depth > maxDepth:
		return "and so on"
	case kind == "array":
		return "list of " + c.outlined(d, at(n, "items"), depth+1)
	case kind == typeObject && len(fields) > maxFields:
		return fmt.Sprintf("{%s and %d more}", strings.Join(fields[:maxFields], ", "), len(fields)-maxFields)
	case kind == typeObject && len(fields) > 0:
		return "{" + strings.Join(fields, ", ") + "}"
	case kind == typeObject && len(values) > 0:
		return "table of " + c.outlined(d, values, depth+1)
	case format != "":
		return kind + " (" + format + ")"
	}
	return kind
}

// maxFields is the maximum number of fields of an object in an outline.
const maxFields = 6
