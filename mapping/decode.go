package mapping

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// decoder reads YAML into the syntax types and collects what does not fit.
type decoder struct {
	*mistakeList
	lines [][]rune
}

// decodable is a syntax type that reads itself from a node. It returns false
// when it could not be read and is reported.
type decodable interface {
	decode(d *decoder, n *yaml.Node, what string) bool
}

// read reads node n into v; what names the thing for messages.
func (d *decoder) read(n *yaml.Node, v reflect.Value, what string) bool {
	if target, ok := v.Addr().Interface().(decodable); ok {
		return target.decode(d, n, what)
	}
	switch v.Kind() {
	case reflect.Slice:
		items, entry := n.Content, "an entry of "+what
		switch n.Kind {
		case yaml.SequenceNode:
		case yaml.MappingNode: // A list of one may be written without the list.
			items, entry = []*yaml.Node{n}, what
		default:
			return d.unfit(n, what, "a list")
		}
		ok := true
		for _, item := range items {
			element := reflect.New(v.Type().Elem()).Elem()
			ok = d.read(item, element, entry) && ok
			v.Set(reflect.Append(v, element))
		}
		return ok
	case reflect.Struct:
		return d.readStruct(n, v, what)
	}
	panic(fmt.Sprintf("mapping: %s cannot be decoded", v.Type()))
}

// unfit reports a node of the wrong kind.
func (d *decoder) unfit(n *yaml.Node, what, wanted string) bool {
	if isNull(n) {
		d.addf(at(n), "%s has no value", what)
	} else {
		d.addf(at(n), "%s is %s, not %s", what, wanted, kindOf(n))
	}
	return false
}

func (d *decoder) readStruct(n *yaml.Node, v reflect.Value, what string) bool {
	own := v.Addr().Interface().(interface{ placed() *block }).placed()
	own.pos = at(n)
	if n.Kind != yaml.MappingNode {
		own.broken = true
		return d.unfit(n, what, "a table of keys")
	}
	// A misspelled key is read as the key it looks like, unless that is there as well.
	fields, free := map[string]int{}, []string{}
	for i := range v.NumField() {
		if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
			fields[key] = i
			if !hasKey(n, key) {
				free = append(free, key)
			}
		}
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], valueOf(n, i)
		name := key.Value
		if key.Kind != yaml.ScalarNode {
			own.broken = !d.unfit(key, "a key of "+what, "text") || own.broken
			continue
		}
		_, known := fields[name]
		if instead := withdrawn[name]; !known && instead != "" {
			d.addf(at(key), "%q is not a key any more: %s", name, instead)
			own.broken = true
			continue
		}
		if !known {
			d.addf(at(key), "unknown key %q%s", name, spelling.DidYouMean(name, free))
			if name = spelling.Nearest(name, free); name == "" || seen[name] {
				own.broken = true
				continue
			}
		}
		if seen[name] {
			d.addf(at(key), "%q is given twice", name)
			continue
		}
		seen[name] = true
		own.broken = !d.read(value, v.Field(fields[name]), strconv.Quote(name)) || own.broken
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Tag.Get("need") != "" && !seen[field.Tag.Get("yaml")] {
			d.addf(own.pos, "%s needs %q: %s", what, field.Tag.Get("yaml"), sentence(field.Tag.Get("doc")))
			own.broken = true
		}
	}
	return true
}

// withdrawn are keys that earlier mappings have, and what takes their place.
var withdrawn = map[string]string{
	"permanent": "no error code of the API passes by itself unless \"passing\" lists it; remove it",
}

func hasKey(n *yaml.Node, name string) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == name {
			return true
		}
	}
	return false
}

// valueOf returns the value of the i-th key; one that is not there is at its key.
func valueOf(n *yaml.Node, i int) *yaml.Node {
	key, value := n.Content[i], n.Content[i+1]
	if isNull(value) && value.Value == "" {
		value.Line, value.Column = key.Line, key.Column
	}
	return value
}

