package mapping

import (
	"reflect"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// compileCall compiles a call at a place; nil without a known operation.
func (c *compiler) compileCall(p place, doc *syntax.Call) *Call {
	call, b := c.startCall(p, doc)
	if call == nil {
		return nil
	}
	b.end()
	if doc.Record.Given() || p.needsRecord && !doc.Broken {
		for _, t := range p.recordOf {
			call.record = c.compileRecord(p.key, call.Operation, doc.Record, doc.Pos, t)
		}
	}
	return call
}

// startCall compiles what a call sends. The builder takes further fields; then it has
// to check that all required ones are given.
func (c *compiler) startCall(p place, doc *syntax.Call) (*Call, *requestBuilder) {
	op := c.operation(doc.Operation)
	if op == nil {
		return nil, nil
	}
	c.current.uses = withUse(c.current.uses, Use{p.key, op})
	b := c.newRequest(p, op, doc)
	call := &Call{Operation: op}
	call.fixed = c.compileRequest(b, doc.Request)
	call.with = b.arguments(&b.fieldSet, doc.With)
	return call, b
}

// arguments compiles the fields of a table.
func (b *requestBuilder) arguments(set *fieldSet, written syntax.Table[syntax.Argument]) []field {
	var fields []field
	set.unsure = set.unsure || written.Broken
	for _, e := range written.Entries {
		into := target{name: e.Key}
		to, ok := b.field(set, e.Key)
		if ok {
			into.typ = apitype.Deref(to.Type)
		}
		if a, fits := b.argument(e.Value, into); ok && fits {
			fields = append(fields, field{name: to.Name, index: to.Index, required: to.Required || b.place.complete, argument: a})
		}
	}
	return fields
}

// argument compiles the value of a field; false when it, or the field, is wrong.
func (b *requestBuilder) argument(written syntax.Argument, into target) (argument, bool) {
	switch {
	case written.IsList:
		return b.list(written, into)
	case written.Fields.Given():
		return b.table(written, into)
	case written.Reference.Value == "":
		return argument{}, false
	}
	if into.typ != nil && into.kind() == apitype.KindObject {
		b.tableWanted(written.Pos, into.name.Value)
		into.typ = nil
	}
	ref, ok := b.reference(written.Reference, into)
	return argument{typ: into.typ, ref: ref}, ok
}

func (b *requestBuilder) list(written syntax.Argument, into target) (argument, bool) {
	a, entry := argument{isList: true}, target{name: into.name}
	switch {
	case into.typ == nil:
	case into.kind() == apitype.KindAny:
		a.typ, entry.typ = reflect.TypeFor[[]any](), reflect.TypeFor[any]()
	case into.typ.Kind() == reflect.Slice && into.kind() == apitype.KindList:
		a.typ, entry.typ = into.typ, apitype.Deref(into.typ.Elem())
	default:
		b.oneValueWanted(written.Pos, into.name.Value)
	}
	ok := a.typ != nil
	for _, w := range written.List {
		compiled, fits := b.argument(w, entry)
		a.list, ok = append(a.list, compiled), ok && fits
	}
	return a, ok
}

func (b *requestBuilder) table(written syntax.Argument, into target) (argument, bool) {
	a := argument{typ: into.typ}
	set := &fieldSet{}
	switch {
	case into.typ == nil:
	case into.kind() == apitype.KindObject:
		set = newFieldSet(apitype.FieldsOf(into.typ), into.name.Value)
	case into.kind() == apitype.KindAny:
		a.typ, set.element = reflect.TypeFor[map[string]any](), reflect.TypeFor[any]()
	case into.kind() == apitype.KindMap:
		set.element = into.typ.Elem()
	case into.kind() == apitype.KindList && apitype.KindOf(into.typ.Elem()) == apitype.KindObject:
		b.listWanted(written.Pos, into.name.Value, []string{"{...}"})
		a.typ = nil
	default:
		b.noTable(written.Pos, into.name.Value, into.typ)
		a.typ = nil
	}
	a.fields = b.arguments(set, written.Fields)
	b.checkRequired(set, written.Pos, "with")
	return a, a.typ != nil && len(a.fields) == len(written.Fields.Entries)
}

// reference compiles `a or b`; each is a head and what is behind it.
func (b *requestBuilder) reference(t syntax.Text, into target) (reference, bool) {
	if strings.ContainsAny(t.Value, "{}[]") {
		b.templateNotAllowed(t)
		return nil, false
	}
	var all alternatives
	right, offset := true, 0
	for written := range strings.SplitSeq(t.Value, alternativeSeparator) {
		start := offset + len(written) - len(strings.TrimLeft(written, " "))
		ref, ok := b.oneReference(t, start, strings.TrimSpace(written), into)
		all, right = append(all, ref), right && ok
		offset += len(written) + len(alternativeSeparator)
	}
	if len(all) == 1 {
		return all[0], right
	}
	return all, right
}

func (b *requestBuilder) oneReference(t syntax.Text, offset int, written string, into target) (reference, bool) {
	ref := writtenReference{text: t, offset: offset, whole: written, rest: written}
	if rest, ok := strings.CutPrefix(written, firstPrefix); ok {
		ref.first, ref.rest = true, strings.TrimLeft(rest, " ")
	}
	name, rest, dotted := strings.Cut(ref.rest, ".")
	compile, ok := b.place.heads[name]
	switch {
	case ok && ref.first && name != headRecord:
		b.firstNotHere(t.At(offset))
		return nil, false
	case ok && dotted == (name != headPassword):
		ref.rest = rest
	case b.place.heads[headNone] != nil:
		compile, ref.rest = b.place.heads[headNone], written
	default:
		b.noHead(t.At(offset), written, name, sortedKeys(b.place.heads))
		return nil, false
	}
	return compile(b.compiler, ref, into)
}

// requestBuilder is a request of an operation that is being compiled, with the fields
// that are given so far.
type requestBuilder struct {
	*compiler
	fieldSet
	place place
	op    *api.Operation
	doc   *syntax.Call
}

// fieldSet are the fields of an object that is being compiled.
type fieldSet struct {
	fields []apitype.Field
	given  map[string]bool
	// object names the object in messages; it is empty for the request itself.
	object string
	// unsure reports that a field was given whose name is not known.
	unsure bool
	// element is the type of every field of a free-form object. An object without it and
	// without given is not known: nothing is said of its fields.
	element reflect.Type
}

func newFieldSet(fields []apitype.Field, object string) *fieldSet {
	return &fieldSet{fields: fields, given: map[string]bool{}, object: object}
}

// newRequest returns the builder of a call's request; end has to be called in the end.
func (c *compiler) newRequest(p place, op *api.Operation, doc *syntax.Call) *requestBuilder {
	b := &requestBuilder{compiler: c, place: p, op: op, doc: doc, fieldSet: *newFieldSet(apitype.RequestFields(op), "")}
	b.unsure = doc.Broken || doc.With.Broken
	return b
}

// field returns the field of that name. It reports one that is not there or given before.
func (b *requestBuilder) field(set *fieldSet, name syntax.Text) (apitype.Field, bool) {
	switch {
	case name.Value == "":
		set.unsure = set.unsure || name.Given()
		return apitype.Field{}, false
	case set.element != nil:
		return apitype.Field{Name: name.Value, Type: set.element}, true
	case set.given == nil:
		return apitype.Field{}, false
	}
	found, ok := apitype.Find(set.fields, name.Value)
	if !ok {
		names := apitype.Names(set.fields)
		if set.object == "" {
			b.noRequestField(name.Pos, b.op.Name, name.Value, names)
		} else {
			b.noSuchField(name.Pos, set.object, name.Value, names)
		}
		meant := spelling.Nearest(name.Value, names)
		set.given[meant] = true
		set.unsure = set.unsure || meant == ""
		return apitype.Field{}, false
	}
	if set.given[name.Value] {
		b.requestFieldTwice(name.Pos, b.op.Name, name.Value)
		return apitype.Field{}, false
	}
	set.given[name.Value] = true
	return found, true
}

// end reports the required fields of the request that nothing gives.
func (b *requestBuilder) end() {
	switch {
	case b.doc.With.Given():
		b.checkRequired(&b.fieldSet, b.doc.With.Pos, "with")
	case len(b.place.heads) > 0:
		b.checkRequired(&b.fieldSet, b.doc.Pos, "with")
	default:
		b.checkRequired(&b.fieldSet, b.doc.Pos, "request")
	}
}

// checkRequired reports the required fields of an object that nothing gives; key is
// where they would be.
func (b *requestBuilder) checkRequired(set *fieldSet, where syntax.Pos, key string) {
	for _, required := range set.fields {
		if required.Required && !set.given[required.Name] && !set.unsure {
			b.requestFieldMissing(where, b.op.Name, strings.TrimPrefix(set.object+"."+required.Name, "."), key)
		}
	}
}
