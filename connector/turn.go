package connector

import (
	"encoding/binary"

	"github.com/cespare/xxhash/v2"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// A list changes while it is read page by page. Records that are created come
// at its end, if it is sorted by creation, and are read there. A record that is
// deleted moves all behind it forward: the next page then starts too late, and
// a record is missed which was there all the time. A total that shrinks tells
// of that, but not when another record was created meanwhile. So pages overlap
// by one record where the API can start a page anywhere: a page that does not
// start with a record which is known already does not follow on, and is read
// again from further back. What an overlap cannot show, a page that does not
// even keep its order, the number of different records shows at the end: fewer
// than the API told, and the list is read again, and then given up. A total at
// which a full page ends may be where the API stops counting: one more page
// shows it.

const (
	// maxReadings is how often a list is read to come to what the API told.
	maxReadings = 3
	// maxSteps is how often a list may go back, beside once for each page.
	maxSteps = 100
)

// sheet is one page of a list as it was read.
type sheet struct {
	page   mapping.Page
	ids    []mapping.ID
	hashes []uint64 // of the ids
}

// turn returns the place after a page, nil at the end of the list, and whether
// the page follows on from what was read; if not, nothing of it is used. What
// cannot be the whole list is an error.
func (c cursor) turn(l *mapping.List, p *sheet, known func(hash uint64) bool) (next *cursor, follows bool, err error) {
	op, pages := l.Operation.Name, l.Pages
	after := c
	after.Read++
	after.Last = fingerprint(p.hashes)
	if p.page.TotalTold {
		after.Total = p.page.Total
	}
	switch {
	case pages.ByOffset() && !c.Apart:
		return c.overlapping(op, pages, after, p, known)
	case len(p.hashes) > 0 && after.Last == c.Last:
		return nil, false, errorf(codes.FailedPrecondition,
			"%s: page %d has the same records as the page before it; the API seems to ignore the paging fields", op, c.number())
	case pages.ByCursor():
		next, err = after.follow(op, c, p.page.Next)
		return next, true, err
	}
	return c.apart(op, pages, after, p)
}

// overlapping turns a page that starts with a record of the page before it.
func (c cursor) overlapping(op string, pages *mapping.Pages, after cursor, p *sheet, known func(uint64) bool) (*cursor, bool, error) {
	n := len(p.hashes)
	switch {
	case n == 0 && p.page.TotalTold && c.Offset < p.page.Total:
		return nil, false, noRecords(op, p.page.Total, c.Offset)
	case n == 0 && c.Offset == 0:
		return nil, true, nil
	case n == 0:
		return c.back(op, pages, after)
	case c.Offset > 0 && p.hashes[0] == c.First:
		return c.offsetIgnored(op, pages)
	case c.Offset > 0 && !known(p.hashes[0]):
		return c.back(op, pages, after)
	case c.Offset == 0:
		after.First = p.hashes[0]
	}
	after.Back, after.Width = 0, n
	after.Offset = c.Offset + n - 1
	after.Page = after.Offset / pages.Size
	end := c.Offset + n
	switch {
	case end == after.Total && n < pages.Size, (after.Total == 0 || end > after.Total) && c.Offset > 0 && !anyNew(p.hashes, known):
		return nil, true, nil
	case n == 1 && c.Offset > 0 && end < after.Total:
		return nil, false, noRecords(op, after.Total, end)
	case n == 1: // There is no room to overlap.
		after.Apart, after.Offset, after.Page = true, 1, 1
	}
	return &after, true, nil
}

func anyNew(hashes []uint64, known func(uint64) bool) bool {
	for _, hash := range hashes {
		if !known(hash) {
			return true
		}
	}
	return false
}

func noRecords(op string, total, offset int) error {
	return errorf(codes.Aborted, "%s: the API told %d records, but has none from number %d on; sync again, and if it stays so, the API does not list everything", op, total, offset+1)
}

// offsetIgnored goes over to pages by number, for an API that knows no offset:
// it has answered the second request with the first page.
func (c cursor) offsetIgnored(op string, pages *mapping.Pages) (*cursor, bool, error) {
	if !pages.ByNumber() || c.Read != 1 {
		return nil, false, errorf(codes.FailedPrecondition,
			"%s: the page at offset %d starts with the first record; the API seems to ignore the paging fields", op, c.Offset)
	}
	c.Apart, c.Offset, c.Page = true, c.Width, 1
	return &c, false, nil
}

// apart turns a page that starts behind the page before it.
func (c cursor) apart(op string, pages *mapping.Pages, after cursor, p *sheet) (*cursor, bool, error) {
	n := len(p.hashes)
	switch {
	case after.Total < c.Total && c.Offset > 0:
		return c.back(op, pages, after)
	case n == 0 && c.Offset < after.Total:
		return nil, false, noRecords(op, after.Total, c.Offset)
	case n == 0, after.Total > 0 && c.Offset+n >= after.Total:
		return nil, true, nil
	}
	after.Back, after.Width = 0, n
	after.Offset, after.Page = c.Offset+n, c.Page+1
	return &after, true, nil
}

// back returns the place to go on from when records were deleted: as far back
// as they can have moved the rest forward, and further each time that this does
// not suffice.
func (c cursor) back(op string, pages *mapping.Pages, after cursor) (*cursor, bool, error) {
	if c.Stepped >= maxSteps+c.Read {
		return nil, false, errorf(codes.Aborted, "%s: records were deleted %d times while they were listed; sync again when it is quieter", op, c.Stepped)
	}
	after.Offset = 0
	if c.Back < 16 {
		distance := max(1, c.Total-after.Total)
		if c.Back > 0 {
			distance = max(distance, pages.Size<<(c.Back-1))
		}
		after.Offset = max(0, c.Offset-distance)
	}
	after.Page, after.Last = 0, 0
	if pages.Size > 0 {
		after.Page = after.Offset / pages.Size
	}
	if !pages.ByOffset() {
		after.Offset = after.Page * pages.Size
	}
	after.Back, after.Stepped = c.Back+1, c.Stepped+1
	return &after, false, nil
}

// follow returns the place that a reply names as the next one, nil for none.
func (c cursor) follow(op string, from cursor, name string) (*cursor, error) {
	switch name {
	case "":
		return nil, nil
	case from.Cursor:
		return nil, errorf(codes.FailedPrecondition, "%s: the reply names its own page as the next one", op)
	case from.Mark:
		return nil, errorf(codes.FailedPrecondition, "%s: the reply names a page as the next one that was read before; the list goes round in a circle", op)
	}
	c.Cursor = name
	if from.Read&(from.Read-1) == 0 {
		c.Mark = from.Cursor
	}
	return &c, nil
}

// finish returns where to go on when the list has ended with so many different
// records: nowhere, when they are all that the API told.
func (c cursor) finish(op string, distinct, total int) (*cursor, error) {
	if distinct >= total {
		return nil, nil
	}
	if c.Again+1 >= maxReadings {
		return nil, errorf(codes.Aborted,
			"%s: the API told %d records, but %d different ones came in %d readings of the list; sync again, and if it stays so, the API does not list everything",
			op, total, distinct, c.Again+1)
	}
	return &cursor{Again: c.Again + 1, Total: total, Width: c.Width, Apart: c.Apart}, nil
}

func fingerprint(hashes []uint64) uint64 {
	bytes := make([]byte, 0, 8*len(hashes))
	for _, hash := range hashes {
		bytes = binary.LittleEndian.AppendUint64(bytes, hash)
	}
	return max(1, xxhash.Sum64(bytes))
}
