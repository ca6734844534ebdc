package mapping

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileList(t *typeBuilder, doc syntax.List) *List {
	var l *List
	l, t.record = c.compileListCall(doc, "list", doc.Pos, "request", func(*requestBuilder) {})
	return l
}

// compileListCall compiles the call of an operation that lists records, and
// returns their type, nil when it is not known. what names the list; with fills
// more of the request, and key, at a place, is where what it lacks would be.
func (c *compiler) compileListCall(doc syntax.List, what string, at syntax.Pos, key string, with func(*requestBuilder)) (l *List, record reflect.Type) {
	l = &List{Operation: c.operation(doc.Operation)}
	if doc.Pages.Given() {
		l.Pages = &Pages{}
	}
	if l.Operation == nil {
		return l, nil
	}
	f := c.fill(l.Operation)
	f.unsure = doc.Broken || doc.Pages.Broken
	l.request = c.compileRequest(f, doc.Request)
	l.Narrowed = c.compileNarrowed(l, doc)
	with(f)
	if records := c.compileRecords(l.Operation, doc, what); records != nil {
		l.records, record = records.lists[0], apitype.Deref(records.typ)
	}
	if doc.Pages.Given() {
		l.Pages = c.compilePages(f, doc.Pages)
	}
	f.checkRequired(at, key)
	return l, record
}

// compileRecords compiles the path to the list of records in a reply, nil when it is wrong.
func (c *compiler) compileRecords(op *api.Operation, doc syntax.List, what string) *path {
	records, where := &path{typ: op.Reply}, doc.Pos
	if doc.Records.Given() {
		if doc.Records.Value == "" {
			return nil
		}
		where = doc.Records.Pos
		var mistake *pathMistake
		if records, mistake = compilePath(doc.Records.Value, op.Reply, "a reply of "+op.Name); mistake != nil {
			c.wrongPath(doc.Records.At(mistake.offset), mistake)
		}
		if mistake != nil && (records == nil || !records.oneList()) {
			return nil
		}
	} else {
		records.enterList("")
	}
	if records.oneList() {
		return records
	}
	switch {
	case doc.Records.Given():
		c.notWanted(where, doc.Records.Value, records.describe(), "a list of objects")
	case !doc.Broken:
		c.recordsMissing(where, what, op.Name)
	}
	return nil
}

// oneList reports whether the path ends at a list of objects and goes through no other.
func (p *path) oneList() bool {
	return len(p.lists) == 1 && p.leaf == nil && apitype.KindOf(p.typ) == apitype.KindObject
}

func (c *compiler) compilePages(f *requestBuilder, doc syntax.Pages) *Pages {
	p := &Pages{Size: doc.Size.Value, First: doc.First.Value}
	p.limit = c.pageField(f, doc.Limit, apitype.KindNumber)
	p.offset = c.pageField(f, doc.Offset, apitype.KindNumber)
	p.page = c.pageField(f, doc.Page, apitype.KindNumber)
	p.cursor = c.pageField(f, doc.Cursor, apitype.KindText, apitype.KindNumber)
	p.total = c.replyField(f.op, doc.Total, apitype.KindNumber)
	p.next = c.replyField(f.op, doc.Next, apitype.KindText, apitype.KindNumber)
	if doc.Size.Given() && doc.Size.Value < 1 {
		c.sizeNotPositive(doc.Size.Pos)
	}
	if doc.First.Given() && doc.First.Value < 0 {
		c.firstNegative(doc.First.Pos)
	}
	if !doc.Broken {
		c.checkPages(doc)
		c.checkPageNames(f, doc)
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
func (c *compiler) pageField(f *requestBuilder, name syntax.Text, kinds ...apitype.Kind) []int {
	field, ok := f.field(name)
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

func (c *compiler) compileGet(t *typeBuilder, doc syntax.Get) *Get {
	g := &Get{Operation: c.operation(doc.Operation)}
	if g.Operation == nil {
		return nil
	}
	f := c.fill(g.Operation)
	g.request = c.compileRequest(f, doc.Request)
	for _, e := range doc.With.Entries {
		if filled, ok := c.compileOwnPart(t, f, e); ok {
			g.with = append(g.with, filled)
		}
	}
	if !doc.Broken {
		f.checkRequired(doc.Pos, "with")
		g.record = c.compileRecord(g.Operation, doc.Record, doc.Pos, t.ResourceType)
	}
	return g
}

// compileOwnPart compiles a request field that is filled from a part of t's ids.
func (c *compiler) compileOwnPart(t *typeBuilder, f *requestBuilder, e syntax.Entry[syntax.Text]) (filledField, bool) {
	field, ok := f.field(e.Key)
	part, known := c.ownPart(t, e.Value)
	if !ok || !known || !c.takesID(field, e.Key) {
		return filledField{}, false
	}
	return filledField{name: field.Name, index: field.Index, required: true, from: []idPart{{part: part}}}, true
}

// ownPart returns the part of t's ids that a text names; a single part is also called id.
func (c *compiler) ownPart(t *typeBuilder, written syntax.Text) (int, bool) {
	if written.Value == "" || len(t.Parts) == 0 {
		return 0, false
	}
	part := slices.Index(t.Parts, written.Value)
	if part < 0 && written.Value == "id" && len(t.Parts) == 1 {
		part = 0
	}
	if part < 0 {
		c.notAPart(written.Pos, written.Value, t.ID, t.Parts)
	}
	return part, part >= 0
}

// compileRecord compiles the path from a reply to the one record of t in it. A
// path that is not given is that of the reply itself; where is the block without it.
func (c *compiler) compileRecord(op *api.Operation, written syntax.Text, where syntax.Pos, t *ResourceType) access {
	if t.record == nil || written.Given() && written.Value == "" {
		return access{}
	}
	wanted := recordName(t.ID, t.record)
	if !written.Given() {
		if apitype.Deref(op.Reply) != t.record {
			c.recordMissing(where, wanted, op.Name)
		}
		return access{}
	}
	p, mistake := compilePath(written.Value, op.Reply, "a reply of "+op.Name)
	switch {
	case mistake != nil:
		c.wrongPath(written.At(mistake.offset), mistake)
		return access{}
	case p.list() || apitype.Deref(p.typ) != t.record:
		c.notWanted(written.Pos, written.Value, describeRecord(p), wanted)
	}
	return append(access{}, p.leaf...)
}

// describeRecord is describe with the name of an object's type.
func describeRecord(p *path) string {
	if p.list() || apitype.KindOf(p.typ) != apitype.KindObject {
		return p.describe()
	}
	return fmt.Sprintf("an object (%s)", apitype.Deref(p.typ).Name())
}
