package mapping

import "reflect"

// List reads the records of a type.
type List struct {
	Call
	// Pages says how the list is paged; nil when one reply holds everything.
	Pages *Pages
	// Narrowed are the fixed fields of the request that may leave records out.
	Narrowed []Narrowing

	records access
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
	request, target := l.build()
	l.Pages.ask(at, size, target)
	return request
}

// Read returns the page that a reply holds.
func (l *List) Read(reply any) Page {
	root := reflect.ValueOf(reply)
	records := l.records.get(root)
	page := Page{Records: make([]Record, entryCount(records))}
	for i := range page.Records {
		page.Records[i] = Record{indirect(records.Index(i))}
	}
	l.Pages.read(root, &page)
	return page
}
