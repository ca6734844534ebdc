package syntax

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// decoder reads YAML into the syntax types and collects what does not fit.
type decoder struct {
	*Collector
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
	if IsNull(n) {
		d.HasNoValue(At(n), what)
	} else {
		d.IsNot(At(n), what, wanted, KindOf(n))
	}
	return false
}

func (d *decoder) readStruct(n *yaml.Node, v reflect.Value, what string) bool {
	own := v.Addr().Interface().(interface{ placed() *Block }).placed()
	own.Pos = At(n)
	if n.Kind != yaml.MappingNode {
		own.Broken = true
		return d.unfit(n, what, "a table of keys")
	}
	// A misspelled key is read as the key it looks like, unless that is there as well.
	keys := Keys(v.Type())
	fields, free := map[string][]int{}, []string{}
	for _, key := range keys {
		fields[key.Name] = key.index
		if !hasKey(n, key.Name) {
			free = append(free, key.Name)
		}
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], ValueOf(n, i)
		name := key.Value
		if key.Kind != yaml.ScalarNode {
			own.Broken = !d.unfit(key, "a key of "+what, "text") || own.Broken
			continue
		}
		_, known := fields[name]
		if instead := withdrawn[name]; !known && instead != "" {
			d.withdrawnKey(At(key), name, instead)
			own.Broken = true
			continue
		}
		if !known {
			d.unknownKey(At(key), name, free)
			if name = spelling.Nearest(name, free); name == "" || seen[name] {
				own.Broken = true
				continue
			}
		}
		if seen[name] {
			d.GivenTwice(At(key), name)
			continue
		}
		seen[name] = true
		own.Broken = !d.read(value, v.FieldByIndex(fields[name]), strconv.Quote(name)) || own.Broken
	}
	for _, key := range keys {
		if key.Needed && !seen[key.Name] {
			d.keyMissing(own.Pos, what, key.Name, sentence(key.Doc))
			own.Broken = true
		}
	}
	return true
}

// withdrawn are keys that earlier mappings have, and what takes their place.
var withdrawn = map[string]string{
	"permanent": "no error code of the API is transient unless \"passing\" lists it; remove it",
}

func hasKey(n *yaml.Node, name string) bool {
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == name {
			return true
		}
	}
	return false
}

// ValueOf returns the value of the i-th key; one that is not there is at its key.
func ValueOf(n *yaml.Node, i int) *yaml.Node {
	key, value := n.Content[i], n.Content[i+1]
	if IsNull(value) && value.Value == "" {
		value.Line, value.Column = key.Line, key.Column
	}
	return value
}

func (t *Text) decode(d *decoder, n *yaml.Node, what string) bool {
	t.Pos, t.inner = At(n), d.inner(n)
	if n.Kind != yaml.ScalarNode || IsNull(n) {
		return d.unfit(n, what, "text")
	}
	if strings.TrimSpace(n.Value) == "" {
		d.empty(t.Pos, what)
		return false
	}
	t.Value = n.Value
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

// intTag is what YAML calls a whole number.
const intTag = "!!int"

func (i *Integer) decode(d *decoder, n *yaml.Node, what string) bool {
	i.Pos, i.Value = At(n), 1
	whole := n.Kind == yaml.ScalarNode && n.Tag == intTag
	if whole && OddNumber(n) {
		d.OddNumber(i.Pos, what, n.Value)
		return false
	}
	value, err := strconv.Atoi(n.Value)
	if !whole || err != nil {
		return d.unfit(n, what, "a whole number")
	}
	i.Value = value
	return true
}

func (w *Words) decode(d *decoder, n *yaml.Node, what string) bool {
	w.Pos = At(n)
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		w.List, nodes, what = true, n.Content, "an entry of "+what
		if len(nodes) == 0 {
			d.emptyList(w.Pos, strings.TrimPrefix(what, "an entry of "))
			return false
		}
	}
	ok := true
	for _, item := range nodes {
		var t Text
		ok = t.decode(d, item, what) && ok
		w.Items = append(w.Items, t)
	}
	return ok
}

