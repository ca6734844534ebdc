package mapping

import (
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// compileIgnored checks what is ignored on purpose: it has to be there, and
// nothing may read it.
func (c *compiler) compileIgnored(t *typeBuilder) {
	if t.record != nil {
		t.ignored = c.compileIgnoredPaths(t.scope, t.doc.Ignored, c.plan.readings(t.ResourceType))
	}
}

// compileIgnoredPaths returns the paths of a table of what is ignored. readings are what
// is read of the same records.
func (c *compiler) compileIgnoredPaths(s scope, doc syntax.Table[syntax.Text], readings []reading) []string {
	var ignored []string
	for _, e := range doc.Entries {
		p, mistake := compilePath(e.Key.Value, s.record, s.name)
		if mistake != nil {
			c.wrongPath(e.Key.At(mistake.offset), mistake)
			continue
		}
		for _, read := range readings {
			if read.key != derivedKey && within(read.path, p.written) {
				c.ignoredIsRead(e.Key.Pos, p.written, read.key)
				break
			}
		}
		ignored = append(ignored, p.written)
	}
	return ignored
}

// unreadBeside warns of what stands beside an id in an entry that says who holds what,
// may limit it, and is not read: an enum, a truth value, a type.
func (w *warner) unreadBeside(doc *syntax.ResourceType, t *ResourceType) {
	known := w.known(t.record)
	warned := map[string]bool{}
	for i, rule := range t.Grants {
		for _, path := range rule.on.beside(t.record, known) {
			if !warned[path] {
				w.besideNotRead(doc.Grants[i].Entitlement.Pos, path, rule.Entitlement.Name())
			}
			warned[path] = true
		}
		if path, part := rule.partBeside(t); path != "" && !isKnown(path, t.ignored) {
			w.partNotRead(doc.Grants[i].On.Pos, path, part, rule.Entitlement.On.ID)
		}
	}
	for i, e := range t.Entitlements {
		if e.Holders == nil || e.Holders.record == e.Holders.Of.record {
			continue // The records are the holders' own: what is in them is of nobody's access.
		}
		read := slices.Clone(e.Holders.ignored)
		for _, r := range e.Holders.principal.readings("") {
			read = append(read, r.path)
		}
		for _, path := range limiting(e.Holders.record, "", read) {
			w.besideNotRead(doc.Entitlements.Entries[i].Value.Holders.Pos, path, e.Name())
		}
	}
}

// partBeside returns a path beside what a rule reads that is called as a part of the id
// which the rule leaves empty, and the part; "" for none.
func (g *GrantRule) partBeside(t *ResourceType) (path, part string) {
	parent, _, inside := cutLast(g.on.parts[len(g.on.parts)-1].written)
	entry, prefix := t.record, ""
	if inside {
		p, mistake := compilePath(parent, t.record, "")
		if mistake != nil || apitype.KindOf(p.typ) != apitype.KindObject {
			return "", ""
		}
		entry, prefix = apitype.Deref(p.typ), parent+"."
	}
	for i, bound := range g.on.parts {
		name := g.Entitlement.On.Parts[i]
		if _, found := apitype.Find(apitype.FieldsOf(entry), name); found && !bound.bound {
			return prefix + name, name
		}
	}
	return "", ""
}

// beside returns the paths in a record, beside those of a binding and in the same entry,
// that may limit what is held and are not known.
func (b *binding) beside(record reflect.Type, known []string) []string {
	var found []string
	for _, part := range b.parts {
		p, mistake := compilePath(part.written, record, "")
		if !part.bound || mistake != nil {
			continue
		}
		if parent, name, ok := cutLast(part.written); part.level == 0 || p.listNames[len(p.listNames)-1] == p.written {
			// The id is a field of the record, or the entries are ids: a field of the
			// same name says of what kind they are.
			if !ok {
				name = part.written
			}
			found = append(found, typeOf(record, parent, name, known)...)
			continue
		}
		list := p.listNames[len(p.listNames)-1]
		entry, _ := compilePath(list, record, "")
		found = append(found, limiting(entry.typ, list+".", known)...)
	}
	return found
}

func cutLast(path string) (parent, name string, ok bool) {
	i := strings.LastIndexByte(path, '.')
	if i < 0 {
		return "", path, false
	}
	return path[:i], path[i+1:], true
}

// limiting returns the fields of an entry that may limit what it says and are not known.
func limiting(entry reflect.Type, prefix string, known []string) []string {
	var found []string
	if apitype.KindOf(entry) != apitype.KindObject {
		return nil
	}
	for _, f := range apitype.FieldsOf(apitype.Deref(entry)) {
		limits := apitype.EnumValues(f.Type) != nil || apitype.KindOf(f.Type) == apitype.KindBool || isType(f)
		if path := prefix + f.Name; limits && !isKnown(path, known) {
			found = append(found, path)
		}
	}
	return found
}

func isType(f apitype.Field) bool {
	return apitype.KindOf(f.Type) == apitype.KindText && strings.HasSuffix(plainName(f.Name), "type")
}

// typeOf returns the field with the type of the id in another: owner_type for
// owner_id, member_type for member_ids.
func typeOf(record reflect.Type, parent, id string, known []string) []string {
	prefix := ""
	if parent != "" {
		p, mistake := compilePath(parent, record, "")
		if mistake != nil || apitype.KindOf(p.typ) != apitype.KindObject {
			return nil
		}
		record, prefix = apitype.Deref(p.typ), parent+"."
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(plainName(id), "s"), "id")
	for _, f := range apitype.FieldsOf(record) {
		if isType(f) && stem != "" && plainName(f.Name) == stem+"type" && !isKnown(prefix+f.Name, known) {
			return []string{prefix + f.Name}
		}
	}
	return nil
}

// plainName is a field's name in small letters and without separators.
func plainName(field string) string { return separators.Replace(strings.ToLower(field)) }

// isKnown reports whether a path, or what leads to it, or what is in it, is in a list.
func isKnown(path string, known []string) bool {
	return slices.ContainsFunc(known, func(k string) bool { return within(k, path) || within(path, k) })
}

// known are the paths in records of a Go type that a type of the mapping reads as
// access, or ignores with a reason.
func (w *warner) known(record reflect.Type) []string {
	var known []string
	for _, t := range w.plan.Types {
		if t.record != record {
			continue
		}
		known = append(known, t.ignored...)
		for _, r := range w.plan.readings(t) {
			if r.key != derivedKey {
				known = append(known, r.path)
			}
		}
	}
	return known
}
