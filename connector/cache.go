package connector

import (
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/paging"
	"github.com/conductorone/baton-descope/mapping"
)

// page has what later phases need of one batch of a list. It is cached in the session
// store under the number of the batch, so that no page is read twice in a sync.
type page struct {
	// More reports that another batch follows.
	More bool
	Rows []row
	// Derived are the ids of resources of other types that the records show, by type.
	Derived map[string][]string
}

// row is one resource of a page.
type row struct {
	ID     string
	Grants []rowGrant
	Names  []rowName
}

// rowGrant is an entitlement that the resource holds: the rule of its type, and the
// resource that it is held on.
type rowGrant struct {
	Rule int
	On   string
}

// rowName has the texts of an entitlement on the resource.
type rowName struct {
	Name        string
	Description string
}

func pageKey(t *mapping.ResourceType, batch int) string {
	return fmt.Sprintf("page/%s/%d", t.ID, batch)
}

// countKey is the key of the number of batches of a complete list.
func countKey(t *mapping.ResourceType) string { return "pages/" + t.ID }

// maxValue is the maximum size of a value in the session store, in bytes; the SDK's
// limit is 3.9 MiB. A longer value is stored in parts.
const maxValue = 1 << 20

// store writes a value into the session store, and reports whether it succeeded.
func (ts *typeSync) store(ctx context.Context, key string, value []byte) bool {
	if ts.session == nil {
		return false
	}
	head := binary.BigEndian.AppendUint64(nil, xxhash.Sum64(value))
	head = binary.BigEndian.AppendUint32(head, uint32((len(value)+maxValue-1)/maxValue)) //nolint:gosec // No page is that long.
	err := ts.session.Set(ctx, key, append(head, value[:min(len(value), maxValue)]...))
	for n := 1; err == nil && n*maxValue < len(value); n++ {
		err = ts.session.Set(ctx, partKey(key, n), value[n*maxValue:min(len(value), (n+1)*maxValue)])
	}
	if err != nil {
		ctxzap.Extract(ctx).Debug("the session store did not keep a value", zap.String("key", key), zap.Error(err))
	}
	return err == nil
}

// partKey is the key of a part of a value after the first.
func partKey(key string, n int) string { return fmt.Sprintf("%s/part/%d", key, n) }

// stored reads a value from the session store; nil if there is none.
func (ts *typeSync) stored(ctx context.Context, key string) ([]byte, error) {
	const head = 8 + 4
	value, err := ts.storedPart(ctx, key)
	if err != nil || len(value) < head {
		return nil, err
	}
	sum, parts := binary.BigEndian.Uint64(value), int(binary.BigEndian.Uint32(value[8:]))
	value = slices.Clip(value[head:])
	for n := 1; n < parts; n++ {
		part, err := ts.storedPart(ctx, partKey(key, n))
		if err != nil || len(part) == 0 {
			return nil, err
		}
		value = append(value, part...)
	}
	if xxhash.Sum64(value) != sum {
		return nil, nil // The parts belong to different pages.
	}
	return value, nil
}

func (ts *typeSync) storedPart(ctx context.Context, key string) ([]byte, error) {
	if ts.session == nil {
		return nil, nil
	}
	value, ok, err := ts.session.Get(ctx, key)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil || !ok:
		return nil, nil //nolint:nilerr // What cannot be read is lost.
	}
	return value, nil
}

// keep caches a page for later phases: in memory if the session store refuses it.
func (ts *typeSync) keep(ctx context.Context, batch int, p *page) {
	l := ts.listing()
	inStore := ts.store(ctx, pageKey(ts.typ, batch), p.encode())
	l.mu.Lock()
	delete(l.memory, batch)
	if !inStore {
		l.memory[batch] = p
	}
	l.mu.Unlock()
	if !p.More {
		ts.store(ctx, countKey(ts.typ), []byte(strconv.Itoa(batch+1)))
	}
}

// cached returns a cached page; nil when it is lost.
func (ts *typeSync) cached(ctx context.Context, batch int) (*page, error) {
	l := ts.listing()
	l.mu.Lock()
	p := l.memory[batch]
	l.mu.Unlock()
	if p != nil {
		return p, nil
	}
	value, err := ts.stored(ctx, pageKey(ts.typ, batch))
	if err != nil {
		return nil, err
	}
	if p, ok := decodePage(value); ok && p.fits(ts.typ) {
		return p, nil
	}
	return nil, nil
}

