package schema

import (
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// api are the definitions of what the API has: its operations, what each takes
// where it is called, and the paths in the records that it lists.
func (w *schemaWriter) api() object {
	names := w.env.Operations.Names()
	var calls, records []any
	var callDefs, recordDefs object
	for _, name := range names {
		op := w.env.Operations[name]
		calls = append(calls, object{{"if", operationIs(name)}, {"then", ref("call." + name)}})
		callDefs = append(callDefs, member{"call." + name, w.call(op)})
		for _, list := range recordLists(op.Reply) {
			listed := operationIs(name)
			if list.path != "" {
				listed = operationIs(name, member{"records", object{{"const", list.path}}})
			}
			lists := object{{"type", "object"}, {"properties", object{{"list", listed}}}, {"required", []string{"list"}}}
			records = append(records, object{{"if", lists}, {"then", ref("record." + list.entry.Name())}})
			recordDefs = append(recordDefs, recordDef(recordDefs, list.entry)...)
		}
	}
	operation := object{{"enum", names}}
	return append(append(object{{operationKey, operation}, {callsDef, object{{"allOf", calls}}}, {"record", object{{"allOf", records}}}}, callDefs...), recordDefs...)
}

// recordDef defines what a resource type can say of records of a type, unless
// it is defined.
func recordDef(defined object, record reflect.Type) object {
	name := "record." + record.Name()
	if slices.ContainsFunc(defined, func(m member) bool { return m.name == name }) {
		return nil
	}
	paths := "paths." + record.Name()
	return object{{name, ofRecords(reflect.TypeFor[syntax.ResourceType](), paths)}, {paths, expression(record)}}
}

func operationIs(name string, more ...member) object {
	required := []string{operationKey}
	for _, m := range more {
		required = append(required, m.name)
	}
	return object{{"type", "object"}, {"properties", append(object{{operationKey, object{{"const", name}}}}, more...)}, {"required", required}}
}

// call is what a block that calls an operation can say.
func (w *schemaWriter) call(op *api.Operation) object {
	with, request := object{}, object{}
	var numbers, cursors []string
	for _, f := range apitype.RequestFields(op) {
		about := apitype.Describe(f.Type)
		if f.Required {
			about += ", required"
		}
		with = append(with, member{f.Name, append(filled(f.Type, nil), member{"description", about})})
		if !f.Secret {
			request = append(request, member{f.Name, append(w.fixed(f.Type), member{"description", about})})
		}
		if apitype.KindOf(f.Type) == apitype.KindNumber {
			numbers = append(numbers, f.Name)
		}
		if apitype.KindOf(f.Type) == apitype.KindNumber || apitype.KindOf(f.Type) == apitype.KindText {
			cursors = append(cursors, f.Name)
		}
	}
	properties := object{{"with", closed(with)}, {"request", closed(request)}}
	number := oneOf(numbers)
	properties = append(properties, member{"pages", object{{"type", "object"}, {"properties", object{
		{"limit", number}, {"offset", number}, {"page", number}, {"cursor", oneOf(cursors)},
	}}}})
	var paths []string
	for _, list := range recordLists(op.Reply) {
		if list.path != "" {
			paths = append(paths, list.path)
		}
	}
	properties = append(properties, member{"records", oneOf(paths)})
	return object{{"type", "object"}, {"properties", properties}}
}

// filled is the schema of a request field that is filled from references: a reference,
// or what a list or an object of such holds. inside are the types that it is in.
func filled(t reflect.Type, inside []reflect.Type) object {
	t = apitype.Deref(t)
	switch {
	case apitype.KindOf(t) == apitype.KindList:
		return anyOf(ref("text"), object{{"type", "array"}, {"items", filled(t.Elem(), inside)}, {"minItems", 1}})
	case apitype.KindOf(t) == apitype.KindObject && !slices.Contains(inside, t):
		properties := object{}
		for _, f := range apitype.FieldsOf(t) {
			properties = append(properties, member{f.Name, append(filled(f.Type, append(slices.Clone(inside), t)), member{"description", apitype.Describe(f.Type)})})
		}
		return anyOf(ref("text"), closed(properties))
	}
	return ref("argument")
}

// oneOf is the schema of one of some values; of none, nothing fits.
func oneOf(values []string) any {
	if len(values) == 0 {
		return false
	}
	return object{{"enum", values}}
}

func closed(properties object) object {
	return object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}
}

