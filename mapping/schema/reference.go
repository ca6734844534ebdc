package schema

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// Reference returns the keys of the language as Markdown, a table for each block.
func Reference() string {
	w := &referenceWriter{headings: map[reflect.Type]string{}}
	w.collect(reflect.TypeFor[syntax.Document](), "")
	var b strings.Builder
	for i, block := range w.blocks {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "### %s\n\n| key | value | meaning |\n|---|---|---|\n", w.headings[block])
		for _, k := range syntax.Keys(block) {
			needed := ""
			if k.Needed {
				needed = ", **required**"
			}
			fmt.Fprintf(&b, "| `%s` | %s%s | %s |\n", k.Name, form(k), needed, k.Doc)
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
	for _, k := range syntax.Keys(block) {
		inner, in := innerBlock(k)
		if inner == nil {
			continue
		}
		in = k.Name + in
		if holder := place[strings.LastIndexByte(place, '.')+1:]; holder != "" {
			in = holder + "." + in
		}
		w.collect(inner, in)
	}
}

// innerBlock returns the block in the value of a key, nil without one, and how
// its place is written behind the key.
func innerBlock(k syntax.Key) (reflect.Type, string) {
	if k.Type.Kind() == reflect.Slice {
		return k.Type.Elem(), ""
	}
	if entry, ok := entryOf(k.Type); ok && isBlock(entry) {
		return entry, "." + map[string]string{"resource_types": "TYPE", "entitlements": "SLUG", "actions": "NAME", "inputs": "NAME", "fields": "NAME"}[k.Name]
	}
	if isBlock(k.Type) {
		return k.Type, ""
	}
	return nil, ""
}

// form says what the value of a key is.
func form(k syntax.Key) string {
	switch k.Name {
	case "trait":
		return "`" + strings.Join(syntax.Traits, "`, `") + "`"
	case "purpose":
		return "`" + strings.Join(syntax.Purposes, "`, `") + "`"
	case "unknown_references":
		return "`" + strings.Join(syntax.UnknownReferences, "`, `") + "`"
	case "write":
		return "`" + strings.Join(syntax.WriteTimes, "`, `") + "`"
	case "kind":
		return "`" + strings.Join(syntax.ActionKinds, "`, `") + "`"
	case "becomes", "only_if":
		return "`" + strings.Join(syntax.ActionStatuses, "`, `") + "`"
	case operationKey:
		return "operation"
	}
	if entry, ok := entryOf(k.Type); ok && entry != reflect.TypeFor[syntax.Argument]() {
		return "table of " + formOf(entry, "texts", "whole numbers", "values", "blocks")
	} else if ok {
		return "table of texts, lists and tables"
	}
	return formOf(k.Type, "text", "whole number", "value", "block")
}

// formOf says what a syntax type is, with the given words for one or for several.
func formOf(t reflect.Type, single, number, value, block string) string {
	switch t {
	case reflect.TypeFor[syntax.Text]():
		return single
	case reflect.TypeFor[syntax.Words]():
		return single + ", or a list of texts"
	case reflect.TypeFor[syntax.PartValues]():
		return single + ", or texts by part of the id"
	case reflect.TypeFor[syntax.ReadOnly]():
		return "`true`, `false` or a sentence"
	case reflect.TypeFor[syntax.Truth]():
		return "`true` or `false`"
	case reflect.TypeFor[syntax.Integer]():
		return number
	case reflect.TypeFor[syntax.Literal]():
		return value
	}
	if t.Kind() == reflect.Slice {
		return block + ", or a list of blocks"
	}
	return block
}