// fits reports whether the page was cached with this mapping: a sync may be resumed with
// another.
func (p *page) fits(t *mapping.ResourceType) bool {
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

// pageCount returns the number of pages of a list that was read to its end; 0 if not
// known.
func (ts *typeSync) pageCount(ctx context.Context, l *listing) (int, error) {
	if l.Complete {
		return l.At, nil
	}
	value, err := ts.stored(ctx, countKey(ts.typ))
	if err != nil {
		return 0, err
	}
	count, err := strconv.Atoi(string(value))
	if err != nil {
		return 0, nil //nolint:nilerr // It is lost.
	}
	return max(0, count), nil
}

// catchUp restores a list at the batch of this number, from the cached pages of the batches
// before. It returns false if one of them is lost.
func (ts *typeSync) catchUp(ctx context.Context, l *listing, batch int) (bool, error) {
	l.restart()
	for ; l.At < batch; l.At++ {
		p, err := ts.cached(ctx, l.At)
		if err != nil || p == nil {
			return false, err
		}
		for _, row := range p.Rows {
			id, err := ts.typ.ParseID(row.ID)
			if err != nil {
				return false, nil //nolint:nilerr // It was kept by another mapping.
			}
			l.Seen.Add(hashOf(id))
		}
	}
	return true, nil
}

// page returns the cached page of a batch of the type's list.
func (ts *typeSync) page(ctx context.Context, batch int) (*page, error) {
	if ts.typ.Unpaged() {
		return ts.pageOfUnpaged(ctx)
	}
	l := ts.listing()
	p, err := ts.cached(ctx, batch)
	if err != nil || p != nil {
		return p, err
	}
	leave, err := l.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	return ts.rebuild(ctx, l, batch)
}

// pageOfUnpaged returns the resources of other types that a list in one reply shows.
func (ts *typeSync) pageOfUnpaged(ctx context.Context) (*page, error) {
	list, err := ts.unpaged(ctx)
	if err != nil {
		return nil, err
	}
	if p := list.page.Load(); p != nil {
		return p, nil
	}
	p, isNew := &page{Derived: map[string][]string{}}, newOnce()
	for _, r := range list.records {
		if err := ts.addDerived(ctx, r, p, isNew); err != nil {
			return nil, err
		}
	}
	list.page.Store(p)
	return p, nil
}

// rebuild replaces a lost page: it reads the whole list again, and returns a page of
// everything that no remaining page has.
func (ts *typeSync) rebuild(ctx context.Context, l *listing, batch int) (*page, error) {
	if l.rest != nil && l.restOf == batch {
		return l.rest, nil
	}
	count, err := ts.pageCount(ctx, l)
	if err != nil {
		return nil, err
	}
	if l.rest != nil {
		return &page{More: batch+1 < count}, nil // Its rows are on the page that was rebuilt before.
	}
	covered, isNew := paging.IDSet{}, newOnce()
	rest := &page{More: batch+1 < count, Derived: map[string][]string{}}
	for i := range max(count, batch) {
		p, err := ts.cached(ctx, i)
		if err != nil {
			return nil, err
		}
		for _, row := range rowsOf(p) {
			if id, err := ts.typ.ParseID(row.ID); err == nil {
				covered.Add(hashOf(id))
			}
			if err := ts.addHeld(ctx, row, rest, isNew); err != nil {
				return nil, err
			}
		}
	}
	again := ts.newListing(false)
	defer again.Drop()
	for at := (&paging.Token{}); at != nil; {
		read, err := again.readBatch(ctx, *at)
		if err != nil {
			return nil, err
		}
		p, err := ts.pageOf(ctx, read, isNew)
		if err != nil {
			return nil, err
		}
		for i, id := range read.ids {
			if hash := hashOf(id); !covered.Has(hash) && (!l.Complete || l.Seen.Has(hash)) {
				rest.Rows = append(rest.Rows, p.Rows[i])
			}
		}
		for t, ids := range p.Derived {
			rest.Derived[t] = append(rest.Derived[t], ids...)
		}
		at = read.next
	}
	l.rest, l.restOf = rest, batch
	return rest, nil
}

func rowsOf(p *page) []row {
	if p == nil {
		return nil
	}
	return p.Rows
}

// pageOf computes what later phases need of a batch. isNew reports, for each resource of
// another type that the records show, whether it belongs to the page.
func (ts *typeSync) pageOf(ctx context.Context, read *batch, isNew isNew) (*page, error) {
	p := &page{More: read.next != nil, Rows: make([]row, 0, len(read.ids)), Derived: map[string][]string{}}
	for i, id := range read.ids {
		row, err := ts.row(ctx, id, read.records[i], wantGrants|wantNames)
		if err != nil {
			return nil, err
		}
		p.Rows = append(p.Rows, row)
		if err := ts.addDerived(ctx, read.records[i], p, isNew); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// addDerived adds the ids of the resources of other types that a record shows: those that
// are not listed and are like a listed one.
func (ts *typeSync) addDerived(ctx context.Context, r mapping.Record, p *page, isNew isNew) error {
	for _, t := range ts.plan.Types {
		also := t.DerivedIn(ts.typ)
		if also == nil || !ts.willSync(t) {
			continue
		}
		of := ts.of(t)
		list, err := of.unpaged(ctx)
		if err != nil {
			return err
		}
		err = also.Each(r, func(id mapping.ID) error { return of.addTo(ctx, p, list, id, isNew) })
		if err != nil {
			return lacksID(err)
		}
	}
	return nil
}

// addHeld adds the ids of the resources of other types that a row refers to and that are
// not listed.
func (ts *typeSync) addHeld(ctx context.Context, row row, p *page, isNew isNew) error {
	for _, g := range row.Grants {
		t := ts.typ.Grants[g.Rule].Entitlement.On
		if t.DerivedIn(ts.typ) == nil || !ts.willSync(t) {
			continue
		}
		id, err := t.ParseID(g.On)
		if err != nil {
			return errorf(codes.Internal, "%w", err)
		}
		of := ts.of(t)
		list, err := of.unpaged(ctx)
		if err == nil {
			err = of.addTo(ctx, p, list, id, isNew)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// addTo adds the id of a resource that a record of another type shows to the page
// of that record, if it belongs there.
func (ts *typeSync) addTo(ctx context.Context, p *page, list *unpagedList, id mapping.ID, isNew isNew) error {
	if _, listed := list.find(id); listed || !isNew(ts.typ, id) {
		return nil
	}
	like, err := ts.listedOrDerived(ctx, list, id)
	if err == nil && like.Given() {
		p.Derived[ts.typ.ID] = append(p.Derived[ts.typ.ID], id.String())
	}
	return err
}

// isNew reports whether a resource that a record of another type shows has to be returned
// with that record, since it was not returned before.
type isNew func(t *mapping.ResourceType, id mapping.ID) bool

// newOnce returns an isNew for a separate pass.
func newOnce() isNew {
	seen := map[string]bool{}
	return func(t *mapping.ResourceType, id mapping.ID) bool {
		key := t.ID + ":" + id.String()
		known := seen[key]
		seen[key] = true
		return !known
	}
}

// newIn returns the isNew of one batch of the type's list: each resource belongs to the
// first batch that shows it. What this batch and later ones showed in an earlier reading
// of the list does not count. The caller holds the lock of the list.
func (ts *typeSync) newIn(batch int) isNew {
	shown := ts.firstDerived()
	if batch <= shown.last {
		maps.DeleteFunc(shown.batches, func(_ string, first int) bool { return first >= batch })
	}
	shown.last = batch
	return func(t *mapping.ResourceType, id mapping.ID) bool {
		key := t.ID + ":" + id.String()
		if _, known := shown.batches[key]; known {
			return false
		}
		shown.batches[key] = batch
		return true
	}
}

// Cached pages are written and read for every user, some of them three times, so
// their encoding is compact: numbers are varints, and a text is its length and its
// bytes. The first byte is the version of the encoding; a page in another version
// counts as lost.

const pageForm = 1

func (p *page) encode() []byte {
	w := pageWriter{pageForm}
	w.flag(p.More)
	w.number(len(p.Derived))
	for _, t := range slices.Sorted(maps.Keys(p.Derived)) {
		w.text(t)
		w.number(len(p.Derived[t]))
		for _, id := range p.Derived[t] {
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

// decodePage reads a page that encode wrote; false if it is not valid.
func decodePage(value []byte) (*page, bool) {
	r := pageReader{rest: string(value)} // The texts of the page are substrings of it.
	if r.number() != pageForm {
		return nil, false
	}
	p := &page{More: r.number() == 1, Derived: map[string][]string{}}
	for range r.count() {
		t := r.text()
		ids := make([]string, r.count())
		for i := range ids {
			ids[i] = r.text()
		}
		p.Derived[t] = ids
	}
	p.Rows = make([]row, r.count())
	for i := range p.Rows {
		row := &p.Rows[i]
		row.ID = r.text()
		row.Grants = make([]rowGrant, r.count())
		for j := range row.Grants {
			row.Grants[j] = rowGrant{Rule: r.number(), On: r.text()}
		}
		row.Names = make([]rowName, r.count())
		for j := range row.Names {
			row.Names[j] = rowName{Name: r.text(), Description: r.text()}
		}
	}
	return p, !r.broken && r.rest == ""
}

type pageWriter []byte

func (w *pageWriter) number(n int) { *w = binary.AppendUvarint(*w, uint64(n)) } //nolint:gosec // Never negative.

func (w *pageWriter) flag(set bool) {
	if set {
		w.number(1)
		return
	}
	w.number(0)
}

func (w *pageWriter) text(s string) {
	w.number(len(s))
	*w = append(*w, s...)
}

// pageReader decodes a page. After invalid input it returns zero values.
type pageReader struct {
	rest   string
	broken bool
}

func (r *pageReader) fail() int {
	r.rest, r.broken = "", true
	return 0
}

func (r *pageReader) number() int {
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

// count reads a number of items, each of at least one byte.
func (r *pageReader) count() int {
	if n := r.number(); n <= len(r.rest) {
		return n
	}
	return r.fail()
}

func (r *pageReader) text() string {
	n := r.count()
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}
