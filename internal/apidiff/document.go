package apidiff

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Document is an OpenAPI 3 document, as it is written.
type Document struct {
	name string
	root node
	// operations are those of the document, by path.
	operations []operation
}

// node is an object of a document.
type node = map[string]any

// Parse reads an OpenAPI 3 document in YAML or JSON. Errors have the name, and the line
// where it is known.
func Parse(name string, src []byte) (*Document, error) {
	value, err := decode(src)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root, _ := value.(node)
	version := fmt.Sprint(root["openapi"])
	switch {
	case root == nil:
		return nil, fmt.Errorf("%s: not an OpenAPI document: it is not an object", name)
	case root["openapi"] == nil && root["swagger"] != nil:
		return nil, fmt.Errorf("%s: it is Swagger %v; convert it to OpenAPI 3 first", name, root["swagger"])
	case root["openapi"] == nil:
		return nil, fmt.Errorf("%s: not an OpenAPI document: it has no key \"openapi\"", name)
	case version != "3" && !strings.HasPrefix(version, "3."):
		return nil, fmt.Errorf("%s: it is OpenAPI %s, and only OpenAPI 3 can be compared", name, version)
	case at(root, "paths") == nil:
		return nil, fmt.Errorf("%s: it has no paths", name)
	}
	return &Document{name: name, root: root, operations: operations(root)}, nil
}

func decode(src []byte) (any, error) {
	var value any
	if trimmed := bytes.TrimSpace(src); len(trimmed) == 0 || trimmed[0] != '{' {
		err := yaml.Unmarshal(src, &value)
		return plain(value), err
	}
	err := json.Unmarshal(src, &value)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := src[:min(syntax.Offset, int64(len(src)))]
		err = fmt.Errorf("json: line %d: %w", 1+bytes.Count(before, []byte("\n")), err)
	}
	return value, err
}

// plain converts all keys to texts: statuses such as 200 are numbers in YAML.
func plain(value any) any {
	switch v := value.(type) {
	case map[any]any:
		object := make(node, len(v))
		for key, value := range v {
			object[fmt.Sprint(key)] = plain(value)
		}
		return object
	case node:
		for key := range v {
			v[key] = plain(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	}
	return value
}

// at follows keys through a document. It returns nil if one is missing.
func at(n node, keys ...string) node {
	for _, key := range keys {
		next, _ := n[key].(node)
		n = next
	}
	return n
}

// object returns a value as an object, nil if it is not one.
func object(value any) node {
	n, _ := value.(node)
	return n
}

// texts returns the entries of a list as texts.
func texts(n node, key string) []string {
	values, _ := n[key].([]any)
	var all []string
	for _, v := range values {
		all = append(all, fmt.Sprint(v))
	}
	return all
}

func text(n node, key string) string {
	value, _ := n[key].(string)
	return value
}

// reference returns the name of the schema that a node refers to, "" for none.
func reference(n node) string {
	return strings.TrimPrefix(text(n, "$ref"), "#/components/schemas/")
}

// maxHops is the maximum length of a chain of references.
const maxHops = 50

// resolve returns the target of a reference.
func (d *Document) resolve(n node) (node, error) {
	for range maxHops {
		path, refers := n["$ref"].(string)
		if !refers {
			return n, nil
		}
		local, ok := strings.CutPrefix(path, "#/")
		if !ok {
			return nil, fmt.Errorf("%s: %q refers to another file; bundle the document into one first", d.name, path)
		}
		unescape := strings.NewReplacer("~1", "/", "~0", "~")
		n = d.root
		for key := range strings.SplitSeq(local, "/") {
			n = at(n, unescape.Replace(key))
		}
		if n == nil {
			return nil, fmt.Errorf("%s: it refers to %q, which it does not have", d.name, path)
		}
	}
	return nil, fmt.Errorf("%s: its reference %v goes round in a circle", d.name, n["$ref"])
}

// schema returns the target of a reference to a schema. It merges the parts of an allOf,
// and of a oneOf or anyOf with a single part besides null.
func (d *Document) schema(n node) (node, error) { return d.whole(n, 0) }

// maxDepth is the maximum depth of nested allOf.
const maxDepth = 10

func (d *Document) whole(n node, depth int) (node, error) {
	n, err := d.resolve(n)
	if err != nil {
		return nil, err
	}
	if depth > maxDepth {
		return nil, fmt.Errorf("%s: it has more than %d allOf inside each other", d.name, maxDepth)
	}
	parts := parts(n)
	if len(parts) == 0 {
		return n, nil
	}
	whole := node{}
	for _, part := range parts {
		part, err := d.whole(part, depth+1)
		if err != nil {
			return nil, err
		}
		merge(whole, part)
	}
	merge(whole, n)
	return whole, nil
}

// parts returns the schemas that a schema consists of, besides its own keys.
func parts(n node) []node {
	var parts []node
	for _, key := range []string{"allOf", "oneOf", "anyOf"} {
		values, _ := n[key].([]any)
		var some []node
		for _, v := range values {
			if part := object(v); part != nil && part["type"] != typeNull {
				some = append(some, part)
			}
		}
		if key == "allOf" || len(some) == 1 {
			parts = append(parts, some...)
		}
	}
	return parts
}

// merge adds the keys of one schema to another.
func merge(into, from node) {
	for key, value := range from {
		switch key {
		case "allOf":
		case "properties":
			both := maps.Clone(at(into, key))
			if both == nil {
				both = node{}
			}
			maps.Copy(both, object(value))
			into[key] = both
		case required:
			there, _ := into[key].([]any)
			more, _ := value.([]any)
			into[key] = slices.Concat(there, more)
		default:
			into[key] = value
		}
	}
}
