package mapping

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// binding yields ids from a record: for each part of the id a path. Paths
// through the same lists stay together entry by entry; a path to a longer
// list multiplies the entry it is in.
type binding struct {
	lists []access
	parts []boundPart
}

// boundPart is where one part of the id comes from: level 0 is the record,
// level n an entry of the n-th list. A part that is not bound stays empty.
type boundPart struct {
	bound bool
	level int
	leaf  access
	// written is the path, for messages.
	written string
}

// lackingError reports that a record lacks a part of an id that has to
// be there. Without the part it would be the id of something else.
type lackingError struct{ path string }

func (e *lackingError) Error() string { return fmt.Sprintf("an entry lacks %s", e.path) }

// each calls yield with the id of every combination of entries, in order. A
// rule whose last part is a single field without a value yields nothing.
func (b *binding) each(record reflect.Value, yield func(id ID) error) error {
	entries := make([]reflect.Value, 1, len(b.lists)+1)
	entries[0] = record
	return b.descend(entries, yield)
}

func (b *binding) descend(entries []reflect.Value, yield func(ID) error) error {
	level := len(entries) - 1
	if level == len(b.lists) {
		return b.yield(entries, yield)
	}
	list := b.lists[level].get(entries[level])
	for i := range entryCount(list) {
		if err := b.descend(append(entries, list.Index(i)), yield); err != nil {
			return err
		}
	}
	return nil
}

func (b *binding) yield(entries []reflect.Value, yield func(ID) error) error {
	id := make(ID, len(b.parts))
	for i, p := range b.parts {
		if !p.bound {
			continue
		}
		var ok bool
		if id[i], ok = scalarText(p.leaf.get(entries[p.level])); !ok && p.level > 0 {
			return &lackingError{p.written}
		}
	}
	switch gap := id.gap(); {
	case gap == len(id)-1:
		return nil
	case gap >= 0:
		return &lackingError{b.parts[gap].written}
	}
	return yield(id)
}

// conclusive reports whether a record has every list, empty or not, or the one field,
// from which this id would be read. An id with other parts than the binding gives is
// never read from it.
func (b *binding) conclusive(record reflect.Value, id ID) bool {
	for i, p := range b.parts {
		if !p.bound && id[i] != "" || p.bound && p.level > 0 && id[i] == "" {
			return true
		}
	}
	if len(b.lists) == 0 {
		_, ok := scalarText(b.parts[len(b.parts)-1].leaf.get(record))
		return ok
	}
	return listsGiven(b.lists, record)
}

func listsGiven(lists []access, v reflect.Value) bool {
	if len(lists) == 0 {
		return true
	}
	entries := lists[0].get(v)
	if entries.Kind() != reflect.Slice || entries.IsNil() {
		return false
	}
	for i := range entries.Len() {
		if !listsGiven(lists[1:], entries.Index(i)) {
			return false
		}
	}
	return true
}

// partPath is one path of a binding that is being compiled.
type partPath struct {
	written syntax.Text
	path    *path
}

// compileBinding compiles the paths to the parts of the ids of a type. It
// returns nil when one of them is wrong.
func (c *compiler) compileBinding(s scope, values syntax.PartValues, of *ResourceType) *binding {
	paths, ok := c.bindParts(s, values, of)
	if !ok {
		return nil
	}
	var longest *partPath
	for _, p := range paths {
		if p != nil && (longest == nil || len(p.path.lists) > len(longest.path.lists)) {
			longest = p
		}
	}
	b := &binding{lists: longest.path.lists}
	for _, p := range paths {
		if p == nil {
			b.parts = append(b.parts, boundPart{})
			continue
		}
		for level, name := range p.path.listNames {
			if other := longest.path.listNames[level]; name != other {
				c.differentLists(p.written.Pos, name, other)
				return nil
			}
		}
		b.parts = append(b.parts, boundPart{bound: true, level: len(p.path.lists), leaf: p.path.leaf, written: p.written.Value})
	}
	return b
}

// bindParts compiles the paths in the order of the parts; nil for a part that
// is not given.
func (c *compiler) bindParts(s scope, values syntax.PartValues, of *ResourceType) ([]*partPath, bool) {
	written, ok := c.partTexts(values, of)
	if !ok || s.record == nil {
		return nil, false
	}
	paths := make([]*partPath, len(written))
	for i, t := range written {
		if t == nil {
			continue
		}
		if t.Value == "" {
			ok = false
			continue
		}
		p, mistake := compilePath(t.Value, s.record, s.name)
		if mistake != nil {
			c.wrongPath(t.At(mistake.offset), mistake)
			ok = false
			continue
		}
		if !canBeID(p) {
			c.cannotBeID(t.Pos, t.Value, p.describe())
			ok = false
			continue
		}
		paths[i] = &partPath{written: *t, path: p}
	}
	return paths, ok
}

// partTexts returns what is written for each part of the ids of a type, nil
// where nothing is; the last part has to be there.
func (c *compiler) partTexts(v syntax.PartValues, of *ResourceType) ([]*syntax.Text, bool) {
	if !v.Given() || len(of.Parts) == 0 || v.Single.Given() && v.Single.Value == "" {
		return nil, false
	}
	texts := make([]*syntax.Text, len(of.Parts))
	if v.Single.Given() {
		if len(of.Parts) > 1 {
			c.idHasParts(v.Pos, of.ID, of.Parts)
			return nil, false
		}
		texts[0] = &v.Single
		return texts, true
	}
	ok := !v.Parts.Broken
	for i := range v.Parts.Entries {
		e := &v.Parts.Entries[i]
		part := slices.Index(of.Parts, e.Key.Value)
		if part < 0 {
			c.noPart(e.Key.Pos, of.ID, e.Key.Value, of.Parts)
			ok = false
			continue
		}
		texts[part] = &e.Value
	}
	first := slices.IndexFunc(texts, func(t *syntax.Text) bool { return t != nil })
	for i, t := range texts {
		if ok && t == nil && (first < 0 || i > first) {
			c.partMissing(v.Pos, of.ID, of.Parts[i])
			ok = false
		}
	}
	return texts, ok
}
