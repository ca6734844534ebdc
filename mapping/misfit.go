package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
)

// CheckReply returns an error when the mapping reads one of the values of a
// reply that do not fit, and nil when it reads none of them: what is not read
// may be anything. The error names the record and the field.
func (p *Plan) CheckReply(op *api.Operation, reply any, misfits []api.Misfit) error {
	read := p.readOf(op)
	for _, m := range misfits {
		path, wanted := fieldOf(op.Reply, m.Path)
		for _, part := range read {
			if part.reads(path) {
				return &api.ReplyError{Reason: part.describe(m, path, wanted, reflect.ValueOf(reply)), Misfits: []api.Misfit{m}}
			}
		}
	}
	return nil
}

// readPart is a part of a reply that the mapping reads.
type readPart struct {
	// prefix is the path to the part, and at what leads there.
	prefix []string
	at     access
	// list reports that the part is a list of records.
	list bool
	// of is the type that a record is of, nil when it has no id of its own.
	of *ResourceType
	// paths are what is read of a record; none when the part is the value itself.
	paths []string
}

// readOf returns what the mapping reads of the replies of an operation.
func (p *Plan) readOf(op *api.Operation) []readPart {
	var all []readPart
	add := func(used *api.Operation, at access, list bool, of *ResourceType, read []reading) {
		if used != op {
			return
		}
		part := readPart{prefix: namesOf(op.Reply, at), at: at, list: list, of: of}
		for _, r := range read {
			part.paths = append(part.paths, r.path)
		}
		all = append(all, part)
	}
	addList := func(l *List, of *ResourceType, read []reading) {
		if l.Pages != nil {
			for _, at := range []access{l.Pages.next, l.Pages.total} {
				if at != nil {
					add(l.Operation, at, false, nil, nil)
				}
			}
		}
		add(l.Operation, l.records, true, of, read)
	}
	for _, t := range p.Types {
		addList(t.List, t, p.readings(t))
		if t.Get != nil {
			add(t.Get.Operation, t.Get.record, false, t, p.readings(t))
		}
		for _, a := range t.Actions {
			for _, call := range a.Calls {
				if call.record != nil {
					add(call.Operation, call.record, false, t, p.readings(t))
				}
			}
		}
		if t.Account != nil {
			if t.Account.created != nil {
				add(t.Account.Credentials[0].Create.Operation, t.Account.created, false, nil, nil)
			}
			for _, call := range t.Account.calls() {
				if call.record != nil {
					add(call.Operation, call.record, false, t, p.readings(t))
				}
			}
		}
		for _, e := range t.Entitlements {
			if e.Holders != nil {
				addList(e.Holders.List, nil, e.Holders.principal.readings("holders"))
			}
			for _, write := range []*Provision{e.Grant, e.Revoke} {
				if write != nil && write.record != nil {
					holder := e.GrantableTo[0]
					add(write.Operation, write.record, false, holder, p.readings(holder))
				}
			}
		}
	}
	return all
}

// namesOf returns the names of the fields that an access leads through.
func namesOf(t reflect.Type, a access) []string {
	var names []string
	for _, h := range a {
		t = apitype.Deref(t)
		if h.index == nil {
			return append(names, h.key) // What is in a free-form field has no type.
		}
		i := slices.IndexFunc(apitype.FieldsOf(t), func(f apitype.Field) bool { return slices.Equal(f.Index, h.index) })
		f := apitype.FieldsOf(t)[i]
		names, t = append(names, f.Name), f.Type
	}
	return names
}

// fieldOf returns the path of a field in a reply, without the indexes of
// entries, and what the API document says it is.
func fieldOf(t reflect.Type, place []string) (path []string, wanted string) {
	for _, token := range place {
		switch t = apitype.Deref(t); apitype.KindOf(t) {
		case apitype.KindList:
			t = t.Elem()
			continue
		case apitype.KindMap:
			t = t.Elem()
		default:
			if f, ok := apitype.Find(apitype.FieldsOf(t), token); ok {
				t = f.Type
			}
		}
		path = append(path, token)
	}
	return path, apitype.Describe(t)
}

// reads reports whether what is at a path in the reply is read, or leads to
// what is, or is inside it.
func (r *readPart) reads(path []string) bool {
	at := strings.Join(path, ".")
	prefix := strings.Join(r.prefix, ".")
	if at == "" || within(prefix, at) {
		return true
	}
	if prefix != "" && !within(at, prefix) {
		return false
	}
	inside := strings.Join(path[len(r.prefix):], ".")
	return slices.ContainsFunc(r.paths, func(read string) bool { return within(read, inside) || within(inside, read) })
}

// describe says which field of which record does not fit.
func (r *readPart) describe(m api.Misfit, path []string, wanted string, reply reflect.Value) string {
	if m.Found == wanted {
		wanted = "one that fits: it is too large, or has a fraction"
	}
	if len(path) <= len(r.prefix) {
		return fmt.Sprintf("%s, not %s", m, wanted)
	}
	return fmt.Sprintf("%s of %s is %s, not %s", strings.Join(path[len(r.prefix):], "."), r.name(m, reply), m.Found, wanted)
}

// name names the record that a misfit is in.
func (r *readPart) name(m api.Misfit, reply reflect.Value) string {
	record, name := r.at.get(reply), "the record"
	if r.list {
		i, err := strconv.Atoi(m.Path[len(r.prefix)])
		if err != nil || i >= entryCount(record) {
			return name
		}
		record, name = indirect(record.Index(i)), fmt.Sprintf("record %d", i+1)
	}
	if r.of == nil {
		return name
	}
	id, err := r.of.IDOf(Record{record})
	if err != nil {
		return name
	}
	return fmt.Sprintf("%s %q", r.of.ID, id)
}
