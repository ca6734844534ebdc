package paging

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

const (
	// maxReadings is the number of readings in which a list has to reach its total.
	maxReadings = 3
	// maxRewinds is the number of rewinds in a row.
	maxRewinds = 12
	// maxIdle is the number of requests of a reading that may return nothing new,
	// beside two for each that does.
	maxIdle = 200
	// maxStalled is the number of pages in a row without progress towards the end.
	maxStalled = 1000
	// maxPages is the maximum number of pages of a list.
	maxPages = 1_000_000
)

// syncLater is the advice for a list that changes too much.
const syncLater = "sync again when it is quieter, and if it stays so, the API does not page as the mapping says"

// shape compares a page with the records of the reading so far.
type shape struct {
	known, fresh int
	// mixed reports a known record behind a new one, twice a duplicate within the
	// page, and tail that the last record of the previous page is on it.
	mixed, twice, tail bool
}

func shapeOf(hashes []uint64, tail uint64, known func(uint64) bool) shape {
	var s shape
	here := make(map[uint64]bool, len(hashes))
	for _, hash := range hashes {
		switch {
		case here[hash]:
			s.twice = true
		case known(hash):
			s.known++
			s.mixed = s.mixed || s.fresh > 0
		default:
			s.fresh++
		}
		here[hash] = true
		s.tail = s.tail || hash == tail
	}
	return s
}

// step is the outcome of a page.
type step struct {
	// next is the place of the next page, or of the last one at the end.
	next Token
	// used reports that the page continues the list. Otherwise it is discarded.
	used bool
	// end reports that the list has ended.
	end bool
}

// advance returns the step after the page at a token. early reports that the page
// was prefetched before the previous one was read, so it may show another state of
// the list. known reports whether this reading has a record.
func advance[T any](r Rules, t Token, p *Page[T], early bool, known func(hash uint64) bool) (step, error) {
	if p.Gone {
		return step{next: Token{Reading: t.Reading}, end: true}, nil
	}
	s := shapeOf(p.Hashes, t.Tail, known)
	after := t
	after.Last = Fingerprint(p.Hashes)
	if p.Total > 0 {
		after.Moved = t.Moved || t.Total > 0 && p.Total != t.Total
		after.Total = p.Total
	}
	after.Disorder = t.Disorder || s.twice && after.Total > 0
	move := numbered
	switch {
	case t.overlaps(r):
		move = overlapping
	case r.ByCursor:
		move = follow
	}
	out, err := move(r, t, after, view{hashes: p.Hashes, shape: s, cursor: p.Next, dropped: p.Total > 0 && p.Total < t.Total, early: early})
	if err != nil || out.end {
		return out, err
	}
	return out, out.next.count(r, s, out.used)
}

// view is the part of a page that decides about the next step.
type view struct {
	shape
	hashes  []uint64
	cursor  string
	dropped bool // the total is lower than on the page before
	early   bool
}

// count counts a page, and refuses an endless list.
func (t *Token) count(r Rules, s shape, used bool) error {
	switch {
	case !used || s.fresh == 0:
		t.Idle++
	case t.Offset >= t.Total:
		t.New, t.Left, t.Stalled = t.New+1, 1, 0
	case t.Left == 0 || t.Total-t.Offset < t.Left:
		t.New, t.Left, t.Stalled = t.New+1, t.Total-t.Offset, 0
	default:
		t.New, t.Stalled = t.New+1, t.Stalled+1
	}
	switch {
	case t.Idle > maxIdle+2*t.New:
		return changing("%s: the list repeats: %d requests returned nothing new, the last before offset %d, page %d; "+syncLater,
			r.Operation, t.Idle, t.Offset, t.Page+1)
	case t.Stalled > maxStalled:
		return changing("%s: the list grows as quickly as it is read: after %d pages the API still reports %d records beyond them", r.Operation, t.New, t.Total-t.Offset)
	case t.New > maxPages:
		return unusable("%s: the list has no end after %d pages", r.Operation, t.New)
	}
	return nil
}

