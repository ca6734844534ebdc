package connector

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/mapping"
)

// keptPage is what later phases need of one step of a list. It lives in the
// session store, under the number of the step, so that no page is read twice in
// a sync.
type keptPage struct {
	// More tells that another step comes after it.
	More bool
	Rows []keptRow
	// Shown are the ids of resources of other types that the records show.
	Shown map[string][]string
}

// keptRow is one resource of a page.
type keptRow struct {
	ID     string
	Grants []keptGrant
	Names  []keptEntitlement
}

// keptGrant is an entitlement that the resource holds: by which rule of its
// type, on which resource.
type keptGrant struct {
	Rule int
	On   string
}

// keptEntitlement is how an entitlement on the resource is called.
type keptEntitlement struct {
	Name        string
	Description string
}

func pageKey(t *mapping.ResourceType, step int) string { return fmt.Sprintf("page/%s/%d", t.ID, step) }

// countKey is where the number of a whole list's steps is kept.
func countKey(t *mapping.ResourceType) string { return "pages/" + t.ID }

// store puts a value into the session store, and tells whether it is there now.
func store(ctx context.Context, o resource.SyncOpAttrs, key string, value []byte) bool {
	if o.Session == nil {
		return false
	}
	err := o.Session.Set(ctx, key, value)
	if err != nil {
		ctxzap.Extract(ctx).Debug("the session store did not keep a value", zap.String("key", key), zap.Error(err))
	}
	return err == nil
}

// stored reads a value from the session store; nil when it is not there.
func stored(ctx context.Context, o resource.SyncOpAttrs, key string) ([]byte, error) {
	if o.Session == nil {
		return nil, nil
	}
	value, ok, err := o.Session.Get(ctx, key)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || !ok:
		return nil, nil //nolint:nilerr // What cannot be read is lost.
	}
	return value, nil
}

// keep keeps a page for the phases to come: in memory if the session store does
// not take it.
func (s *syncer) keep(ctx context.Context, o resource.SyncOpAttrs, l *listing, step int, p *keptPage) {
	inStore := store(ctx, o, pageKey(s.typ, step), p.encode())
	l.mu.Lock()
	delete(l.memory, step)
	if !inStore {
		l.memory[step] = p
	}
	l.mu.Unlock()
	if !p.More {
		store(ctx, o, countKey(s.typ), []byte(strconv.Itoa(step+1)))
	}
}

// kept returns a page that was kept; nil when it is lost.
func (s *syncer) kept(ctx context.Context, o resource.SyncOpAttrs, l *listing, step int) (*keptPage, error) {
	l.mu.Lock()
	p := l.memory[step]
	l.mu.Unlock()
	if p != nil {
		return p, nil
	}
	value, err := stored(ctx, o, pageKey(s.typ, step))
	if err != nil {
		return nil, err
	}
	if p, ok := decodeKept(value); ok && p.fits(s.typ) {
		return p, nil
	}
	return nil, nil
}

// fits tells whether the page was kept by this mapping: a sync may be resumed
// with another.
func (p *keptPage) fits(t *mapping.ResourceType) bool {
	for _, row := range p.Rows {
		if len(row.Names) != len(t.Entitlements) {
			return false
		}
		for _, g := range row.Grants {
			if g.Rule < 0 || g.Rule >= len(t.Grants) {
				return false
			}
		}
	}
	return true
}

// pageCount returns how many pages a list has that was read to its end; 0 when
// that is not known.
func (s *syncer) pageCount(ctx context.Context, o resource.SyncOpAttrs, l *listing) (int, error) {
	if l.whole {
		return l.at, nil
	}
	value, err := stored(ctx, o, countKey(s.typ))
	if err != nil {
		return 0, err
	}
	count, err := strconv.Atoi(string(value))
	if err != nil {
		return 0, nil //nolint:nilerr // It is lost.
	}
	return max(0, count), nil
}

// catchUp brings a list to the step of this number, from what the steps before
// have kept. It returns false if some of that is lost.
func (s *syncer) catchUp(ctx context.Context, o resource.SyncOpAttrs, l *listing, step int) (bool, error) {
	l.restart()
	for ; l.at < step; l.at++ {
		p, err := s.kept(ctx, o, l, l.at)
		if err != nil || p == nil {
			return false, err
		}
		for _, row := range p.Rows {
			id, err := s.typ.ParseID(row.ID)
			if err != nil {
				return false, nil //nolint:nilerr // It was kept by another mapping.
			}
			l.seen.add(hashOf(id))
		}
	}
	return true, nil
}