// isTruth reports whether a node is true or false.
func isTruth(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!bool" }

func (t *Truth) decode(d *decoder, n *yaml.Node, what string) bool {
	t.Pos = At(n)
	if !isTruth(n) {
		return d.unfit(n, what, "true or false")
	}
	t.Value = strings.EqualFold(n.Value, "true")
	return true
}

func (r *ReadOnly) decode(d *decoder, n *yaml.Node, what string) bool {
	r.Pos, r.Value = At(n), true
	if isTruth(n) {
		r.Value = strings.EqualFold(n.Value, "true")
		return true
	}
	// One word would be a slip: in YAML "no" is text.
	if n.Kind != yaml.ScalarNode || IsNull(n) || len(strings.Fields(n.Value)) < 2 {
		return d.unfit(n, what, "true, false or a sentence")
	}
	r.Hint = n.Value
	return true
}

func (l *Literal) decode(d *decoder, n *yaml.Node, what string) bool {
	l.Pos, l.Node = At(n), n
	if IsNull(n) {
		return d.unfit(n, what, "a value")
	}
	return true
}

func (a *Argument) decode(d *decoder, n *yaml.Node, what string) bool {
	a.Pos = At(n)
	switch n.Kind {
	case yaml.MappingNode:
		return a.Fields.decode(d, n, what)
	case yaml.SequenceNode:
		a.IsList = true
		if len(n.Content) == 0 {
			d.emptyList(a.Pos, what)
			return false
		}
		ok := true
		for _, item := range n.Content {
			var entry Argument
			ok = entry.decode(d, item, "an entry of "+what) && ok
			a.List = append(a.List, entry)
		}
		return ok
	}
	return a.Reference.decode(d, n, what)
}

func (p *PartValues) decode(d *decoder, n *yaml.Node, what string) bool {
	p.Pos = At(n)
	if n.Kind == yaml.MappingNode {
		return p.Parts.decode(d, n, what)
	}
	return p.Single.decode(d, n, what)
}

func (t *Table[T]) decode(d *decoder, n *yaml.Node, what string) bool {
	t.Pos = At(n)
	if n.Kind != yaml.MappingNode {
		t.Broken = true
		return d.unfit(n, what, "a table of keys")
	}
	if len(n.Content) == 0 {
		d.empty(t.Pos, what)
		t.Broken = true
	}
	seen := map[string]bool{}
	for i := 0; i < len(n.Content); i += 2 {
		var e Entry[T]
		if !e.Key.decode(d, n.Content[i], "a key of "+what) {
			t.Broken = true
			continue
		}
		if seen[e.Key.Value] {
			d.GivenTwice(e.Key.Pos, e.Key.Value)
			continue
		}
		seen[e.Key.Value] = true
		t.Broken = !d.read(ValueOf(n, i), reflect.ValueOf(&e.Value).Elem(), strconv.Quote(e.Key.Value)) || t.Broken
		t.Entries = append(t.Entries, e)
	}
	return !t.Broken
}

// At returns the place of a node.
func At(n *yaml.Node) Pos { return Pos{n.Line, n.Column} }

// IsNull reports whether a node is null or nothing.
func IsNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// plainNumber is a number that every program reads in the same way: as JSON has it.
var plainNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// OddNumber reports whether a node is a number in a form that some programs read
// otherwise, or not as a number: 0144, 0x64, 1_000.
func OddNumber(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Tag == intTag || n.Tag == "!!float") && !plainNumber.MatchString(n.Value)
}

// KindOf names what a node is, for messages.
func KindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a table"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "nothing"
	case "!!bool", intTag, "!!float", "!!timestamp":
		return n.Value
	}
	return strconv.Quote(n.Value)
}

// sentence makes a key's documentation follow a colon.
func sentence(doc string) string {
	doc, _, _ = strings.Cut(doc, ". ")
	return strings.ToLower(doc[:1]) + strings.TrimSuffix(doc[1:], ".")
}
