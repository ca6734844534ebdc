package connector

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// cursor is a place in a list that is read page by page. Its text is a page
// token: self-contained, so that another process can go on from it.
type cursor struct {
	Offset int    `json:"offset,omitempty"`
	Page   int    `json:"page,omitempty"`
	Cursor string `json:"cursor,omitempty"`
	// Skip is how many records of the page were returned already.
	Skip int `json:"skip,omitempty"`
	// Total is what the page before told.
	Total int `json:"total,omitempty"`
	// Last is a fingerprint of the ids of the page before.
	Last string `json:"last,omitempty"`
	// Mark is a cursor that came before, and Read how many pages did. Mark is
	// set anew whenever Read is a power of two, so that a list which goes round
	// in a circle comes to it again, however long the circle is.
	Mark string `json:"mark,omitempty"`
	Read int    `json:"read,omitempty"`
	// Stepped is how often the list went back because it had shrunk.
	Stepped int `json:"stepped,omitempty"`
}

// maxSteps is how often a list may shrink while it is read.
const maxSteps = 100

func (c cursor) position() mapping.Position {
	return mapping.Position{Offset: c.Offset, Page: c.Page, Cursor: c.Cursor}
}

// key names the page in the session store, whatever was known on the way to it.
func (c cursor) key() string { return fmt.Sprintf("%d/%d/%s", c.Offset, c.Page, c.Cursor) }

// number is the page's number, the first being 1.
func (c cursor) number() int { return max(c.Page, c.Read) + 1 }

// token returns the text of v as a page token.
func token(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", errorf(codes.Internal, "page token: %w", err)
	}
	return string(text), nil
}

// place is what a page token says.
type place interface {
	// possible tells whether a list or a pass can come there.
	possible() bool
}

func (c *cursor) possible() bool {
	return min(c.Offset, c.Page, c.Skip, c.Total, c.Read, c.Stepped) >= 0
}

// parseToken reads a page token into v; the empty one leaves it as it is.
func parseToken(text string, v place) error {
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(v)
	if err == nil && (decoder.More() || !v.possible()) {
		err = errors.New("there is no such place")
	}
	if err != nil {
		return errorf(codes.InvalidArgument, "page token %.100q is not one of this connector's: %w", text, err)
	}
	return nil
}

// next returns the place after a page; nil at the end of the list. What cannot
// be the whole list is an error.
func (c cursor) next(l *mapping.List, page mapping.Page, ids []string) (*cursor, error) {
	op, pages := l.Operation.Name, l.Pages
	seen := fingerprint(ids)
	switch {
	case len(ids) > 0 && seen == c.Last:
		return nil, errorf(codes.FailedPrecondition,
			"%s: page %d has the same records as the page before it; the API seems to ignore the paging fields", op, c.number())
	case pages.ByCursor():
		if page.Next == "" {
			return nil, nil
		}
		return c.follow(op, page.Next, seen)
	case page.TotalTold && page.Total < c.Total:
		return c.back(op, pages, page.Total)
	case page.TotalTold && c.Offset+len(ids) >= page.Total:
		return nil, nil
	case len(ids) == 0 && page.TotalTold:
		return nil, errorf(codes.Aborted, "%s: the API told %d records, but the page at offset %d is empty", op, page.Total, c.Offset)
	case len(ids) == 0 && c.Total > 0 && c.Offset < c.Total:
		return nil, errorf(codes.Aborted, "%s: the API told %d records before, but the page at offset %d is empty", op, c.Total, c.Offset)
	case len(ids) == 0:
		return nil, nil
	}
	return &cursor{Offset: c.Offset + len(ids), Page: c.Page + 1, Total: page.Total, Last: seen, Stepped: c.Stepped}, nil
}

// follow returns the place that a reply names as the next one.
func (c cursor) follow(op, name, seen string) (*cursor, error) {
	switch name {
	case c.Cursor:
		return nil, errorf(codes.FailedPrecondition, "%s: the reply names its own page as the next one", op)
	case c.Mark:
		return nil, errorf(codes.FailedPrecondition, "%s: the reply names a page as the next one that was read before; the list goes round in a circle", op)
	}
	next := &cursor{Cursor: name, Last: seen, Mark: c.Mark, Read: c.Read + 1}
	if c.Read&(c.Read-1) == 0 {
		next.Mark = c.Cursor
	}
	return next, nil
}

// back returns the place to go on from when records were deleted since the page
// before: as far back as they can have moved the rest forward.
func (c cursor) back(op string, pages *mapping.Pages, total int) (*cursor, error) {
	if c.Stepped >= maxSteps {
		return nil, errorf(codes.Aborted, "%s: records were deleted %d times while they were listed; sync again when it is quieter", op, maxSteps)
	}
	back := &cursor{Offset: max(0, c.Offset-(c.Total-total)), Total: total, Stepped: c.Stepped + 1}
	if pages.Size > 0 {
		back.Page = back.Offset / pages.Size
		if !pages.ByOffset() {
			back.Offset = back.Page * pages.Size
		}
	}
	return back, nil
}

func fingerprint(ids []string) string {
	h := fnv.New64a()
	for _, id := range ids {
		_, _ = h.Write([]byte(id)) // A hash takes everything.
		_, _ = h.Write([]byte{0})
	}
	return strconv.FormatUint(h.Sum64(), 36)
}
