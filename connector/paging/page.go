// Package paging reads a list page by page and proves that it is complete.
//
// A list changes while it is read. New records appear at its end, if it is sorted
// by creation, and are read there. A deleted record moves all behind it forward:
// the next page then starts too late and would miss a record. So where the API can
// start a page anywhere, each page overlaps the previous one by a record. Without
// that record on the page, the list is rewound, see advance.go.
//
// The overlap proves nothing if the API does not keep the order. The pages show
// that too: a known record behind a new one, or more known records than the
// overlap. That reading counts only if its number of records equals the total that
// the API reported, unchanged, on all pages. Any reading has to reach the total of
// the last page. Otherwise the list is read again, up to three times.
//
// Every list ends: requests without new records are limited in proportion to the
// records read, and a list that grows as quickly as it is read is given up.
package paging

import "fmt"

// Rules describe the paging of a list.
type Rules struct {
	// Operation names the list in errors.
	Operation string
	// Size is the number of records to ask for, 0 when the API decides.
	Size int
	// A page starts at any record by offset, at each full page by number, and where
	// the previous reply says by cursor. An API may take offset and number, and
	// ignore one of the two.
	ByOffset, ByNumber, ByCursor bool
}

// Position is where a page starts.
type Position struct {
	// Offset is the number of records before it, and Page the number of pages.
	Offset, Page int
	// Cursor is from the previous reply, empty on the first page.
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
	// Gone reports that the parent of the list was deleted: the list ends here.
	Gone bool
}

// Error is a list that is not proved complete.
type Error struct {
	// Changing reports that the list may be complete at another time. Otherwise the
	// API does not page as the rules say.
	Changing bool

	text string
}

func (e *Error) Error() string { return e.text }

// changing is the error of a list that may be complete at another time.
func changing(format string, args ...any) error {
	return &Error{Changing: true, text: fmt.Sprintf(format, args...)}
}

// unusable is the error of an API that does not page as the rules say.
func unusable(format string, args ...any) error {
	return &Error{text: fmt.Sprintf(format, args...)}
}
