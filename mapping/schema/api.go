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
	return append(append(object{{operationKey, operation}, {"call", object{{"allOf", calls}}}, {"record", object{{"allOf", records}}}}, callDefs...), recordDefs...)
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
		if apitype.TakesID(f.Type) {
			with = append(with, member{f.Name, object{{"description", about}}})
		}
		request = append(request, member{f.Name, append(w.fixed(f.Type), member{"description", about})})
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
		return object{{"enum", values}}
	}
	switch apitype.KindOf(t) {
	case apitype.KindText, apitype.KindTime:
		return object{{"type", "string"}}
	case apitype.KindNumber:
		return object{{"type", "number"}}
	case apitype.KindBool:
		values := []any{true, false}
		for _, name := range slices.Sorted(maps.Keys(w.env.Options)) {
			values = append(values, syntax.OptionPrefix+name)
		}
		return object{{"enum", values}}
	case apitype.KindList:
		return object{{"type", "array"}, {"items", w.fixed(t.Elem())}}
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

// ofRecords is what the keys of a block that hold paths in a record have as examples.
func ofRecords(block reflect.Type, def string) object {
	properties := object{}
	for _, k := range keysOf(block) {
		_, isTable := entryOf(k.typ)
		switch {
		case k.ofRecord && (isTable || k.typ == reflect.TypeFor[syntax.PartValues]()):
			properties = append(properties, member{k.name, object{{"additionalProperties", ref(def)}}})
		case k.ofRecord:
			properties = append(properties, member{k.name, ref(def)})
		case k.typ.Kind() == reflect.Slice:
			if inner := ofRecords(k.typ.Elem(), def); inner != nil {
				properties = append(properties, member{k.name, object{{"items", inner}}})
			}
		case isBlock(k.typ):
			if inner := ofRecords(k.typ, def); inner != nil {
				properties = append(properties, member{k.name, inner})
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
		paths = append(paths, prefix+f.Name)
		paths = append(paths, fieldPathsIn(f.Type, prefix+f.Name+".", inside)...)
	}
	return paths
}