// page returns what was kept of a step of the type's list.
func (s *syncer) page(ctx context.Context, o resource.SyncOpAttrs, state *syncState, step int) (*keptPage, error) {
	if s.typ.Whole() {
		return s.pageOfWhole(ctx, state)
	}
	l := state.listing(s.Connector, s.typ)
	p, err := s.kept(ctx, o, l, step)
	if err != nil || p != nil {
		return p, err
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return s.makeAnew(ctx, o, state, l, step)
}

// pageOfWhole returns what a list in one reply shows of other types.
func (s *syncer) pageOfWhole(ctx context.Context, state *syncState) (*keptPage, error) {
	list, err := state.whole(ctx, s.Connector, s.typ)
	if err != nil {
		return nil, err
	}
	p, seen := &keptPage{Shown: map[string][]string{}}, map[string]bool{}
	for _, r := range list.records {
		if err := s.keepShown(ctx, state, r, p, seen); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// makeAnew makes a page for one that is lost, of everything in the list that no
// page has which is still there. It reads the list again, from end to end.
func (s *syncer) makeAnew(ctx context.Context, o resource.SyncOpAttrs, state *syncState, l *listing, step int) (*keptPage, error) {
	if l.rest != nil && l.restOf == step {
		return l.rest, nil
	}
	count, err := s.pageCount(ctx, o, l)
	if err != nil {
		return nil, err
	}
	if l.rest != nil {
		return &keptPage{More: step+1 < count}, nil // Its rows are on the page that was made before.
	}
	covered := idSet{}
	for i := range max(count, step) {
		p, err := s.kept(ctx, o, l, i)
		if err != nil {
			return nil, err
		}
		for _, row := range rowsOf(p) {
			if id, err := s.typ.ParseID(row.ID); err == nil {
				covered.add(hashOf(id))
			}
		}
	}
	rest := &keptPage{More: step+1 < count, Shown: map[string][]string{}}
	again := s.newListing(s.typ)
	defer again.ahead.drop()
	for at := (&cursor{}); at != nil; {
		read, err := again.step(ctx, *at)
		if err != nil {
			return nil, err
		}
		p, err := s.keptOf(ctx, state, read, func(id mapping.ID) bool {
			hash := hashOf(id)
			return !covered.has(hash) && (!l.whole || l.seen.has(hash))
		})
		if err != nil {
			return nil, err
		}
		rest.Rows = append(rest.Rows, p.Rows...)
		for t, ids := range p.Shown {
			rest.Shown[t] = append(rest.Shown[t], ids...)
		}
		at = read.next
	}
	l.rest, l.restOf = rest, step
	return rest, nil
}

func rowsOf(p *keptPage) []keptRow {
	if p == nil {
		return nil
	}
	return p.Rows
}

// keptOf works out what later phases need of a step, of the records that are wanted.
func (s *syncer) keptOf(ctx context.Context, state *syncState, read *stepOfList, wanted func(mapping.ID) bool) (*keptPage, error) {
	p := &keptPage{More: read.next != nil, Rows: make([]keptRow, 0, len(read.ids)), Shown: map[string][]string{}}
	seen := map[string]bool{}
	for i, id := range read.ids {
		if wanted != nil && !wanted(id) {
			continue
		}
		row, err := s.row(ctx, state, id, read.records[i], wantGrants|wantNames)
		if err != nil {
			return nil, err
		}
		p.Rows = append(p.Rows, row)
		if err := s.keepShown(ctx, state, read.records[i], p, seen); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// keepShown adds the ids of the resources of other types that a record shows.
func (s *syncer) keepShown(ctx context.Context, state *syncState, r mapping.Record, p *keptPage, seen map[string]bool) error {
	for _, t := range s.plan.Types {
		ids, err := s.shownIDs(ctx, state, t, r)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if key := t.ID + ":" + id.String(); !seen[key] {
				seen[key] = true
				p.Shown[t.ID] = append(p.Shown[t.ID], id.String())
			}
		}
	}
	return nil
}

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
