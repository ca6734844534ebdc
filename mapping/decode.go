package mapping

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// What a file may measure. The shipped mapping has 4 kB and 8 levels.
const (
	maxFileSize = 1 << 20
	maxDepth    = 32
)

// decoder reads YAML into the syntax types and collects what does not fit.
type decoder struct {
	*mistakeList
}

// parse reads a whole file. It returns false when the file is not YAML at all,
// so that nothing else can be said of it.
func (d *decoder) parse(src []byte) (*document, bool) {
	if len(src) > maxFileSize {
		d.add(pos{}, "the file has %d bytes; a mapping has at most %d", len(src), maxFileSize)
		return nil, false
	}
	reader := yaml.NewDecoder(bytes.NewReader(src))
	var root, second yaml.Node
	if err := reader.Decode(&root); err != nil {
		if errors.Is(err, io.EOF) {
			d.add(pos{}, "the file is empty")
		} else {
			d.syntaxError(err)
		}
		return nil, false
	}
	if err := reader.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			d.syntaxError(err)
		} else {
			d.add(pos{second.Line, second.Column}, "a second YAML document; a mapping is one")
		}
		return nil, false
	}
	if !d.plain(&root, 0) {
		return nil, false
	}
	var doc document
	d.read(root.Content[0], reflect.ValueOf(&doc).Elem(), "a mapping")
	return &doc, true
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(?s:(.*))$`)

func (d *decoder) syntaxError(err error) {
	at, what := pos{1, 1}, err.Error()
	if m := yamlLine.FindStringSubmatch(what); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil {
			at.line = line
		}
		what = m[2]
	}
	d.add(at, "not YAML: %s", what)
}

// plain refuses what a mapping has no use for and a hostile file has: anchors,
// aliases, merges and deep nesting.
func (d *decoder) plain(n *yaml.Node, depth int) bool {
	at := pos{n.Line, n.Column}
	switch {
	case depth > maxDepth:
		d.add(at, "nested more than %d levels deep", maxDepth)
		return false
	case n.Kind == yaml.AliasNode:
		d.add(at, "aliases (*%s) are not supported; write the value out", n.Value)
		return false
	case n.Anchor != "":
		d.add(at, "anchors (&%s) are not supported; write the value out", n.Anchor)
		return false
	case n.Tag == "!!merge":
		d.add(at, "merge keys (<<) are not supported; write the values out")
		return false
	}
	for _, child := range n.Content {
		if !d.plain(child, depth+1) {
			return false
		}
	}
	return true
}

// decodable is a syntax type that reads itself from a node.
type decodable interface {
	decode(d *decoder, n *yaml.Node, what string)
}

// read reads node n into v; what names the thing for messages.
func (d *decoder) read(n *yaml.Node, v reflect.Value, what string) {
	if target, ok := v.Addr().Interface().(decodable); ok {
		target.decode(d, n, what)
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		if n.Kind != yaml.SequenceNode {
			d.add(at(n), "%s is a list, not %s", what, kindOf(n))
			return
		}
		for _, item := range n.Content {
			element := reflect.New(v.Type().Elem()).Elem()
			d.read(item, element, "an entry of "+what)
			v.Set(reflect.Append(v, element))
		}
	case reflect.Struct:
		d.readStruct(n, v, what)
	default:
		panic(fmt.Sprintf("mapping: %s cannot be decoded", v.Type()))
	}
}

func (d *decoder) readStruct(n *yaml.Node, v reflect.Value, what string) {
	if n.Kind != yaml.MappingNode {
		d.add(at(n), "%s is a table of keys, not %s", what, kindOf(n))
		return
	}
	fields, names := map[string]int{}, []string{}
	for i := range v.NumField() {
		if key := v.Type().Field(i).Tag.Get("yaml"); key != "" {
			fields[key] = i
			names = append(names, key)
		}
	}
	if placed, ok := v.Addr().Interface().(interface{ setPos(at pos) }); ok {
		placed.setPos(at(n))
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		if _, known := fields[name]; !known {
			d.add(at(key), "unknown key %q%s", name, didYouMean(name, names))
			if name = nearest(name, names); name == "" || seen[name] {
				continue
			}
		}
		switch {
		case seen[name]:
			d.add(at(key), "%q is given twice", name)
		case value.Tag == "!!null":
			d.add(at(value), "%q has no value", name)
		default:
			d.read(value, v.Field(fields[name]), strconv.Quote(name))
		}
		seen[name] = true
	}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Tag.Get("need") != "" && !seen[field.Tag.Get("yaml")] {
			d.add(at(n), "%s needs %q: %s", what, field.Tag.Get("yaml"), lowerFirst(field.Tag.Get("doc")))
		}
	}
}

func (t *text) decode(d *decoder, n *yaml.Node, what string) {
	t.pos, t.inner = at(n), n.Column
	if n.Kind != yaml.ScalarNode {
		d.add(t.pos, "%s is text, not %s", what, kindOf(n))
		return
	}
	if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		t.inner++
	}
	if n.Value == "" {
		d.add(t.pos, "%s is empty", what)
	}
	t.value = n.Value
}

func (i *integer) decode(d *decoder, n *yaml.Node, what string) {
	i.pos = at(n)
	value, err := strconv.Atoi(n.Value)
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || err != nil {
		d.add(i.pos, "%s is a whole number, not %s", what, kindOf(n))
		return
	}
	i.value = value
}

func (w *words) decode(d *decoder, n *yaml.Node, what string) {
	w.pos = at(n)
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		w.list, nodes = true, n.Content
		if len(nodes) == 0 {
			d.add(w.pos, "%s is an empty list", what)
		}
	}
	for _, item := range nodes {
		var t text
		t.decode(d, item, what)
		w.items = append(w.items, t)
	}
}

func (r *readOnly) decode(d *decoder, n *yaml.Node, what string) {
	r.pos = at(n)
	if n.Tag == "!!bool" {
		if err := n.Decode(&r.value); err != nil {
			d.add(r.pos, "%s is true, or a sentence, not %q", what, n.Value)
		}
		return
	}
	var t text
	t.decode(d, n, what)
	r.value, r.hint = true, t.value
}

func (l *literal) decode(_ *decoder, n *yaml.Node, _ string) { l.pos, l.node = at(n), n }

func (p *partValues) decode(d *decoder, n *yaml.Node, what string) {
	p.pos = at(n)
	if n.Kind == yaml.MappingNode {
		p.parts.decode(d, n, what)
		return
	}
	p.single.decode(d, n, what)
}

func (t *table[T]) decode(d *decoder, n *yaml.Node, what string) {
	t.pos = at(n)
	if n.Kind != yaml.MappingNode {
		d.add(t.pos, "%s is a table of keys, not %s", what, kindOf(n))
		return
	}
	if len(n.Content) == 0 {
		d.add(t.pos, "%s is empty", what)
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		var e entry[T]
		e.key.decode(d, n.Content[i], "a key of "+what)
		if seen[e.key.value] {
			d.add(e.key.pos, "%q is given twice", e.key.value)
			continue
		}
		seen[e.key.value] = true
		if n.Content[i+1].Tag == "!!null" {
			d.add(at(n.Content[i+1]), "%q has no value", e.key.value)
			continue
		}
		d.read(n.Content[i+1], reflect.ValueOf(&e.value).Elem(), strconv.Quote(e.key.value))
		t.entries = append(t.entries, e)
	}
}

func at(n *yaml.Node) pos { return pos{n.Line, n.Column} }

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
	case "!!bool", "!!int", "!!float":
		return n.Value
	}
	return strconv.Quote(n.Value)
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
