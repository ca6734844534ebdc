// Package paging reads a list page by page and proves that it is complete.
//
// A list changes while it is read. Records that are created come at its end, if
// it is sorted by creation, and are read there. A record that is deleted moves
// all behind it forward: the next page then starts too late, and would miss a
// record that was there all the time. So where the API can start a page
// anywhere, each page starts with the last record of the page before. A page
// that does not is read again from further back, see advance.go.
//
// The overlap proves nothing of an API that does not keep its order. The pages
// show that too: a known record behind a new one, or more known records than
// the overlap. Such a reading counts only if it came to exactly the number of
// records that the API reported from its first page to its last. Any reading
// has to come to the number that the last page reports. If it does not, the
// list is read again, and given up after three readings.
//
// Every list ends: a request that brings nothing new counts against a limit
// that grows with what was read, and so does a list that grows as quickly as it
// is read.
package paging

import "fmt"

// Rules say how the pages of a list are asked for.
type Rules struct {
	// Operation names the list in errors.
	Operation string
	// Size is the number of records to ask for, 0 when the API decides.
	Size int
	// By offset a page can start at any record, by number at each full page, by
	// cursor where the reply before it says. An API may take offset and number,
	// and ignore one of the two.
	ByOffset, ByNumber, ByCursor bool
}

// Position is where a page starts.
type Position struct {
	// Offset is the number of records before it, and Page the number of pages.
	Offset, Page int
	// Cursor is what the reply before named, empty on the first page.
	Cursor string
	// Size is the number of records to ask for, 0 for that of the mapping.
	Size int
}

// Page is one reply of a list.
type Page[T any] struct {
	Records []T
	// Hashes are those of the records' ids, in the same order.
	Hashes []uint64
	// Total is how many records the API reported, 0 when it reports none.
	Total int
	// Next is the cursor of the next page, empty at the end.
	Next string
	// Gone reports that what the list belongs to was deleted: it ends here.
	Gone bool
}

// Error is a list that is not proved complete.
type Error struct {
	// Changing reports that the list may come out complete at another time. If
	// not, the API does not page as the rules say.
	Changing bool

	text string
}

func (e *Error) Error() string { return e.text }

// changing is the error of a list that may come out complete another time.
func changing(format string, args ...any) error {
	return &Error{Changing: true, text: fmt.Sprintf(format, args...)}
}

// unusable is the error of an API that does not page as the rules say.
func unusable(format string, args ...any) error {
	return &Error{text: fmt.Sprintf(format, args...)}
}
