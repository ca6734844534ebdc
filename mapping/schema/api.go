package schema

import (
	"maps"
	"reflect"
	"slices"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// api are the definitions of what the API has: its operations, what each takes
// where it is called, and the paths in the records that it lists.
func (w *schemaWriter) api() object {
	names := w.env.Operations.Names()
	var about []string
	var calls, records []any
	var callDefs, recordDefs object
	for _, name := range names {
		op := w.env.Operations[name]
		about = append(about, op.Summary)
		calls = append(calls, object{{"if", operationIs(name)}, {"then", ref("call." + name)}})
		callDefs = append(callDefs, member{"call." + name, w.call(op)})
		for _, list := range recordLists(op.Reply) {
			listed := object{{"list", operationIs(name, member{"records", object{{"const", list.path}}})}}
			records = append(records, object{{"if", object{{"properties", listed}, {"required", []string{"list"}}}}, {"then", ref("record." + list.entry.Name())}})
			recordDefs = append(recordDefs, recordDef(recordDefs, list.entry)...)
		}
	}
	operation := object{{"enum", names}, {"enumDescriptions", about}}
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
	return object{{name, ofRecords(reflect.TypeFor[syntax.ResourceType](), paths)}, {paths, proposals(fieldPaths(record))}}
}

func operationIs(name string, more ...member) object {
	required := []string{operationKey}
	for _, m := range more {
		required = append(required, m.name)
	}
	return object{{"properties", append(object{{operationKey, object{{"const", name}}}}, more...)}, {"required", required}}
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
	if len(cursors) > 0 {
		number := object{{"enum", append([]string{}, numbers...)}}
		properties = append(properties, member{"pages", object{{"properties", object{
			{"limit", number}, {"offset", number}, {"page", number}, {"cursor", object{{"enum", cursors}}},
		}}}})
	}
	if lists := recordLists(op.Reply); len(lists) > 0 {
		var paths []string
		for _, list := range lists {
			paths = append(paths, list.path)
		}
		properties = append(properties, member{"records", proposals(paths)})
	}
	return object{{"properties", properties}}
}

// filled is the schema of a request field that is filled from references: of one with
// fields, what they are. inside are the types that it is in.
func filled(t reflect.Type, inside []reflect.Type) object {
	t = apitype.Deref(t)
	switch {
	case apitype.KindOf(t) == apitype.KindList:
		if entry := filled(t.Elem(), inside); entry != nil {
			return object{{"items", entry}}
		}
	case apitype.KindOf(t) == apitype.KindObject && !slices.Contains(inside, t):
		properties := object{}
		for _, f := range apitype.FieldsOf(t) {
			properties = append(properties, member{f.Name, append(filled(f.Type, append(slices.Clone(inside), t)), member{"description", apitype.Describe(f.Type)})})
		}
		return closed(properties)
	}
	return nil
}

// proposals are values that an editor proposes among others.
func proposals(values []string) object {
	snippets := make([]any, len(values))
	for i, value := range values {
		snippets[i] = object{{"label", value}, {"body", value}}
	}
	return object{{"defaultSnippets", snippets}}
}

func closed(properties object) object {
	return object{{"properties", properties}, {"additionalProperties", false}}
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
		return append(object{{"type", "object"}}, closed(properties)...)
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
		_, isTable := entryOf(k.Type)
		switch {
		case k.OfRecord && (isTable || k.Type == reflect.TypeFor[syntax.PartValues]()):
			properties = append(properties, member{k.Name, object{{"additionalProperties", ref(def)}}})
		case k.OfRecord:
			properties = append(properties, member{k.Name, ref(def)})
		case k.Type.Kind() == reflect.Slice:
			if inner := ofRecords(k.Type.Elem(), def); inner != nil {
				properties = append(properties, member{k.Name, object{{"items", inner}}})
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
	return object{{"properties", properties}}
}

// recordList is a list of objects in a reply.
type recordList struct {
	path  string
	entry reflect.Type
}

// recordLists returns the lists of objects in a reply that are in no other list.
func recordLists(reply reflect.Type) []recordList { return recordListsIn(reply, "", nil) }

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