// overlapping advances from a page that has to start with the last record of
// the previous page.
func overlapping(r Rules, t, after Token, p view) (step, error) {
	n := len(p.hashes)
	if after.Total == 0 {
		n = p.known + p.fresh // An API that repeats records may count them once.
	}
	switch {
	case n == 0 && t.Offset < after.Total:
		return missing(r, t, after, p)
	case n == 0 && (t.Offset == 0 || t.Gap && !p.dropped):
		return step{next: after, used: true, end: true}, nil
	case n == 0:
		return rewind(r, t, after)
	case t.Offset == 0:
		after.First = p.hashes[0]
		after.Disorder = after.Disorder || t.Behind && (p.mixed || p.known == 0)
	case !t.Behind && p.hashes[0] == t.First && r.ByNumber && t.New == 1:
		after = t // The API ignores the offset: page by number instead.
		after.Numbered, after.Gap, after.Offset, after.Page = true, false, t.PageLen, 1
		if t.PageLen < t.size(r) {
			after.Size = t.PageLen
		}
		return step{next: after}, nil
	case after.Last == t.Last:
		return step{}, ignored(r, t)
	case t.Behind && !t.Gap && p.known == 0:
		return rewind(r, t, after)
	case t.Behind:
		after.Disorder = after.Disorder || p.mixed
	case !t.Gap && !p.tail:
		return rewind(r, t, after)
	case !t.Gap && (p.hashes[0] != t.Tail || p.known > 1), t.Gap && p.known > 0:
		if p.early {
			return reread(after)
		}
		after.Disorder = true
	case p.dropped && !p.early:
		return rewind(r, t, after) // Records moved: read them again, in case one was missed.
	}
	end := t.Offset + n
	if t.PageLen > 0 && t.Offset > 0 && (n > t.PageLen || n < t.PageLen && end < after.Total) {
		after.Disorder = true // A page of another length may lack a record.
	}
	short := n < t.size(r) && (t.Offset == 0 || n < t.PageLen)
	if short && end == after.Total {
		return step{next: after, used: true, end: true}, nil
	}
	if n == 1 && p.known == 1 && t.PageLen < t.size(r) && end > after.Total {
		return step{next: after, used: true, end: true}, nil // No total, and nothing behind a short page.
	}
	after.accept(p, n)
	if after.Size > 0 && after.Size < 8 {
		after.Size, after.PageLen = 2*after.Size, 0 // It was made smaller for a few large records.
	}
	after.Gap = n == 1 // There is no room to overlap.
	if after.Gap {
		end++
	}
	after.moveTo(r, end-1)
	return step{next: after, used: true}, nil
}

// numbered advances from a page that starts behind the previous page.
func numbered(r Rules, t, after Token, p view) (step, error) {
	n := len(p.hashes)
	switch {
	case n == 0 && t.Offset < after.Total:
		return missing(r, t, after, p)
	case p.dropped && t.Page > 0:
		return rewind(r, t, after)
	case n == 0:
		return step{next: after, used: true, end: true}, nil
	case t.Page == 1 && t.Size > 0 && t.Size < r.Size && after.Total == 0 && p.known > 0:
		// The first page was short by records that the API does not show.
		t.Size, t.Offset = r.Size, r.Size
		return step{next: t}, nil
	case after.Last == t.Last:
		return step{}, ignored(r, t)
	case t.Behind:
		after.Disorder = after.Disorder || p.mixed
	case p.known > 0 && p.early:
		return reread(after)
	case p.known > 0:
		after.Disorder = true
	}
	size, end := t.size(r), t.Offset+n
	if (n < size || t.Page > 0 && n < t.PageLen) && end == after.Total {
		return step{next: after, used: true, end: true}, nil
	}
	if t.Page == 0 && n < size {
		after.Size, size = n, n // The API returns fewer: ask for that many, so that pages start where expected.
	}
	after.accept(p, n)
	after.Page++
	after.Offset = max(end, after.Page*size)
	return step{next: after, used: true}, nil
}