// expression is the schema of a path in records of a type, of alternatives, and of a text
// with these in braces. The fields are examples, which editors propose.
func expression(record reflect.Type) object {
	fields := fieldPaths(record)
	paths := make([]string, len(fields))
	for i, path := range fields {
		paths[i] = regexp.QuoteMeta(path)
		if isOpen(record, path) {
			paths[i] += `(\.([^ ."'{}]+|"[^"]+"|'[^']+'))*`
		}
	}
	path := `(first +)?((` + strings.Join(paths, "|") + `)|parent\.[^ {}]+)`
	either := ` *` + path + `( +or +` + path + `)* *`
	piece := `([^{}]|\{` + either + `\})*`
	return object{{"type", "string"}, {"pattern", `^(` + either + `|` + piece + `\{` + either + `\}` + piece + `)$`}, {"examples", fields}}
}

// fixed is the schema of a fixed value of a request field.
func (w *schemaWriter) fixed(t reflect.Type) object {
	t = apitype.Deref(t)
	if values := apitype.EnumValues(t); values != nil {
		var enum []any
		for _, value := range values {
			enum = append(enum, value)
		}
		return object{{"enum", append(enum, w.options(t)...)}}
	}
	switch apitype.KindOf(t) {
	case apitype.KindText, apitype.KindTime:
		return object{{"type", "string"}}
	case apitype.KindNumber:
		return object{{"type", "number"}}
	case apitype.KindBool:
		return object{{"enum", append([]any{true, false}, w.options(t)...)}}
	case apitype.KindList:
		list := object{{"type", "array"}, {"items", w.fixed(t.Elem())}}
		if options := w.options(t); options != nil {
			return object{{"anyOf", []any{list, object{{"enum", options}}}}}
		}
		return list
	case apitype.KindObject:
		properties := object{}
		for _, f := range apitype.FieldsOf(t) {
			properties = append(properties, member{f.Name, w.fixed(f.Type)})
		}
		return closed(properties)
	case apitype.KindMap, apitype.KindAny:
	}
	return object{}
}

// options returns the connector's options that a value of type t can be.
func (w *schemaWriter) options(t reflect.Type) []any {
	var all []any
	for _, name := range slices.Sorted(maps.Keys(w.env.Options)) {
		if apitype.TakesOption(t, w.env.Options[name]) {
			all = append(all, syntax.OptionPrefix+name)
		}
	}
	return all
}

// ofRecords is what the keys of a block that hold paths in a record have as examples.
func ofRecords(block reflect.Type, def string) object {
	properties := object{}
	for _, k := range syntax.Keys(block) {
		switch {
		case k.Name == "ignored" && block == reflect.TypeFor[syntax.ResourceType]():
			properties = append(properties, member{k.Name, object{{"type", "object"}, {"propertyNames", ref(def)}}})
		case k.OfRecord:
			properties = append(properties, member{k.Name, pathsIn(k.Type, def)})
		case k.Type.Kind() == reflect.Slice:
			if inner := ofRecords(k.Type.Elem(), def); inner != nil {
				properties = append(properties, member{k.Name, anyOf(object{{"type", "array"}, {"items", inner}}, inner)})
			}
		case isTableOfBlocks(k.Type):
			entry, _ := entryOf(k.Type)
			if inner := ofRecords(entry, def); inner != nil {
				properties = append(properties, member{k.Name, object{{"type", "object"}, {"additionalProperties", inner}}})
			}
		case isBlock(k.Type):
			if inner := ofRecords(k.Type, def); inner != nil {
				properties = append(properties, member{k.Name, inner})
			}
		}
	}
	if len(properties) == 0 {
		return nil
	}
	return object{{"type", "object"}, {"properties", properties}}
}