func (t *text) decode(d *decoder, n *yaml.Node, what string) bool {
	t.pos, t.inner = at(n), d.inner(n)
	if n.Kind != yaml.ScalarNode || isNull(n) {
		return d.unfit(n, what, "text")
	}
	if strings.TrimSpace(n.Value) == "" {
		d.addf(t.pos, "%s is empty", what)
		return false
	}
	t.value = n.Value
	return true
}

// inner returns the column at which the value of a scalar starts, 0 when the
// file spells it otherwise.
func (d *decoder) inner(n *yaml.Node) int {
	start := n.Column - 1
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		start++
	}
	value := []rune(n.Value)
	if n.Line > len(d.lines) || start+len(value) > len(d.lines[n.Line-1]) || string(d.lines[n.Line-1][start:start+len(value)]) != n.Value {
		return 0
	}
	return start + 1
}

func (i *integer) decode(d *decoder, n *yaml.Node, what string) bool {
	i.pos, i.value = at(n), 1
	value, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil {
		return d.unfit(n, what, "a whole number")
	}
	i.value = value
	return true
}

func (w *words) decode(d *decoder, n *yaml.Node, what string) bool {
	w.pos = at(n)
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		w.list, nodes, what = true, n.Content, "an entry of "+what
		if len(nodes) == 0 {
			d.addf(w.pos, "%s is an empty list", strings.TrimPrefix(what, "an entry of "))
			return false
		}
	}
	ok := true
	for _, item := range nodes {
		var t text
		ok = t.decode(d, item, what) && ok
		w.items = append(w.items, t)
	}
	return ok
}

func (r *readOnly) decode(d *decoder, n *yaml.Node, what string) bool {
	r.pos, r.value = at(n), true
	if n.Kind == yaml.ScalarNode && n.Tag == "!!bool" {
		r.value = strings.EqualFold(n.Value, "true")
		return true
	}
	// One word would be a slip: in YAML "no" is text.
	if n.Kind != yaml.ScalarNode || isNull(n) || len(strings.Fields(n.Value)) < 2 {
		return d.unfit(n, what, "true, false or a sentence")
	}
	r.hint = n.Value
	return true
}

func (l *literal) decode(d *decoder, n *yaml.Node, what string) bool {
	l.pos, l.node = at(n), n
	if isNull(n) {
		return d.unfit(n, what, "a value")
	}
	return true
}

func (p *partValues) decode(d *decoder, n *yaml.Node, what string) bool {
	p.pos = at(n)
	if n.Kind == yaml.MappingNode {
		return p.parts.decode(d, n, what)
	}
	return p.single.decode(d, n, what)
}

func (t *table[T]) decode(d *decoder, n *yaml.Node, what string) bool {
	t.pos = at(n)
	if n.Kind != yaml.MappingNode {
		t.broken = true
		return d.unfit(n, what, "a table of keys")
	}
	if len(n.Content) == 0 {
		d.addf(t.pos, "%s is empty", what)
		t.broken = true
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		var e entry[T]
		if !e.key.decode(d, n.Content[i], "a key of "+what) {
			t.broken = true
			continue
		}
		if seen[e.key.value] {
			d.addf(e.key.pos, "%q is given twice", e.key.value)
			continue
		}
		seen[e.key.value] = true
		t.broken = !d.read(valueOf(n, i), reflect.ValueOf(&e.value).Elem(), strconv.Quote(e.key.value)) || t.broken
		t.entries = append(t.entries, e)
	}
	return !t.broken
}

func at(n *yaml.Node) pos { return pos{n.Line, n.Column} }

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// kindOf names what a node is, for messages.
func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a table"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool", "!!int", "!!float", "!!timestamp":
		return n.Value
	}
	return strconv.Quote(n.Value)
}

// sentence makes a key's documentation follow a colon.
func sentence(doc string) string {
	doc, _, _ = strings.Cut(doc, ". ")
	return strings.ToLower(doc[:1]) + strings.TrimSuffix(doc[1:], ".")
}