// follow advances to the page that a reply names.
func follow(r Rules, t, after Token, p view) (step, error) {
	switch {
	case len(p.hashes) > 0 && after.Last == t.Last:
		return step{}, ignored(r, t)
	case p.cursor == "":
		return step{next: after, used: true, end: true}, nil
	case p.cursor == t.Cursor:
		return step{}, unusable("%s: the reply names its own page as the next one", r.Operation)
	case p.cursor == t.CycleMark:
		return step{}, unusable("%s: the reply names an earlier page as the next one; the list never ends", r.Operation)
	}
	after.PageLen = len(p.hashes)
	after.Page++
	after.Offset = 0
	after.Cursor = p.cursor
	if t.Page&(t.Page-1) == 0 {
		after.CycleMark = t.Cursor
	}
	return step{next: after, used: true}, nil
}

// accept takes a page as read. A rewound list has caught up once a page has a new
// record.
func (t *Token) accept(p view, n int) {
	t.PageLen, t.Tail = n, p.hashes[len(p.hashes)-1]
	if p.fresh > 0 {
		t.Behind = false
		if p.known > 0 {
			t.Rewinds = 0
		}
	}
}

// reread reads a page again that was prefetched too early.
func reread(after Token) (step, error) {
	after.Last = 0
	return step{next: after}, nil
}

// rewind goes back when records moved: by the number of records lost, at least a
// page, and by twice as much after each rewind that did not suffice.
func rewind(r Rules, t, after Token) (step, error) {
	if t.Rewinds >= maxRewinds || t.Offset == 0 {
		return step{}, changing("%s: the page at offset %d does not continue the one before it, %d times in a row: records were deleted or moved while they were listed; "+syncLater,
			r.Operation, t.Offset, t.Rewinds+1)
	}
	distance := max(1, t.PageLen, t.size(r), t.Total-after.Total) << t.Rewinds
	after.Rewinds, after.Behind, after.Gap, after.Last = t.Rewinds+1, true, false, 0
	after.moveTo(r, max(0, t.Offset-distance))
	return step{next: after}, nil
}

// missing refuses an empty page before the reported end.
func missing(r Rules, t, after Token, p view) (step, error) {
	if p.early {
		return reread(after)
	}
	return step{}, changing("%s: the API reported %d records but returned none from record %d on; sync again, and if it stays so, the API does not list everything",
		r.Operation, after.Total, t.Offset+1)
}

func ignored(r Rules, t Token) error {
	return unusable("%s: page %d has the same records as the page before it; the API seems to ignore the paging fields", r.Operation, t.New+1)
}

// finish returns where the next reading starts after one with so many distinct
// records: nil if the list is proved complete.
func (t Token) finish(r Rules, distinct int) (*Token, error) {
	if distinct >= t.Total && (!t.Disorder || t.Total == distinct && !t.Moved) {
		return nil, nil
	}
	if t.Reading+1 < maxReadings {
		return &Token{Batch: t.Batch, Reading: t.Reading + 1, Numbered: t.Numbered}, nil
	}
	if distinct >= t.Total {
		return nil, changing("%s: the records did not keep their order in %d readings of the list; have it sorted by a field that no two records share, or sync again when it is quieter",
			r.Operation, maxReadings)
	}
	return nil, changing("%s: the API reported %d records but returned %d different ones in %d readings of the list; sync again, and if it stays so, the API does not list everything",
		r.Operation, t.Total, distinct, maxReadings)
}

// Fingerprint returns a hash of hashes in their order. It is never 0.
func Fingerprint(hashes []uint64) uint64 {
	bytes := make([]byte, 0, 8*len(hashes))
	for _, hash := range hashes {
		bytes = binary.LittleEndian.AppendUint64(bytes, hash)
	}
	return max(1, xxhash.Sum64(bytes))
}
