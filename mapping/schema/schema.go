// Package schema describes the mapping language: to editors, as a JSON Schema, and
// to readers, as tables in Markdown.
package schema

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/conductorone/baton-descope/mapping"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// operationKey is the key that names an operation, wherever it stands.
const operationKey = "operation"

// callsDef is the definition of what each operation takes, for every block that calls one.
const callsDef = "calls"

// JSON returns the JSON Schema of mappings of an API, for editors, as strict validators
// take it: the keys
// of the language with what they mean, and the API's operations with what each
// takes and replies. id is the address at which editors find it.
func JSON(env mapping.Environment, id string) ([]byte, error) {
	w := &schemaWriter{env: env, defined: map[reflect.Type]bool{}}
	root := w.block(reflect.TypeFor[syntax.Document]())
	schema := object{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", id},
		{"title", "Baton mapping"},
		{"description", "How an API's operations become resources, entitlements and grants."},
		{"allOf", []any{root}},
		{"$defs", append(append(w.defs, leaves()...), w.api()...)},
	}
	written, err := json.Marshal(schema)
	if err != nil {
		return nil, err
	}
	return layOut(written)
}

func ref(name string) object { return object{{"$ref", "#/$defs/" + name}} }

// schemaWriter collects the definitions of the blocks of the language.
type schemaWriter struct {
	env     mapping.Environment
	defs    object
	defined map[reflect.Type]bool
}

// leaves are the definitions of what is no block.
func leaves() object {
	return object{
		{"text", anyOf(object{{"type", "string"}, {"pattern", `\S`}}, object{{"type", "number"}})},
		{"words", oneOrMore(ref("text"))},
		{"values", oneOrMore(anyOf(object{{"type", "string"}}, object{{"type", "number"}}, object{{"type", "boolean"}}))},
		{"argument", anyOf(
			ref("text"),
			object{{"type", "array"}, {"items", ref("argument")}, {"minItems", 1}},
			object{{"type", "object"}, {"additionalProperties", ref("argument")}, {"minProperties", 1}},
		)},
		{"id", anyOf(ref("text"), object{{"type", "object"}, {"additionalProperties", ref("text")}, {"minProperties", 1}})},
		{"readOnly", object{{"anyOf", []any{object{{"type", "boolean"}}, object{{"type", "string"}, {"pattern", `\S\s+\S`}}}}}},
		{"trait", object{{"enum", syntax.Traits}}},
		{"purpose", object{{"enum", syntax.Purposes}}},
		{"unknown_references", object{{"enum", syntax.UnknownReferences}}},
		{"write", object{{"enum", syntax.WriteTimes}}},
		{"kind", object{{"enum", syntax.ActionKinds}}},
		{"becomes", object{{"enum", syntax.ActionStatuses}}},
	}
}

func oneOrMore(entry object) object {
	return anyOf(entry, object{{"type", "array"}, {"items", entry}, {"minItems", 1}})
}

func anyOf(forms ...any) object { return object{{"anyOf", forms}} }

// block defines a block and returns a reference to it.
func (w *schemaWriter) block(t reflect.Type) object {
	if w.defined[t] {
		return ref(defName(t))
	}
	w.defined[t] = true
	place := len(w.defs)
	w.defs = append(w.defs, member{defName(t), nil})
	properties, required := object{}, []string{}
	calls := false
	for _, k := range syntax.Keys(t) {
		properties = append(properties, member{k.Name, append(w.value(k), member{"description", k.Doc})})
		if k.Needed {
			required = append(required, k.Name)
		}
		calls = calls || k.Name == operationKey
	}
	definition := object{{"type", "object"}, {"additionalProperties", false}, {"properties", properties}}
	if len(required) > 0 {
		definition = append(definition, member{"required", required})
	}
	if calls {
		definition = append(definition, member{"allOf", []any{ref(callsDef)}})
	}
	if t == reflect.TypeFor[syntax.ResourceType]() {
		definition = append(definition, member{"allOf", []any{ref("record")}})
	}
	w.defs[place].value = definition
	return ref(defName(t))
}

// defName is what the definition of a block is called.
func defName(block reflect.Type) string {
	name := block.Name()
	return strings.ToLower(name[:1]) + name[1:]
}

// value is the schema of the value of a key. A key means the same wherever it stands.
func (w *schemaWriter) value(k syntax.Key) object {
	switch k.Name {
	case "version":
		return object{{"const", 1}}
	case operationKey, "trait", "purpose", "unknown_references", "write", "kind", "becomes":
		return ref(k.Name)
	case "only_if":
		return ref("becomes")
	case "enabled", "pending", "disabled", "deleted":
		return ref("values")
	case "per_minute":
		return append(w.form(k.Type), member{"propertyNames", ref(operationKey)})
	}
	return w.form(k.Type)
}

// form is the schema of a syntax type.
func (w *schemaWriter) form(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[syntax.Text]():
		return ref("text")
	case reflect.TypeFor[syntax.Words]():
		return ref("words")
	case reflect.TypeFor[syntax.PartValues]():
		return ref("id")
	case reflect.TypeFor[syntax.Argument]():
		return ref("argument")
	case reflect.TypeFor[syntax.ReadOnly]():
		return ref("readOnly")
	case reflect.TypeFor[syntax.Truth]():
		return object{{"type", "boolean"}}
	case reflect.TypeFor[syntax.Integer]():
		return object{{"type", "integer"}}
	case reflect.TypeFor[syntax.Literal]():
		return object{}
	}
	if t.Kind() == reflect.Slice {
		entry := w.form(t.Elem())
		return object{{"anyOf", []any{object{{"type", "array"}, {"items", entry}}, entry}}}
	}
	entry, isTable := entryOf(t)
	if !isTable {
		return w.block(t)
	}
	table := object{{"type", "object"}, {"minProperties", 1}, {"additionalProperties", w.form(entry)}}
	if isBlock(entry) {
		table = append(table, member{"propertyNames", object{{"type", "string"}, {"pattern", syntax.NamePattern.String()}}})
	}
	return table
}

// entryOf returns the type of a table's entries; false for what is no table.
func entryOf(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() != reflect.Struct {
		return nil, false
	}
	entries, ok := t.FieldByName("Entries")
	if !ok {
		return nil, false
	}
	value, _ := entries.Type.Elem().FieldByName("Value")
	return value.Type, true
}

// isBlock reports whether a syntax type is a table of fixed keys.
func isBlock(t reflect.Type) bool { return t.Kind() == reflect.Struct && len(syntax.Keys(t)) > 0 }
