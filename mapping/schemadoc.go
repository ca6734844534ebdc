package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Reference returns the keys of the language as Markdown, a table for each block.
func Reference() string {
	w := &referenceWriter{headings: map[reflect.Type]string{}}
	w.collect(reflect.TypeFor[document](), "")
	var b strings.Builder
	for i, block := range w.blocks {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "### %s\n\n| key | value | meaning |\n|---|---|---|\n", w.headings[block])
		for _, k := range keysOf(block) {
			needed := ""
			if k.needed {
				needed = ", **required**"
			}
			fmt.Fprintf(&b, "| `%s` | %s%s | %s |\n", k.name, w.form(k), needed, k.doc)
		}
	}
	return b.String()
}

// referenceWriter knows the blocks, in the order in which they are described,
// and their headings.
type referenceWriter struct {
	blocks   []reflect.Type
	headings map[reflect.Type]string
}

// collect finds a block and those in it. A block that stands in several places
// has one heading for all.
func (w *referenceWriter) collect(block reflect.Type, place string) {
	heading := "The file"
	if place != "" {
		heading = "`" + place + "`"
	}
	if slices.Contains(w.blocks, block) {
		w.headings[block] += ", " + heading
		return
	}
	w.blocks = append(w.blocks, block)
	w.headings[block] = heading
	for _, k := range keysOf(block) {
		inner, in := innerBlock(k.typ)
		if inner == nil {
			continue
		}
		if short := place[strings.LastIndexByte(place, '.')+1:]; short != "" {
			in = short + "." + k.name + in
		} else {
			in = k.name + in
		}
		w.collect(inner, in)
	}
}

// innerBlock returns the block in a value, nil without one, and how its place
// is written behind the key.
func innerBlock(t reflect.Type) (block reflect.Type, suffix string) {
	if t.Kind() == reflect.Slice {
		return t.Elem(), "[]"
	}
	if entry, ok := entryOf(t); ok && isBlock(entry) {
		return entry, ".NAME"
	}
	if isBlock(t) {
		return t, ""
	}
	return nil, ""
}

// form says what the value of a key is.
func (w *referenceWriter) form(k key) string {
	switch k.name {
	case "trait":
		return "`" + strings.Join(traits, "`, `") + "`"
	case "purpose":
		return "`" + strings.Join(purposes, "`, `") + "`"
	case "operation":
		return "operation"
	}
	return formOf(k.typ)
}

func formOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[text]():
		return "text"
	case reflect.TypeFor[words]():
		return "text, or a list of texts"
	case reflect.TypeFor[partValues]():
		return "text, or a table of texts by part of the id"
	case reflect.TypeFor[readOnly]():
		return "`true`, `false` or a sentence"
	case reflect.TypeFor[integer]():
		return "whole number"
	case reflect.TypeFor[literal]():
		return "value"
	}
	if t.Kind() == reflect.Slice {
		return "a block, or a list of them"
	}
	if entry, ok := entryOf(t); ok {
		return "table of " + strings.TrimPrefix(formOf(entry), "a ") + " by name"
	}
	return "a block"
}
