package mapping

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// want is what an expression is used for.
type want int

const (
	wantText want = iota
	wantTexts
	wantTruth
	wantTime
	wantPlain
)

// scope is what the paths of a resource type start from.
type scope struct {
	record reflect.Type
	name   string // "a user record (ResponseUser)"
	// parent is the record of the parent's type, nil when there is none.
	parent     reflect.Type
	parentName string
	// noParent says why parent.x cannot be used here.
	noParent string
}

// compileExpr compiles one expression; nil when it is not given or wrong.
func (c *compiler) compileExpr(t text, s scope, w want) *expr {
	if !t.given() || t.value == "" || s.record == nil {
		return nil
	}
	if strings.ContainsAny(t.value, "{}[]") {
		if w != wantText && w != wantPlain {
			c.add(t.pos, "a text with paths in braces cannot stand here; write a path")
			return nil
		}
		return c.compileTemplate(t, s)
	}
	return c.compileAlternatives(t, 0, t.value, s, w)
}

// compileAlternatives compiles `x or first y or parent.z`, which starts at offset in t.
func (c *compiler) compileAlternatives(t text, offset int, written string, s scope, w want) *expr {
	e := &expr{}
	for alternative := range strings.SplitSeq(written, " or ") {
		start := offset + len(alternative) - len(strings.TrimLeft(alternative, " "))
		src, ok := c.compileSource(t, start, strings.TrimSpace(alternative), s, w)
		if !ok {
			e = nil
		} else if e != nil {
			e.alternatives = append(e.alternatives, src)
		}
		offset += len(alternative) + len(" or ")
	}
	return e
}

func (c *compiler) compileSource(t text, offset int, written string, s scope, w want) (source, bool) {
	var src source
	whole := written
	if rest, ok := strings.CutPrefix(written, "first "); ok {
		src.first = true
		offset += len(written) - len(strings.TrimLeft(rest, " "))
		written = strings.TrimLeft(rest, " ")
	}
	root, name := s.record, s.name
	if rest, ok := strings.CutPrefix(written, "parent."); ok {
		if s.parent == nil {
			c.add(t.at(offset), "%s: %s", written, s.noParent)
			return src, false
		}
		src.parent = true
		root, name = s.parent, s.parentName
		offset += len("parent.")
		written = rest
	}
	p, mistake := compilePath(written, root, name)
	if mistake != nil {
		c.add(t.at(offset+mistake.offset), "%s", mistake.what)
		return src, false
	}
	src.path = p
	if src.first && !p.list() {
		c.add(t.at(offset), "%s is %s, so there is no first one; write %q", written, p.describe(), written)
		return src, false
	}
	if why := unfit(src, whole, w); why != "" {
		c.add(t.at(offset), "%s", why)
		return src, false
	}
	return src, true
}

// unfit says why a source cannot be used for w, "" when it can.
func unfit(s source, written string, w want) string {
	k := kindOfType(s.typ)
	scalar := k != kindObject && k != kindMap
	single := !s.list() || s.first
	is := func(wanted string) string {
		return fmt.Sprintf("%s is %s, but %s is wanted here", written, s.describe(), wanted)
	}
	switch w {
	case wantText:
		if !single && scalar {
			return is("text") + fmt.Sprintf("; write %q", "first "+written)
		}
		if !scalar {
			return is("text") + "; name one of its fields"
		}
	case wantTexts:
		if !scalar {
			return is("a list of text") + "; name one of its fields"
		}
	case wantTruth:
		if s.list() || k != kindBool && k != kindAny {
			return is("a truth value")
		}
	case wantTime:
		if s.list() || !scalar || k == kindBool {
			return is("a time")
		}
	case wantPlain:
		if k == kindObject {
			return fmt.Sprintf("%s is %s; name one of its fields", written, s.describe())
		}
	}
	return ""
}

// compileTemplate compiles text with expressions in braces and optional groups in brackets.
func (c *compiler) compileTemplate(t text, s scope) *expr {
	pieces, end, ok := c.compilePieces(t, 0, s, false)
	if ok && end < len(t.value) {
		c.add(t.at(end), "%q without its opening bracket", string(t.value[end]))
		ok = false
	}
	if !ok {
		return nil
	}
	return &expr{template: pieces}
}

// compilePieces compiles from offset to the end or, in a group, to its `]`.
func (c *compiler) compilePieces(t text, offset int, s scope, inGroup bool) ([]piece, int, bool) {
	var pieces []piece
	start, ok := offset, true
	flush := func(end int) {
		if end > start {
			pieces = append(pieces, piece{text: t.value[start:end]})
		}
	}
	for offset < len(t.value) {
		switch t.value[offset] {
		case '{':
			flush(offset)
			length := strings.IndexByte(t.value[offset:], '}')
			if length < 0 {
				c.add(t.at(offset), "%q without its closing brace", "{")
				return nil, offset, false
			}
			e := c.compileAlternatives(t, offset+1, t.value[offset+1:offset+length], s, wantText)
			ok = ok && e != nil
			pieces = append(pieces, piece{expr: e})
			offset += length + 1
			start = offset
		case '[':
			flush(offset)
			if inGroup {
				c.add(t.at(offset), "brackets inside brackets")
				return nil, offset, false
			}
			group, end, groupOK := c.compilePieces(t, offset+1, s, true)
			if groupOK && end >= len(t.value) {
				c.add(t.at(offset), "%q without its closing bracket", "[")
				return nil, offset, false
			}
			ok = ok && groupOK
			pieces = append(pieces, piece{group: append([]piece{}, group...)})
			offset = end + 1
			start = offset
			if !groupOK {
				return nil, offset, false
			}
		case ']':
			flush(offset)
			return pieces, offset, ok
		case '}':
			c.add(t.at(offset), "%q without its opening brace", "}")
			return nil, offset, false
		default:
			offset++
		}
	}
	flush(offset)
	return pieces, offset, ok
}

func parseTime(s string) (time.Time, error) {
	const firstMillisecond = 1e11
	if number, err := strconv.ParseFloat(s, 64); err == nil {
		if number >= firstMillisecond {
			return time.UnixMilli(int64(number)).UTC(), nil
		}
		return time.Unix(int64(number), 0).UTC(), nil
	}
	parsed, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is not a time (Unix seconds or milliseconds, or RFC 3339)", s)
	}
	return parsed.UTC(), nil
}
