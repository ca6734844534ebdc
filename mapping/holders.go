package mapping

import (
	"reflect"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// Holders says who holds an entitlement, where the API lists that for one
// resource at a time.
type Holders struct {
	// List is read once for each resource.
	List *List
	// Of is the type of the holders.
	Of *ResourceType

	with      []filledField
	record    reflect.Type
	principal *binding
}

// Request returns the request for a page of the holders on the resource with
// this id, of at most size records; 0 is the size in the mapping.
func (h *Holders) Request(resource ID, at Position, size int) (any, error) {
	call, err := buildRequest(h.List.request, h.with, nil, resource)
	if err != nil {
		return nil, err
	}
	h.List.turnTo(at, size, reflect.ValueOf(call).Elem())
	return call, nil
}

// Each calls yield with the id of every holder that a record names.
func (h *Holders) Each(r Record, yield func(principal ID) error) error {
	return h.principal.each(r.value, yield)
}

func (c *compiler) compileHolders(t *typeUnderWork, e *Entitlement, doc *syntax.Holders) {
	if len(e.GrantableTo) != 1 {
		if len(e.GrantableTo) > 1 {
			c.holdersOfSeveralTypes(doc.Pos, e.Name(), e.GrantableTo)
		}
		return
	}
	h := &Holders{Of: e.GrantableTo[0], List: &List{Operation: c.operation(doc.Operation)}}
	e.Holders = h
	if doc.Pages.Given() {
		h.List.Pages = &Pages{}
	}
	if h.List.Operation == nil {
		return
	}
	f := c.fill(h.List.Operation)
	f.unsure = doc.Broken || doc.With.Broken
	h.List.request = c.compileRequest(f, doc.Request)
	for _, w := range doc.With.Entries {
		if filled, ok := c.compileOwnPart(t, f, w); ok {
			h.with = append(h.with, filled)
		}
	}
	if records := c.compileRecords(h.List.Operation, syntax.List{Block: doc.Block, Records: doc.Records}, "holders"); records != nil {
		h.List.records, h.record = records.lists[0], apitype.Deref(records.typ)
	}
	if doc.Pages.Given() {
		h.List.Pages = c.compilePages(f, doc.Pages)
	}
	if !doc.Pages.Broken {
		f.checkRequired(doc.With.Pos, "with")
	}
	if h.record != nil {
		s := scope{record: h.record, name: recordName("holder", h.record), noParent: noParentHere("holder")}
		h.principal = c.compileBinding(s, doc.Principal, h.Of)
	}
	for _, rule := range h.Of.Grants {
		if rule.Entitlement == e {
			c.holdersTwice(doc.Pos, e.Name(), h.Of.ID)
		}
	}
}
