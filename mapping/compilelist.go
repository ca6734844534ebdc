package mapping

import (
	"fmt"
	"slices"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/spelling"
)

func (c *compiler) compileList(t *typeUnderWork, doc list) *List {
	l := &List{Operation: c.operation(doc.Operation)}
	if doc.Pages.given() {
		l.Pages = &Pages{}
	}
	if l.Operation == nil {
		return l
	}
	f := c.fill(l.Operation)
	l.request = c.compileRequest(f, doc.Request)
	if records := c.compileRecords(l.Operation, doc, "list"); records != nil {
		l.records, t.record = records.lists[0], deref(records.typ)
	}
	if doc.Pages.given() {
		l.Pages = c.compilePages(f, doc.Pages)
	}
	if !doc.broken && !doc.Pages.broken {
		f.checkRequired(doc.pos, "request")
	}
	return l
}

// compileRecords compiles the path to the list of records in a reply, nil when it is wrong.
func (c *compiler) compileRecords(op *api.Operation, doc list, what string) *path {
	records, where := &path{typ: op.Reply}, doc.pos
	if doc.Records.given() {
		if doc.Records.value == "" {
			return nil
		}
		where = doc.Records.pos
		var mistake *pathMistake
		if records, mistake = compilePath(doc.Records.value, op.Reply, "a reply of "+op.Name); mistake != nil {
			c.addf(doc.Records.at(mistake.offset), "%s", mistake.what)
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
	case doc.Records.given():
		c.addf(where, "%s is %s, but a list of objects is wanted here", doc.Records.value, records.describe())
	case !doc.broken:
		c.addf(where, "%s needs \"records\": the path to the list of records in the reply of %s", what, op.Name)
	}
	return nil
}

// oneList tells whether the path ends at a list of objects and goes through no other.
func (p *path) oneList() bool {
	return len(p.lists) == 1 && p.leaf == nil && kindOfType(p.typ) == kindObject
}

func (c *compiler) compilePages(f *filling, doc pages) *Pages {
	p := &Pages{Size: doc.Size.value, First: doc.First.value}
	p.limit = c.pageField(f, doc.Limit, kindNumber)
	p.offset = c.pageField(f, doc.Offset, kindNumber)
	p.page = c.pageField(f, doc.Page, kindNumber)
	p.cursor = c.pageField(f, doc.Cursor, kindText, kindNumber)
	p.total = c.replyField(f.op, doc.Total, kindNumber)
	p.next = c.replyField(f.op, doc.Next, kindText, kindNumber)
	if doc.Size.given() && doc.Size.value < 1 {
		c.addf(doc.Size.pos, "size has to be above 0")
	}
	if doc.First.given() && doc.First.value < 0 {
		c.addf(doc.First.pos, "first has to be 0 or above")
	}
	if !doc.broken {
		c.checkPages(doc)
	}
	return p
}

// checkPages checks that the keys that are given go together.
func (c *compiler) checkPages(doc pages) {
	switch {
	case !doc.Offset.given() && !doc.Page.given() && !doc.Cursor.given():
		c.addf(doc.pos, "pages needs offset, page or cursor, to ask for the next page")
	case doc.Cursor.given() && (doc.Offset.given() || doc.Page.given()):
		c.addf(doc.Cursor.pos, "pages by cursor take neither offset nor page")
	case doc.Cursor.given() != doc.Next.given():
		c.addf(doc.pos, "cursor and next belong together: next says where the reply has the next cursor")
	case doc.Offset.given() && !doc.Size.given():
		c.addf(doc.pos, "pages by offset need a size: how far it is to the next page")
	case doc.Limit.given() && !doc.Size.given() || doc.Size.given() && !doc.Limit.given() && !doc.Offset.given():
		c.addf(doc.pos, "limit and size belong together: limit is the request field that takes the size")
	case doc.First.given() && !doc.Page.given():
		c.addf(doc.First.pos, "first is the number of the first page; it needs page")
	}
}

// pageField returns where the request takes a paging field of one of the kinds.
func (c *compiler) pageField(f *filling, name text, kinds ...kind) []int {
	field, ok := f.field(name)
	if !ok {
		return nil
	}
	if !slices.Contains(kinds, kindOfType(field.typ)) {
		c.addf(name.pos, "%s is %s and cannot steer pages", name.value, describeType(field.typ))
		return nil
	}
	return field.index
}

// replyField returns where the reply has a field of one of the kinds.
func (c *compiler) replyField(op *api.Operation, written text, kinds ...kind) access {
	if written.value == "" {
		return nil
	}
	p, mistake := compilePath(written.value, op.Reply, "a reply of "+op.Name)
	if mistake != nil {
		c.addf(written.at(mistake.offset), "%s", mistake.what)
		return nil
	}
	if p.list() || !slices.Contains(kinds, kindOfType(p.typ)) {
		c.addf(written.pos, "%s is %s and cannot steer pages", written.value, p.describe())
		return nil
	}
	return p.leaf
}

func (c *compiler) compileGet(t *typeUnderWork, doc get) *Get {
	g := &Get{Operation: c.operation(doc.Operation)}
	if g.Operation == nil {
		return nil
	}
	f := c.fill(g.Operation)
	g.request = c.compileRequest(f, doc.Request)
	for _, e := range doc.With.entries {
		if filled, ok := c.compileOwnPart(t, f, e); ok {
			g.with = append(g.with, filled)
		}
	}
	if !doc.broken {
		f.checkRequired(doc.pos, "with")
		g.record = c.compileRecord(g.Operation, doc.Record, doc.pos, t.ResourceType)
	}
	return g
}

// compileOwnPart compiles a request field that is filled from a part of t's ids.
func (c *compiler) compileOwnPart(t *typeUnderWork, f *filling, e entry[text]) (filledField, bool) {
	field, ok := f.field(e.key)
	part, known := c.ownPart(t, e.value)
	if !ok || !known || !c.takesID(field, e.key) {
		return filledField{}, false
	}
	return filledField{name: field.name, index: field.index, required: true, from: []idPart{{part: part}}}, true
}

// ownPart returns the part of t's ids that a text names; a single part is also called id.
func (c *compiler) ownPart(t *typeUnderWork, written text) (int, bool) {
	if written.value == "" || len(t.Parts) == 0 {
		return 0, false
	}
	part := slices.Index(t.Parts, written.value)
	if part < 0 && written.value == "id" && len(t.Parts) == 1 {
		part = 0
	}
	if part < 0 {
		c.addf(written.pos, "%q is not a part of the id of a %s%s", written.value, t.ID, spelling.DidYouMean(written.value, t.Parts))
	}
	return part, part >= 0
}

// compileRecord compiles the path from a reply to the one record of t in it. A
// path that is not given is that of the reply itself; where is the block without it.
func (c *compiler) compileRecord(op *api.Operation, written text, where pos, t *ResourceType) access {
	if t.record == nil || written.given() && written.value == "" {
		return access{}
	}
	wanted := recordName(t.ID, t.record)
	if !written.given() {
		if deref(op.Reply) != t.record {
			c.addf(where, "get needs \"record\": the path to %s in the reply of %s", wanted, op.Name)
		}
		return access{}
	}
	p, mistake := compilePath(written.value, op.Reply, "a reply of "+op.Name)
	switch {
	case mistake != nil:
		c.addf(written.at(mistake.offset), "%s", mistake.what)
		return access{}
	case p.list() || deref(p.typ) != t.record:
		c.addf(written.pos, "%s is %s, but %s is wanted here", written.value, describeRecord(p), wanted)
	}
	return append(access{}, p.leaf...)
}

// describeRecord is describe with the name of an object's type.
func describeRecord(p *path) string {
	if p.list() || kindOfType(p.typ) != kindObject {
		return p.describe()
	}
	return fmt.Sprintf("an object (%s)", deref(p.typ).Name())
}
