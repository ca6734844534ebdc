package syntax

import (
	"reflect"
	"slices"
	"strings"
)

// Key is a key of a block.
type Key struct {
	Name, Doc string
	Needed    bool
	// OfRecord reports that its paths are in the type's records.
	OfRecord bool
	Type     reflect.Type

	index []int
}

// Keys returns the keys of a block, none for a type that is not one. The keys of an
// embedded block are among them; the tags of the embedded field say which are left out
// (without), which are needed (need), and, by the name of a key, what it means here.
func Keys(block reflect.Type) []Key {
	var keys []Key
	for i := range block.NumField() {
		f := block.Field(i)
		if name := f.Tag.Get("yaml"); name != "" {
			keys = append(keys, Key{name, f.Tag.Get("doc"), f.Tag.Get("need") != "", f.Tag.Get("path") != "", f.Type, f.Index})
			continue
		}
		if !f.Anonymous || f.Type.Kind() != reflect.Struct {
			continue
		}
		without, needed := strings.Fields(f.Tag.Get("without")), strings.Fields(f.Tag.Get("need"))
		for _, key := range Keys(f.Type) {
			if slices.Contains(without, key.Name) {
				continue
			}
			if doc := f.Tag.Get(key.Name); doc != "" {
				key.Doc = doc
			}
			key.Needed = key.Needed || slices.Contains(needed, key.Name)
			key.index = append(slices.Clone(f.Index), key.index...)
			keys = append(keys, key)
		}
	}
	return keys
}
