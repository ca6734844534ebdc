package mapping

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// Pages says how the next page of a list is asked for; nil when one reply holds
// everything.
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

// ByCursor reports that a reply names the next page, so that pages cannot be
// asked for by position.
func (p *Pages) ByCursor() bool { return p.cursor != nil }

// ByOffset reports that a page can start at any record.
func (p *Pages) ByOffset() bool { return p.offset != nil }

// ByNumber reports that a page can be asked for by its number.
func (p *Pages) ByNumber() bool { return p.page != nil }

// ask sets the fields of a request that ask for the page at a position, of at most size
// records; 0 is the size in the mapping.
func (p *Pages) ask(at Position, size int, target reflect.Value) {
	if p == nil {
		return
	}
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

// read fills in what a reply says of the pages.
func (p *Pages) read(reply reflect.Value, page *Page) {
	if p == nil {
		return
	}
	if p.next != nil {
		page.Next, _ = scalarText(p.next.get(reply))
	}
	if p.total != nil {
		if text, ok := scalarText(p.total.get(reply)); ok {
			total, err := strconv.Atoi(text)
			page.Total, page.HasTotal = total, err == nil && total > 0
		}
	}
}

func setInt(target reflect.Value, index []int, n int) {
	if index != nil {
		_ = setText(reach(target, index), strconv.Itoa(n)) //nolint:errcheck // The field takes numbers.
	}
}

func (c *compiler) compilePages(b *requestBuilder, doc syntax.Pages) *Pages {
	p := &Pages{Size: doc.Size.Value, First: doc.First.Value}
	p.limit = c.pageField(b, doc.Limit, apitype.KindNumber)
	p.offset = c.pageField(b, doc.Offset, apitype.KindNumber)
	p.page = c.pageField(b, doc.Page, apitype.KindNumber)
	p.cursor = c.pageField(b, doc.Cursor, apitype.KindText, apitype.KindNumber)
	p.total = c.replyField(b.op, doc.Total, apitype.KindNumber)
	p.next = c.replyField(b.op, doc.Next, apitype.KindText, apitype.KindNumber)
	if doc.Size.Given() && doc.Size.Value < 1 {
		c.sizeNotPositive(doc.Size.Pos)
	}
	if doc.First.Given() && doc.First.Value < 0 {
		c.firstNegative(doc.First.Pos)
	}
	if !doc.Broken {
		c.checkPages(doc)
		c.checkPageNames(b, doc)
	}
	return p
}

// checkPages checks that the keys that are given go together.
func (c *compiler) checkPages(doc syntax.Pages) {
	switch {
	case !doc.Offset.Given() && !doc.Page.Given() && !doc.Cursor.Given():
		c.noNextPage(doc.Pos)
	case doc.Cursor.Given() && (doc.Offset.Given() || doc.Page.Given()):
		c.cursorWithPosition(doc.Cursor.Pos)
	case doc.Cursor.Given() != doc.Next.Given():
		c.cursorWithoutNext(doc.Pos)
	case doc.Offset.Given() && !doc.Size.Given():
		c.offsetWithoutSize(doc.Pos)
	case doc.Limit.Given() && !doc.Size.Given() || doc.Size.Given() && !doc.Limit.Given() && !doc.Offset.Given():
		c.limitWithoutSize(doc.Pos)
	case doc.First.Given() && !doc.Page.Given():
		c.firstWithoutPage(doc.First.Pos)
	}
}

// pageField returns where the request takes a paging field of one of the kinds.
func (c *compiler) pageField(b *requestBuilder, name syntax.Text, kinds ...apitype.Kind) []int {
	field, ok := b.field(&b.fieldSet, name)
	if !ok {
		return nil
	}
	if !slices.Contains(kinds, apitype.KindOf(field.Type)) {
		c.notForPaging(name.Pos, name.Value, apitype.Describe(field.Type))
		return nil
	}
	return field.Index
}

// replyField returns where the reply has a field of one of the kinds.
func (c *compiler) replyField(op *api.Operation, written syntax.Text, kinds ...apitype.Kind) access {
	if written.Value == "" {
		return nil
	}
	p, mistake := compilePath(written.Value, op.Reply, "a reply of "+op.Name)
	if mistake != nil {
		c.wrongPath(written.At(mistake.offset), mistake)
		return nil
	}
	if p.list() || !slices.Contains(kinds, apitype.KindOf(p.typ)) {
		c.notForPaging(written.Pos, written.Value, p.describe())
		return nil
	}
	return p.leaf
}
