package connector

import (
	"encoding/binary"
	"maps"
	"slices"
)

// Kept pages are written and read for every user, some of them three times, so
// their form is as short to read as it can be: numbers are varints, and a text is
// its length and its bytes. The first byte is the version of the form: what
// another version of the connector has kept is as good as lost.

const keptForm = 1

func (p *keptPage) encode() []byte {
	w := keptWriter{keptForm}
	w.flag(p.More)
	w.number(len(p.Shown))
	for _, t := range slices.Sorted(maps.Keys(p.Shown)) {
		w.text(t)
		w.number(len(p.Shown[t]))
		for _, id := range p.Shown[t] {
			w.text(id)
		}
	}
	w.number(len(p.Rows))
	for _, row := range p.Rows {
		w.text(row.ID)
		w.number(len(row.Grants))
		for _, g := range row.Grants {
			w.number(g.Rule)
			w.text(g.On)
		}
		w.number(len(row.Names))
		for _, n := range row.Names {
			w.text(n.Name)
			w.text(n.Description)
		}
	}
	return w
}

// decodeKept reads a page that encode wrote, false if it is anything else.
func decodeKept(value []byte) (*keptPage, bool) {
	r := keptReader{rest: string(value)} // The page's texts are parts of this one.
	if r.number() != keptForm {
		return nil, false
	}
	p := &keptPage{More: r.number() == 1, Shown: map[string][]string{}}
	for range r.count() {
		t := r.text()
		ids := make([]string, r.count())
		for i := range ids {
			ids[i] = r.text()
		}
		p.Shown[t] = ids
	}
	p.Rows = make([]keptRow, r.count())
	for i := range p.Rows {
		row := &p.Rows[i]
		row.ID = r.text()
		row.Grants = make([]keptGrant, r.count())
		for j := range row.Grants {
			row.Grants[j] = keptGrant{Rule: r.number(), On: r.text()}
		}
		row.Names = make([]keptEntitlement, r.count())
		for j := range row.Names {
			row.Names[j] = keptEntitlement{Name: r.text(), Description: r.text()}
		}
	}
	return p, !r.broken && r.rest == ""
}

type keptWriter []byte

func (w *keptWriter) number(n int) { *w = binary.AppendUvarint(*w, uint64(n)) } //nolint:gosec // Never negative.

func (w *keptWriter) flag(set bool) {
	if set {
		w.number(1)
		return
	}
	w.number(0)
}

func (w *keptWriter) text(s string) {
	w.number(len(s))
	*w = append(*w, s...)
}

// keptReader reads a page. After what cannot be, everything is zero.
type keptReader struct {
	rest   string
	broken bool
}

func (r *keptReader) fail() int {
	r.rest, r.broken = "", true
	return 0
}

func (r *keptReader) number() int {
	n := uint64(0)
	for i := 0; i < len(r.rest) && i < 5; i++ {
		n |= uint64(r.rest[i]&0x7f) << (7 * i)
		if r.rest[i] < 0x80 {
			r.rest = r.rest[i+1:]
			return int(n) //nolint:gosec // At most 35 bits.
		}
	}
	return r.fail()
}

// count reads how many things follow, of which each has at least a byte.
func (r *keptReader) count() int {
	if n := r.number(); n <= len(r.rest) {
		return n
	}
	return r.fail()
}

func (r *keptReader) text() string {
	n := r.count()
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}
