package mapping

import (
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// Report is the result of checking a mapping file.
type Report struct {
	// Plan is nil when the file has mistakes.
	Plan *Plan
	// Mistakes make the file unusable; they are sorted by place.
	Mistakes Mistakes
	// Warnings are legal and probably wrong, sorted by place. A file with mistakes
	// has none, since a mistake may be their cause.
	Warnings Mistakes

	file  string
	doc   *syntax.Document
	lines [][]rune
}

// Check reads a mapping as Load does, and also warns of what is legal and
// probably wrong: access that the API shows and nothing reads, a list of which
// only the first page is read, an entitlement that nothing grants.
func Check(name string, src []byte, env Environment) *Report {
	r := read(name, src, env)
	if r.Plan != nil {
		r.Warnings = slices.Clone(r.Plan.Warnings)
	}
	return r
}

func read(name string, src []byte, env Environment) *Report {
	found := &syntax.Collector{File: name}
	doc, lines, ok := syntax.Parse(found, src)
	r := &Report{file: name, doc: doc, lines: lines}
	if ok {
		c := newCompiler(found, env)
		r.Plan = c.compile(doc)
		if len(found.All) == 0 {
			(&warner{mistakes: c.warnings, plan: r.Plan, doc: doc}).warn()
			r.Plan.Warnings = c.warnings.Sorted()
		}
	}
	if r.Mistakes = found.Sorted(); len(r.Mistakes) > 0 {
		r.Plan = nil
	}
	return r
}

// Compare warns of incompatible differences between the contract before, which name
// describes, and the mapping's; with additions, of new types and entitlements as well.
func (r *Report) Compare(name string, before Contract, additions bool) {
	if r.Plan == nil {
		return
	}
	found := &syntax.Collector{File: r.file, All: r.Warnings}
	for _, change := range r.Plan.Contract().changes(before) {
		if additions || !change.added {
			mistakes{found}.changed(r.place(change), change.what, name)
		}
	}
	r.Warnings = found.Sorted()
}

// place returns the place of a change; that of a removed key is its table.
func (r *Report) place(of change) syntax.Pos {
	types := r.doc.ResourceTypes
	t, ok := find(types.Entries, func(e syntax.Entry[syntax.ResourceType]) bool { return e.Key.Value == of.typ })
	if !ok {
		return types.Pos
	}
	e, ok := find(t.Value.Entitlements.Entries, func(e syntax.Entry[syntax.Entitlement]) bool { return e.Key.Value == of.slug })
	for _, given := range []struct {
		key string
		pos syntax.Pos
	}{{"id", t.Value.ID.Pos}, {"trait", t.Value.Trait.Pos}, {"purpose", e.Value.Purpose.Pos}, {"grantable_to", e.Value.GrantableTo.Pos}} {
		if given.key == of.key && given.pos.Given() {
			return given.pos
		}
	}
	if ok {
		return e.Key.Pos
	}
	return t.Key.Pos
}

// Excerpt returns the line that a mistake is in, and under it a line with a
// caret under the place; "" when the file has no such line.
func (r *Report) Excerpt(m Mistake) (line, caret string) {
	if m.Line > len(r.lines) {
		return "", ""
	}
	runes := slices.Clone(r.lines[m.Line-1])
	at := min(m.Col-1, len(runes))
	cut := ""
	if at > excerptWidth {
		runes, at, cut = runes[at-excerptWidth/2:], excerptWidth/2, "…"
	}
	for i, c := range runes {
		if c < ' ' && c != '\t' || c >= 0x7f && c < 0xa0 {
			runes[i] = '\ufffd' // A terminal might obey it.
		}
	}
	indent := strings.Map(func(c rune) rune {
		if c == '\t' {
			return c
		}
		return ' '
	}, cut+string(runes[:at]))
	if len(runes) > 2*excerptWidth {
		runes = append(runes[:2*excerptWidth], '…')
	}
	return cut + string(runes), indent + "^"
}

// excerptWidth is how many characters before a place are shown.
const excerptWidth = 100