func isTableOfBlocks(t reflect.Type) bool {
	entry, isTable := entryOf(t)
	return isTable && isBlock(entry)
}

// pathsIn is the schema of a syntax type whose texts are paths.
func pathsIn(t reflect.Type, def string) object {
	if entry, isTable := entryOf(t); isTable {
		return object{{"type", "object"}, {"additionalProperties", pathsIn(entry, def)}}
	}
	switch t {
	case reflect.TypeFor[syntax.PartValues]():
		return anyOf(ref(def), object{{"type", "object"}, {"additionalProperties", ref(def)}})
	case reflect.TypeFor[syntax.Words]():
		return oneOrMore(ref(def))
	}
	return ref(def)
}

// recordList is a list of objects in a reply; the reply itself has no path.
type recordList struct {
	path  string
	entry reflect.Type
}

// recordLists returns the lists of objects in a reply that are in no other list.
func recordLists(reply reflect.Type) []recordList {
	if reply = apitype.Deref(reply); apitype.KindOf(reply) == apitype.KindList {
		if entry := apitype.Deref(reply.Elem()); apitype.KindOf(entry) == apitype.KindObject {
			return []recordList{{"", entry}}
		}
		return nil
	}
	return recordListsIn(reply, "", nil)
}

func recordListsIn(object reflect.Type, prefix string, inside []reflect.Type) []recordList {
	object = apitype.Deref(object)
	if apitype.KindOf(object) != apitype.KindObject || slices.Contains(inside, object) {
		return nil
	}
	inside = append(slices.Clone(inside), object)
	var lists []recordList
	for _, f := range apitype.FieldsOf(object) {
		if typ := apitype.Deref(f.Type); apitype.KindOf(typ) != apitype.KindList {
			lists = append(lists, recordListsIn(typ, prefix+f.Name+".", inside)...)
		} else if entry := apitype.Deref(typ.Elem()); apitype.KindOf(entry) == apitype.KindObject {
			lists = append(lists, recordList{prefix + f.Name, entry})
		}
	}
	return lists
}

// isOpen reports whether what is at a path of a record has fields that the API document
// does not name, or that the list of paths ends before.
func isOpen(record reflect.Type, path string) bool {
	t, inside := record, []reflect.Type{}
	for _, name := range strings.Split(path, ".") {
		t = entryType(t)
		inside = append(inside, t)
		f, _ := apitype.Find(apitype.FieldsOf(t), name)
		t = f.Type
	}
	t = entryType(t)
	kind := apitype.KindOf(t)
	return kind == apitype.KindMap || kind == apitype.KindAny || kind == apitype.KindObject && slices.Contains(inside, t)
}

// entryType is the type of a value, or of an entry of the list that it is.
func entryType(t reflect.Type) reflect.Type {
	for t = apitype.Deref(t); apitype.KindOf(t) == apitype.KindList; t = apitype.Deref(t) {
		t = t.Elem()
	}
	return t
}

// fieldPaths returns the paths of the fields of an object, and of those inside them.
func fieldPaths(t reflect.Type) []string { return fieldPathsIn(t, "", nil) }

func fieldPathsIn(t reflect.Type, prefix string, inside []reflect.Type) []string {
	for t = apitype.Deref(t); prefix != "" && apitype.KindOf(t) == apitype.KindList; t = apitype.Deref(t) {
		t = t.Elem()
	}
	if apitype.KindOf(t) != apitype.KindObject || slices.Contains(inside, t) {
		return nil
	}
	inside = append(slices.Clone(inside), t)
	var paths []string
	for _, f := range apitype.FieldsOf(t) {
		if f.Secret {
			continue
		}
		paths = append(paths, prefix+f.Name)
		paths = append(paths, fieldPathsIn(f.Type, prefix+f.Name+".", inside)...)
	}
	return paths
}
