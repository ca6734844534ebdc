package mapping

import (
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// want is the kind of value that an expression must have.
type want int

const (
	wantText want = iota
	wantTexts
	wantTruth
	wantTime
	wantPlain
)

// What stands between alternatives, and before the path to a list of which the first
// entry is meant.
const (
	alternativeSeparator = " or "
	firstPrefix          = "first "
)

// scope is what the paths of a resource type start from.
type scope struct {
	record reflect.Type
	name   string // "a user record (ResponseUser)"
	// parent is the record of the parent's type, nil when there is none.
	parent     reflect.Type
	parentName string
	// noParent says why parent.x cannot be used here; it is empty when that is
	// not known, because the parent has a mistake of its own.
	noParent string
	// usesParent is set when an expression uses parent.x.
	usesParent *bool
}

// compileExpr compiles one expression; nil when it is not given or wrong.
func (c *compiler) compileExpr(t syntax.Text, s scope, w want) *expr {
	if t.Value == "" || s.record == nil {
		return nil
	}
	if indexed.MatchString(t.Value) || jsonPath.MatchString(t.Value) {
		c.wrongPath(t.Pos, notAPath(0, t.Value))
		return nil
	}
	if strings.ContainsAny(t.Value, "{}[]") {
		if w != wantText && w != wantPlain {
			c.templateNotAllowed(t)
			return nil
		}
		return c.compileTemplate(t, s)
	}
	return c.compileAlternatives(t, 0, t.Value, s, w)
}

// compileAlternatives compiles `x or first y or parent.z`, which starts at offset in t.
func (c *compiler) compileAlternatives(t syntax.Text, offset int, written string, s scope, w want) *expr {
	e := &expr{}
	for _, alternative := range splitOutsideQuotes(written, alternativeSeparator) {
		start := offset + len(alternative) - len(strings.TrimLeft(alternative, " "))
		src, ok := c.compileSource(t, start, strings.TrimSpace(alternative), s, w)
		if !ok {
			e = nil
		} else if e != nil {
			if n := len(e.alternatives); n > 0 && w != wantTruth && e.alternatives[n-1].required && !e.alternatives[n-1].parent {
				c.warnings.neverReached(t.At(start), e.alternatives[n-1].written)
			}
			e.alternatives = append(e.alternatives, src)
		}
		offset += len(alternative) + len(alternativeSeparator)
	}
	return e
}

func (c *compiler) compileSource(t syntax.Text, offset int, written string, s scope, w want) (source, bool) {
	var src source
	whole := written
	if rest, ok := strings.CutPrefix(written, firstPrefix); ok {
		src.first = true
		offset += len(written) - len(strings.TrimLeft(rest, " "))
		written = strings.TrimLeft(rest, " ")
	}
	root, name := s.record, s.name
	if rest, ok := strings.CutPrefix(written, "parent."); ok {
		if s.parent == nil && s.noParent == "" {
			return src, false
		}
		if s.parent == nil {
			c.parentNotUsable(t.At(offset), written, s.noParent)
			return src, false
		}
		src.parent = true
		root, name = s.parent, s.parentName
		offset += len("parent.")
		written = rest
	}
	p, mistake := compilePath(written, root, name)
	if mistake != nil {
		c.wrongPath(t.At(offset+mistake.offset), mistake)
		return src, false
	}
	src.path = p
	if src.first && !p.list() {
		c.firstOfNoList(t.At(offset), written, p.describe())
		return src, false
	}
	if !c.fits(t.At(offset), src, whole, w) {
		return src, false
	}
	if src.parent {
		*s.usesParent = true
	}
	return src, true
}

// fits reports whether a source can be used for w. One that cannot is a mistake.
func (c *compiler) fits(at syntax.Pos, s source, written string, w want) bool {
	k := apitype.KindOf(s.typ)
	scalar := k != apitype.KindObject && k != apitype.KindMap
	single := !s.list() || s.first
	switch {
	case w == wantText && !single && scalar:
		c.listForText(at, written, s.describe())
	case w == wantText && !scalar:
		c.objectForText(at, written, s.describe(), "text")
	case w == wantTexts && !scalar:
		c.objectForText(at, written, s.describe(), "a list of text")
	case w == wantTruth && (s.list() || k != apitype.KindBool && k != apitype.KindAny):
		c.notWanted(at, written, s.describe(), "a truth value")
	case w == wantTime && (s.list() || !scalar || k == apitype.KindBool):
		c.notWanted(at, written, s.describe(), "a time")
	case w == wantPlain && holdsObjects(s.typ):
		c.objectInProfile(at, written, s.describe())
	default:
		return true
	}
	return false
}

// holdsObjects reports whether a value of type t is or contains an object with
// fields of its own, which a profile does not take apart.
func holdsObjects(t reflect.Type) bool {
	k := apitype.KindOf(t)
	return k == apitype.KindObject || (k == apitype.KindList || k == apitype.KindMap) && holdsObjects(apitype.Deref(t).Elem())
}

// templateReader reads a template piece by piece.
type templateReader struct {
	c      *compiler
	text   syntax.Text
	scope  scope
	offset int
	// wrong reports that an expression is wrong, unclosed that the brackets are.
	wrong, unclosed bool
}

// compileTemplate compiles text with expressions in braces and optional groups in brackets.
func (c *compiler) compileTemplate(t syntax.Text, s scope) *expr {
	r := &templateReader{c: c, text: t, scope: s}
	pieces := r.pieces(false)
	if r.wrong || r.unclosed {
		return nil
	}
	return &expr{template: pieces}
}

// pieces reads to the end or, in a group, to its `]`.
func (r *templateReader) pieces(inGroup bool) []piece {
	pieces := []piece{}
	for !r.unclosed && r.offset < len(r.text.Value) {
		rest := r.text.Value[r.offset:]
		plain := strings.IndexAny(rest, "{}[]")
		switch {
		case plain < 0:
			plain = len(rest)
			fallthrough
		case plain > 0:
			pieces = append(pieces, piece{text: rest[:plain]})
			r.offset += plain
		case rest[0] == '{':
			pieces = append(pieces, piece{expr: r.expression(rest)})
		case rest[0] == '[' && !inGroup:
			pieces = append(pieces, piece{group: r.group()})
		case rest[0] == ']' && inGroup:
			return pieces
		case rest[0] == '[':
			r.c.nestedBrackets(r.giveUp())
		default:
			r.c.closesNothing(r.giveUp(), rest[:1])
		}
	}
	return pieces
}

// expression reads `{...}`, with which rest starts.
func (r *templateReader) expression(rest string) *expr {
	length := strings.IndexByte(rest, '}')
	if length < 0 {
		r.c.notClosed(r.giveUp(), "{")
		return nil
	}
	e := r.c.compileAlternatives(r.text, r.offset+1, rest[1:length], r.scope, wantText)
	r.wrong = r.wrong || e == nil
	r.offset += length + 1
	return e
}

// group reads `[...]`.
func (r *templateReader) group() []piece {
	start := r.offset
	r.offset++
	group := r.pieces(true)
	if r.unclosed {
		return nil
	}
	closed := r.offset < len(r.text.Value)
	if hasPath := slices.ContainsFunc(group, func(p piece) bool { return p.text == "" }); !closed || !hasPath {
		r.offset = start
		if closed {
			r.c.groupWithoutPath(r.giveUp())
		} else {
			r.c.notClosed(r.giveUp(), "[")
		}
	}
	r.offset++
	return group
}

// giveUp ends the reading and returns where.
func (r *templateReader) giveUp() syntax.Pos {
	r.unclosed = true
	return r.text.At(r.offset)
}
