package mapping

import (
	"cmp"
	"fmt"
	"reflect"
	"strings"

	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
)

// path is a field path compiled against a type of the API: `a.b.c`, through
// lists entry by entry.
type path struct {
	// written is the path as the file has it, misspelled fields put right.
	written string
	// lists lead from the root to a list, and from an entry of each list to the next.
	lists []access
	// leaf leads from the root, or from an entry of the last list, to the value.
	leaf access
	// listNames are the paths of the lists as written: `userTenants`.
	listNames []string
	// typ is the type of the value: of one entry's value when there are lists.
	typ reflect.Type
	// required reports that the API document promises the value in every record.
	required bool
}

// access leads from a value to one inside it.
type access []hop

// hop is one step: into a field of an object, or to a key of a free-form one.
type hop struct {
	index []int
	key   string
}

func (a access) get(v reflect.Value) reflect.Value {
	for _, h := range a {
		v = indirect(v)
		switch {
		case !v.IsValid():
			return v
		case h.index != nil:
			for _, i := range h.index {
				if v = indirect(v); !v.IsValid() {
					return v
				}
				v = v.Field(i)
			}
		case v.Kind() == reflect.Map && v.Type().Key().Kind() == reflect.String:
			v = v.MapIndex(reflect.ValueOf(h.key).Convert(v.Type().Key()))
		default:
			return reflect.Value{}
		}
	}
	return indirect(v)
}

// list reports whether the path goes through a list or ends at one.
func (p *path) list() bool { return len(p.lists) > 0 }

// each calls yield with every value of the path, in order, until it returns false.
func (p *path) each(root reflect.Value, yield func(reflect.Value) bool) bool {
	return eachEntry(p.lists, root, func(entry reflect.Value) bool {
		return yield(p.leaf.get(entry))
	})
}

func eachEntry(lists []access, v reflect.Value, yield func(reflect.Value) bool) bool {
	if len(lists) == 0 {
		return yield(v)
	}
	entries := lists[0].get(v)
	for i := range entryCount(entries) {
		if !eachEntry(lists[1:], entries.Index(i), yield) {
			return false
		}
	}
	return true
}

// entryCount returns the number of entries of a list, 0 for what is none.
func entryCount(v reflect.Value) int {
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		return 0
	}
	return v.Len()
}

// compilePath compiles a path from a root type; name says what the root is,
// for messages. A path that ends at a list goes through it. With a mistake
// comes the path that was probably meant, or nil.
func compilePath(written string, root reflect.Type, name string) (*path, *pathMistake) {
	if written == "" {
		return nil, pathMissing()
	}
	p := &path{typ: root, required: true}
	var first *pathMistake
	offset := 0
	segments := segmentsOf(written)
	for i, raw := range segments {
		segment, ok := unquote(raw)
		if !ok {
			return nil, cmp.Or(first, notAPath(offset, written))
		}
		p.enterList(strings.Join(segments[:i], "."))
		switch t := apitype.Deref(p.typ); apitype.KindOf(t) {
		case apitype.KindObject:
			fields := apitype.FieldsOf(t)
			f, ok := apitype.Find(fields, segment)
			if !ok {
				first = cmp.Or(first, noField(offset, holder(name, t, root), segment, fields))
				if f, ok = apitype.Find(fields, spelling.Nearest(segment, apitype.Names(fields))); !ok {
					return nil, first
				}
				segments[i] = f.Name
			}
			if f.Secret {
				first = cmp.Or(first, secretRead(offset, f.Name))
			}
			p.leaf = append(p.leaf, hop{index: f.Index})
			p.typ, p.required = f.Type, p.required && f.Required
		case apitype.KindMap:
			p.leaf = append(p.leaf, hop{key: segment})
			p.typ, p.required = t.Elem(), false
		case apitype.KindAny:
			p.leaf = append(p.leaf, hop{key: segment})
			p.required = false
		default:
			inside := cmp.Or(strings.Join(segments[:i], "."), name)
			return nil, cmp.Or(first, noFieldIn(offset, inside, t, segment))
		}
		offset += len(raw) + 1
	}
	p.written = strings.Join(segments, ".")
	p.enterList(p.written)
	return p, first
}

// segmentsOf splits a path at its dots, but for those in quotes.
func segmentsOf(written string) []string {
	return splitOutsideQuotes(written, ".")
}

// splitOutsideQuotes splits text at separators that are not in quotes. A quote that is
// not closed is none.
func splitOutsideQuotes(text, separator string) []string {
	var parts []string
	start := 0
	for i := 0; i < len(text); {
		if quote := text[i]; quote == '"' || quote == '\'' {
			if end := strings.IndexByte(text[i+1:], quote); end >= 0 {
				i += end + 2
				continue
			}
		}
		if strings.HasPrefix(text[i:], separator) {
			parts, start = append(parts, text[start:i]), i+len(separator)
			i = start
			continue
		}
		i++
	}
	return append(parts, text[start:])
}

// unquote returns the name that a segment of a path is for. Names with dots and blanks
// are in quotes.
func unquote(segment string) (string, bool) {
	if n := len(segment); n > 2 && (segment[0] == '"' || segment[0] == '\'') && strings.IndexByte(segment[1:], segment[0]) == n-2 {
		return segment[1 : n-1], true
	}
	return segment, segment != "" && !strings.ContainsAny(segment, " \t\r\n{}[]\"'")
}

// enterList moves from a list, which is called name, to its entries.
func (p *path) enterList(name string) {
	for apitype.KindOf(p.typ) == apitype.KindList {
		p.lists = append(p.lists, p.leaf)
		p.listNames = append(p.listNames, name)
		p.leaf, p.required = nil, false
		p.typ = apitype.Deref(p.typ).Elem()
	}
}

// holder says whose fields those of t are, for messages.
func holder(name string, t, root reflect.Type) string {
	if t == root {
		return name
	}
	return fmt.Sprintf("an object there (%s)", t.Name())
}

// describe says what the path's value is, for messages.
func (p *path) describe() string {
	if !p.list() {
		return apitype.Describe(p.typ)
	}
	return apitype.Describe(reflect.SliceOf(p.typ))
}
