package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// binding yields ids from a record: for each part of the id a path. Paths
// through the same lists stay together entry by entry; a path to a longer
// list multiplies the entry it is in.
type binding struct {
	lists []access
	parts []boundPart
	// written are the paths, for messages.
	written string
}

// boundPart is where one part of the id comes from: level 0 is the record,
// level n an entry of the n-th list. A part that is not bound stays empty.
type boundPart struct {
	bound bool
	level int
	leaf  access
	// needed tells that an entry without this part is a mistake of the API:
	// inside a list an id that lacks a part would be the id of something else.
	needed bool
}

// each calls yield with the parts, in order, for every combination of entries.
// A rule on single fields yields nothing when its last field has no value.
func (b *binding) each(record reflect.Value, yield func(parts []string) error) error {
	entries := make([]reflect.Value, 1, len(b.lists)+1)
	entries[0] = record
	return b.descend(entries, yield)
}

func (b *binding) descend(entries []reflect.Value, yield func([]string) error) error {
	level := len(entries) - 1
	if level == len(b.lists) {
		return b.yield(entries, yield)
	}
	list := b.lists[level].get(entries[level])
	if !list.IsValid() || list.Kind() != reflect.Slice {
		return nil
	}
	for i := range list.Len() {
		if err := b.descend(append(entries, list.Index(i)), yield); err != nil {
			return err
		}
	}
	return nil
}

func (b *binding) yield(entries []reflect.Value, yield func([]string) error) error {
	parts := make([]string, len(b.parts))
	for i, p := range b.parts {
		if !p.bound {
			continue
		}
		text, ok := scalarText(p.leaf.get(entries[p.level]))
		if !ok && p.needed {
			return fmt.Errorf("an entry of %s lacks a value", b.written)
		}
		parts[i] = text
	}
	if parts[len(parts)-1] == "" && len(b.lists) == 0 {
		return nil
	}
	return yield(parts)
}

// partPath is one path of a binding that is being compiled.
type partPath struct {
	written text
	path    *path
}

// compileBinding compiles the paths to the parts of ids of the given types, one
// set of paths after the other. It returns nil when one of them is wrong.
func (c *compiler) compileBinding(s scope, sets ...boundSet) *binding {
	b := &binding{}
	var longest *partPath
	var all []*partPath
	for _, set := range sets {
		paths, ok := c.bindParts(s, set)
		if !ok {
			return nil
		}
		all = append(all, paths...)
	}
	var written []string
	for _, p := range all {
		if p != nil {
			written = append(written, p.written.value)
			if longest == nil || len(p.path.lists) > len(longest.path.lists) {
				longest = p
			}
		}
	}
	b.written = strings.Join(slices.Compact(written), ", ")
	b.lists = longest.path.lists
	for _, p := range all {
		if p == nil {
			b.parts = append(b.parts, boundPart{})
			continue
		}
		if at := len(p.path.lists); !slices.Equal(p.path.listNames, longest.path.listNames[:at]) {
			c.add(p.written.pos, "%s and %s are different lists, so their entries do not belong together", p.written.value, longest.written.value)
			return nil
		}
		b.parts = append(b.parts, boundPart{bound: true, level: len(p.path.lists), leaf: p.path.leaf, needed: len(p.path.lists) > 0})
	}
	return b
}

// boundSet are the paths to the parts of ids of one type.
type boundSet struct {
	values partValues
	of     *ResourceType
}

// bindParts compiles the paths of one set, in the order of the parts; nil for
// a part that is not given.
func (c *compiler) bindParts(s scope, set boundSet) ([]*partPath, bool) {
	written, ok := c.partTexts(set.values, set.of)
	if !ok || s.record == nil {
		return nil, false
	}
	paths := make([]*partPath, len(written))
	for i, t := range written {
		if t == nil {
			continue
		}
		p, mistake := compilePath(t.value, s.record, s.name)
		if mistake != nil {
			c.add(t.at(mistake.offset), "%s", mistake.what)
			ok = false
			continue
		}
		if k := kindOfType(p.typ); k == kindObject || k == kindMap || k == kindBool {
			c.add(t.pos, "%s is %s and cannot be part of an id", t.value, p.describe())
			ok = false
			continue
		}
		paths[i] = &partPath{written: *t, path: p}
	}
	return paths, ok
}

// partTexts returns what is written for each part of the ids of a type, nil
// where nothing is; the last part has to be there.
func (c *compiler) partTexts(v partValues, of *ResourceType) ([]*text, bool) {
	if !v.given() || len(of.Parts) == 0 {
		return nil, false
	}
	texts := make([]*text, len(of.Parts))
	if v.single.given() {
		if len(of.Parts) > 1 {
			c.add(v.pos, "the id of a %s has the parts %s; give a path to each", of.ID, strings.Join(of.Parts, ", "))
			return nil, false
		}
		texts[0] = &v.single
		return texts, true
	}
	ok := true
	for i := range v.parts.entries {
		e := &v.parts.entries[i]
		part := slices.Index(of.Parts, e.key.value)
		if part < 0 {
			c.add(e.key.pos, "the id of a %s has no part %q%s", of.ID, e.key.value, didYouMean(e.key.value, of.Parts))
			ok = false
			continue
		}
		texts[part] = &e.value
	}
	first := slices.IndexFunc(texts, func(t *text) bool { return t != nil })
	for i, t := range texts {
		if ok && t == nil && (first < 0 || i > first) {
			c.add(v.pos, "the id of a %s needs %q", of.ID, of.Parts[i])
			ok = false
		}
	}
	return texts, ok
}
