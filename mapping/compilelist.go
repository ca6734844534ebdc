package mapping

import (
	"fmt"
	"reflect"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

func (c *compiler) compileList(t *typeBuilder, doc syntax.List) *List {
	call := doc.Call()
	var l *List
	l, t.record = c.compileListAt(listPlace(), &call, &doc)
	return l
}

// compileListAt compiles the call of an operation that lists records, and returns their
// type, nil when it is not known.
func (c *compiler) compileListAt(p place, call *syntax.Call, doc *syntax.List) (l *List, record reflect.Type) {
	l = &List{}
	if doc.Pages.Given() {
		l.Pages = &Pages{}
	}
	sent, b := c.startCall(p, call)
	if sent == nil {
		return l, nil
	}
	l.Call = *sent
	l.Narrowed = c.compileNarrowed(l, doc)
	if records := c.compileRecords(l.Operation, *doc, p.key); records != nil {
		l.records, record = records.lists[0], apitype.Deref(records.typ)
	}
	b.unsure = b.unsure || doc.Pages.Broken
	if doc.Pages.Given() {
		l.Pages = c.compilePages(b, doc.Pages)
	}
	b.end()
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

func (c *compiler) compileGet(t *typeBuilder, doc syntax.Get) *Get {
	if call := c.compileCall(getPlace(t.ResourceType), &doc.Call); call != nil {
		return &Get{*call}
	}
	return nil
}

// compileRecord compiles the path from a reply to the one record of t in it. A
// path that is not given is that of the reply itself; where is the block without it,
// which is called key.
func (c *compiler) compileRecord(key string, op *api.Operation, written syntax.Text, where syntax.Pos, t *ResourceType) access {
	if t.record == nil || written.Given() && written.Value == "" {
		return access{}
	}
	wanted := recordName(t.ID, t.record)
	if !written.Given() {
		if apitype.Deref(op.Reply) != t.record {
			c.recordMissing(where, key, wanted, op.Name)
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
