package mapping

import (
	"reflect"
	"strconv"

	"github.com/conductorone/baton-descope/api"
)

// List reads the records of a type.
type List struct {
	Operation *api.Operation
	// Pages says how the list is paged; nil when one reply holds everything.
	Pages *Pages
	// Narrowed are the fixed fields of the request that may leave records out.
	Narrowed []Narrowing

	request request
	records access
}

// Pages says how the next page of a list is asked for.
type Pages struct {
	// Size is the number of records a page, 0 when the API decides.
	Size int
	// First is the number of the first page.
	First int

	limit, offset, page, cursor []int
	next, total                 access
}

// Position is where a page starts.
type Position struct {
	// Offset is the number of records before it.
	Offset int
	// Page is the number of pages before it.
	Page int
	// Cursor is what the last reply gave, empty on the first page.
	Cursor string
}

// Page is one reply of a list.
type Page struct {
	Records []Record
	// Total is the number of records in all, if HasTotal.
	Total int
	// HasTotal reports that the reply says how many records there are.
	HasTotal bool
	// Next is the cursor of the next page, empty when there is none.
	Next string
}

// Request returns the request for the page at a position, of at most size
// records; 0 is the size in the mapping.
func (l *List) Request(at Position, size int) any {
	call, target := l.request.build()
	l.turnTo(at, size, target)
	return call
}

// turnTo sets what a request says about the page.
func (l *List) turnTo(at Position, size int, target reflect.Value) {
	if p := l.Pages; p != nil {
		if size == 0 {
			size = p.Size
		}
		if size > 0 {
			setInt(target, p.limit, size)
		}
		setInt(target, p.offset, at.Offset)
		setInt(target, p.page, p.First+at.Page)
		if p.cursor != nil && at.Cursor != "" {
			_ = setText(reach(target, p.cursor), at.Cursor) //nolint:errcheck // The field takes text, or the API's own numbers.
		}
	}
}

func setInt(target reflect.Value, index []int, n int) {
	if index != nil {
		_ = setText(reach(target, index), strconv.Itoa(n)) //nolint:errcheck // The field takes numbers.
	}
}

// Read returns the page that a reply holds.
func (l *List) Read(reply any) Page {
	root := reflect.ValueOf(reply)
	records := l.records.get(root)
	page := Page{Records: make([]Record, entryCount(records))}
	for i := range page.Records {
		page.Records[i] = Record{indirect(records.Index(i))}
	}
	if l.Pages == nil {
		return page
	}
	if l.Pages.next != nil {
		page.Next, _ = scalarText(l.Pages.next.get(root))
	}
	if l.Pages.total != nil {
		if text, ok := scalarText(l.Pages.total.get(root)); ok {
			total, err := strconv.Atoi(text)
			page.Total, page.HasTotal = total, err == nil && total > 0
		}
	}
	return page
}

// ByCursor reports that a reply names the next page, so that pages cannot be
// asked for by position.
func (p *Pages) ByCursor() bool { return p.cursor != nil }

// ByOffset reports that a page can start at any record.
func (p *Pages) ByOffset() bool { return p.offset != nil }

// ByNumber reports that a page can be asked for by its number.
func (p *Pages) ByNumber() bool { return p.page != nil }
