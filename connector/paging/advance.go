package paging

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
)

const (
	// maxReadings is how often a list is read to come to its total.
	maxReadings = 3
	// maxRewinds is how often in a row a list goes back.
	maxRewinds = 12
	// maxIdle is how many requests of a reading may bring nothing new, beside
	// two for each that brings something.
	maxIdle = 200
	// maxStalled is how many pages in a row may bring the end no nearer.
	maxStalled = 1000
	// maxPages is how many pages a list may have.
	maxPages = 1_000_000
)

// quieter is what to do about a list that changes too much.
const quieter = "sync again when it is quieter, and if it stays so, the API does not page as the mapping says"

// shape is how a page stands to what the reading has.
type shape struct {
	known, fresh int
	// mixed reports a known record behind a new one, twice one that is on the
	// page twice, and tail that the last record of the page before is on it.
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

// step is what follows from a page.
type step struct {
	// next is the place of the next page, or of the last one at the end.
	next Token
	// used reports that the page follows on from what was read. If it does not,
	// nothing of it counts.
	used bool
	// end reports that the list has ended.
	end bool
}

// advance returns what follows from the page at a place. early reports that the
// page was asked for before the one before it was read, and so may be of
// another moment. known reports whether this reading has a record.
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

// view is what a move looks at in a page.
type view struct {
	shape
	hashes  []uint64
	cursor  string
	dropped bool // the total is lower than on the page before
	early   bool
}

// count counts a page, and refuses a list that does not come to an end.
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
		return changing("%s: the list goes round: %d requests brought nothing new, the last before offset %d, page %d; "+quieter,
			r.Operation, t.Idle, t.Offset, t.Page+1)
	case t.Stalled > maxStalled:
		return changing("%s: the list grows as quickly as it is read: after %d pages the API still reports %d records beyond them", r.Operation, t.New, t.Total-t.Offset)
	case t.New > maxPages:
		return unusable("%s: the list has no end after %d pages", r.Operation, t.New)
	}
	return nil
}

// overlapping moves on from a page that has to start with the last record of
// the page before it.
func overlapping(r Rules, t, after Token, p view) (step, error) {
	n := len(p.hashes)
	if after.Total == 0 {
		n = p.known + p.fresh // An API that repeats records may count them once.
	}
	switch {
	case n == 0 && t.Offset < after.Total:
		return none(r, t, after, p)
	case n == 0 && (t.Offset == 0 || t.Gap && !p.dropped):
		return step{next: after, used: true, end: true}, nil
	case n == 0:
		return rewind(r, t, after)
	case t.Offset == 0:
		after.First = p.hashes[0]
		after.Disorder = after.Disorder || t.Behind && (p.mixed || p.known == 0)
	case !t.Behind && p.hashes[0] == t.First && r.ByNumber && t.New == 1:
		after = t // The API ignores the offset: the list goes on by number.
		after.Numbered, after.Gap, after.Offset, after.Page = true, false, t.Width, 1
		if t.Width < t.size(r) {
			after.Size = t.Width
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
			return again(after)
		}
		after.Disorder = true
	case p.dropped && !p.early:
		return rewind(r, t, after) // What moved is read again, to see that nothing was missed.
	}
	end := t.Offset + n
	if t.Width > 0 && t.Offset > 0 && (n > t.Width || n < t.Width && end < after.Total) {
		after.Disorder = true // A page of another length may lack a record.
	}
	short := n < t.size(r) && (t.Offset == 0 || n < t.Width)
	if short && end == after.Total {
		return step{next: after, used: true, end: true}, nil
	}
	if n == 1 && p.known == 1 && t.Width < t.size(r) && end > after.Total {
		return step{next: after, used: true, end: true}, nil // No total to go by, and nothing behind a short page.
	}
	after.land(p, n)
	if after.Size > 0 && after.Size < 8 {
		after.Size, after.Width = 2*after.Size, 0 // It was made smaller for a few large records.
	}
	after.Gap = n == 1 // There is no room to overlap.
	if after.Gap {
		end++
	}
	after.moveTo(r, end-1)
	return step{next: after, used: true}, nil
}

// numbered moves on from a page that starts behind the page before it.
func numbered(r Rules, t, after Token, p view) (step, error) {
	n := len(p.hashes)
	switch {
	case n == 0 && t.Offset < after.Total:
		return none(r, t, after, p)
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
		return again(after)
	case p.known > 0:
		after.Disorder = true
	}
	size, end := t.size(r), t.Offset+n
	if (n < size || t.Page > 0 && n < t.Width) && end == after.Total {
		return step{next: after, used: true, end: true}, nil
	}
	if t.Page == 0 && n < size {
		after.Size, size = n, n // The API gives fewer: ask for as many, so that pages start where they should.
	}
	after.land(p, n)
	after.Page++
	after.Offset = max(end, after.Page*size)
	return step{next: after, used: true}, nil
}

// follow moves on to the page that a reply names.
func follow(r Rules, t, after Token, p view) (step, error) {
	switch {
	case len(p.hashes) > 0 && after.Last == t.Last:
		return step{}, ignored(r, t)
	case p.cursor == "":
		return step{next: after, used: true, end: true}, nil
	case p.cursor == t.Cursor:
		return step{}, unusable("%s: the reply names its own page as the next one", r.Operation)
	case p.cursor == t.Mark:
		return step{}, unusable("%s: the reply names a page as the next one that was read before; the list goes round in a circle", r.Operation)
	}
	after.Width = len(p.hashes)
	after.Page++
	after.Offset = 0
	after.Cursor = p.cursor
	if t.Page&(t.Page-1) == 0 {
		after.Mark = t.Cursor
	}
	return step{next: after, used: true}, nil
}

// land takes a page as read. The list has caught up with what it had when a
// page brings something new.
func (t *Token) land(p view, n int) {
	t.Width, t.Tail = n, p.hashes[len(p.hashes)-1]
	if p.fresh > 0 {
		t.Behind = false
		if p.known > 0 {
			t.Rewinds = 0
		}
	}
}

// again asks for a page once more that was asked for too early.
func again(after Token) (step, error) {
	after.Last = 0
	return step{next: after}, nil
}

// rewind goes back when records moved: by what the list has lost and a page at
// least, and further each time that this does not suffice.
func rewind(r Rules, t, after Token) (step, error) {
	if t.Rewinds >= maxRewinds || t.Offset == 0 {
		return step{}, changing("%s: the page at offset %d does not go on from the one before it, %d times in a row: records were deleted or moved while they were listed; "+quieter,
			r.Operation, t.Offset, t.Rewinds+1)
	}
	distance := max(1, t.Width, t.size(r), t.Total-after.Total) << t.Rewinds
	after.Rewinds, after.Behind, after.Gap, after.Last = t.Rewinds+1, true, false, 0
	after.moveTo(r, max(0, t.Offset-distance))
	return step{next: after}, nil
}

// none refuses an empty page before the end that the API reports.
func none(r Rules, t, after Token, p view) (step, error) {
	if p.early {
		return again(after)
	}
	return step{}, changing("%s: the API reported %d records but returned none from record %d on; sync again, and if it stays so, the API does not list everything",
		r.Operation, after.Total, t.Offset+1)
}

func ignored(r Rules, t Token) error {
	return unusable("%s: page %d has the same records as the page before it; the API seems to ignore the paging fields", r.Operation, t.New+1)
}

// finish returns where to go on at the end of a reading that has so many
// different records: nowhere, when that proves the list complete.
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
	return nil, changing("%s: the API reported %d records, but %d different ones came in %d readings of the list; sync again, and if it stays so, the API does not list everything",
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
