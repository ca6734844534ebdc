package connector

import (
	"context"
	"math"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/paging"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// maxHolderRequests is the maximum number of requests for holders in one answer to the
// SDK.
const maxHolderRequests = 20

// passHolders adds the holders of the type's entitlements, from a place on: a request for
// each resource, entitlement and page.
func (ts *typeSync) passHolders(ctx context.Context, at passToken, out *answer[*v2.Grant]) (*passToken, error) {
	seg, err := ts.segment(ctx, at, 0)
	if err != nil {
		return nil, err
	}
	r := &holdersReader{typeSync: ts, out: out, left: maxHolderRequests}
	next, err := r.read(ctx, seg, at)
	if err == nil {
		r.keep()
	}
	return next, err
}

// holdersReader fills one answer from lists of holders.
type holdersReader struct {
	*typeSync
	out  *answer[*v2.Grant]
	left int // requests that it may still send
	// start is the list as it was at the start of the answer, and list as it is now.
	start, list *holdersList
}

func (r *holdersReader) read(ctx context.Context, seg segment, at passToken) (*passToken, error) {
	for ; at.Skip < seg.length; at.Skip++ {
		row, err := seg.row(at.Skip)
		if err != nil {
			return nil, err
		}
		for ; at.Entitlement < len(r.typ.Entitlements); at.Entitlement++ {
			e := r.typ.Entitlements[at.Entitlement]
			for more := e.Holders != nil && r.willSync(e.Holders.Of); more; {
				r.goTo(e, row.ID, &at)
				if r.list.page == nil {
					if len(r.out.items) == r.out.limit || r.left <= 0 {
						return &at, nil
					}
					if err := r.readPage(ctx, e, row.ID, at.Of); err != nil {
						return nil, err
					}
				}
				page := r.list.page
				for ; at.Within < len(page.grants); at.Within++ {
					if !r.out.add(page.grants[at.Within]) {
						return &at, nil
					}
				}
				at.Within = 0
				if more = page.next != nil; more {
					at.Of = *page.next
				}
			}
			at.Of = paging.Token{}
		}
		at.Entitlement = 0
	}
	if seg.next != nil {
		seg.next.Holders = true
	}
	return seg.next, nil
}

// holderList is a list of the holders of an entitlement on a resource; each record names
// some.
type holderList = paging.List[[]mapping.ID]

// holdersList is the list of holders that a pass is reading.
type holdersList struct {
	name string
	// list has read the pages before the place at.
	list *holderList
	at   paging.Token
	// page is the last page read, nil when the page at the pass's place has to be
	// read.
	page *holdersPage
}

// holdersPage is a page of a list of holders.
type holdersPage struct {
	at     paging.Token
	grants []*v2.Grant
	next   *paging.Token // nil at the end
}

// isAt reports whether the list continues at a place.
func (l *holdersList) isAt(name string, at *passToken) bool {
	return l != nil && l.name == name && (l.page != nil && l.page.at == at.Of || l.at == at.Of && at.Within == 0)
}

// goTo moves to the list of holders at a place. If the state of the list is lost, the list
// is read again from the start, and what was returned before is skipped.
func (r *holdersReader) goTo(e *mapping.Entitlement, on string, at *passToken) {
	name := e.Name() + " " + on
	if r.list == nil {
		r.start = r.keptHolders(name, at)
		r.list = r.start.clone()
	}
	if !r.list.isAt(name, at) {
		if at.Of != (paging.Token{}) || at.Within > 0 {
			r.left = math.MaxInt
		}
		at.Of, at.Within = paging.Token{}, 0
		r.list = &holdersList{name: name, list: r.newHolderList(e, on)}
	}
	if r.list.page != nil && r.list.page.at != at.Of {
		r.list.page = nil
	}
}

// keptHolders returns the list that continues at a place; nil when it is lost.
func (ts *typeSync) keptHolders(name string, at *passToken) *holdersList {
	ts.state.mu.Lock()
	defer ts.state.mu.Unlock()
	for _, list := range ts.state.holders[ts.typ.ID] {
		if list.isAt(name, at) {
			return list
		}
	}
	return nil
}

// keep stores the list for the next answer, and its state before this one, since the SDK
// may repeat the call.
func (r *holdersReader) keep() {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.holders[r.typ.ID] = []*holdersList{r.start, r.list}
}

// clone returns a copy of a list; nil for nil.
func (l *holdersList) clone() *holdersList {
	if l == nil {
		return nil
	}
	c := *l
	c.list = l.list.Clone()
	return &c
}

// readPage reads the page of the list at a place.
func (r *holdersReader) readPage(ctx context.Context, e *mapping.Entitlement, on string, at paging.Token) error {
	batch, err := r.list.list.Read(ctx, at)
	if err != nil {
		return listError(err)
	}
	r.left -= batch.Requests
	grants, err := r.grantsTo(e, on, batch)
	if err == nil {
		grants, err = r.knownHolders(ctx, e, grants)
	}
	if err != nil {
		return err
	}
	r.list.page = &holdersPage{at, grants, batch.Next}
	if batch.Next != nil {
		r.list.at = *batch.Next
	}
	return nil
}

// knownHolders leaves out the grants of principals that no list has.
func (ts *typeSync) knownHolders(ctx context.Context, e *mapping.Entitlement, held []*v2.Grant) ([]*v2.Grant, error) {
	known := held[:0]
	for _, g := range held {
		principal, on := g.GetPrincipal().GetId(), g.GetEntitlement().GetResource().GetId()
		ok, err := ts.listedOrLeftOut(ctx, e, principal, on, principal)
		if err != nil {
			return nil, err
		}
		if ok {
			known = append(known, g)
		}
	}
	return known, nil
}

// allHolders reads all holders of entitlements on one resource.
func (ts *typeSync) allHolders(ctx context.Context, rid *v2.ResourceId) ([]*v2.Grant, error) {
	var out []*v2.Grant
	for _, e := range ts.typ.Entitlements {
		if e.Holders == nil {
			continue
		}
		err := ts.eachHolder(ctx, e, rid.GetResource(), func(batch *paging.Batch[[]mapping.ID]) (bool, error) {
			held, err := ts.grantsTo(e, rid.GetResource(), batch)
			out = append(out, held...)
			return true, err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// grantsTo makes the grants of the holders in a batch.
func (ts *typeSync) grantsTo(e *mapping.Entitlement, resourceText string, batch *paging.Batch[[]mapping.ID]) ([]*v2.Grant, error) {
	id, err := e.On.ParseID(resourceText)
	if err != nil {
		return nil, errorf(codes.InvalidArgument, "%w", err)
	}
	on := resourceID(e.On, id)
	var out []*v2.Grant
	for _, holders := range batch.Records {
		for _, principal := range holders {
			out = append(out, ts.newGrant(&mapping.GrantRule{Entitlement: e}, on, resourceID(e.Holders.Of, principal)))
		}
	}
	return out, nil
}

// eachHolder calls visit with the holders of an entitlement on a resource, until it
// returns false.
func (c *Connector) eachHolder(ctx context.Context, e *mapping.Entitlement, on string, visit func(*paging.Batch[[]mapping.ID]) (more bool, err error)) error {
	l := c.newHolderList(e, on)
	for at := (&paging.Token{}); at != nil; {
		batch, err := l.Read(ctx, *at)
		if err != nil {
			return listError(err)
		}
		if more, err := visit(batch); err != nil || !more {
			return err
		}
		at = batch.Next
	}
	return nil
}

// newHolderList returns the list of the holders of an entitlement on a resource.
func (c *Connector) newHolderList(e *mapping.Entitlement, on string) *holderList {
	return paging.New(pageRules(e.Holders.List), true, func(ctx context.Context, at paging.Position) (*paging.Page[[]mapping.ID], error) {
		id, err := e.On.ParseID(on)
		if err != nil {
			return nil, errorf(codes.InvalidArgument, "%w", err)
		}
		request, err := e.Holders.Request(id, positionOf(at), at.Size)
		if err != nil {
			return nil, errorf(codes.FailedPrecondition, "%w", err)
		}
		reply, err := c.call(ctx, e.Holders.List.Operation, request)
		if transport.IsNotFound(err) {
			there, findErr := c.stillThere(ctx, e.On, id)
			if findErr != nil {
				return nil, findErr
			}
			if !there {
				return &paging.Page[[]mapping.ID]{Gone: true}, nil // A deleted resource has no holders.
			}
		}
		if err != nil {
			return nil, pageError(err)
		}
		read := e.Holders.List.Read(reply)
		out := newPage[[]mapping.ID](read)
		for i, r := range read.Records {
			if out.Records[i], err = holdersIn(e, r); err != nil {
				return nil, err
			}
			var all mapping.ID
			for _, principal := range out.Records[i] {
				all = append(all, principal.String())
			}
			out.Hashes[i] = hashOf(all)
		}
		return out, nil
	})
}

// holdersIn returns the holders that a record names.
func holdersIn(e *mapping.Entitlement, r mapping.Record) ([]mapping.ID, error) {
	var holders []mapping.ID
	err := e.Holders.Each(r, func(principal mapping.ID) error {
		holders = append(holders, principal)
		return nil
	})
	if err != nil {
		return nil, lacksID(err)
	}
	if len(holders) == 0 {
		return nil, errorf(codes.FailedPrecondition, "a record of %s does not say who holds %s", e.Holders.List.Operation.Name, e.Name())
	}
	return holders, nil
}

// stillThere reports whether a resource still exists, as far as the API shows it.
func (c *Connector) stillThere(ctx context.Context, t *mapping.ResourceType, id mapping.ID) (bool, error) {
	if t.Get == nil && !t.Unpaged() {
		return true, nil
	}
	_, ok, err := c.alone(t).find(ctx, id)
	return ok, err
}

// listed reports whether a principal is among the holders of an entitlement. The list is
// read until the principal is found.
func (c *Connector) listed(ctx context.Context, e *mapping.Entitlement, on, principal mapping.ID) (bool, holderSet, error) {
	read := holderSet{ids: map[string]bool{}}
	err := c.eachHolder(ctx, e, on.String(), func(batch *paging.Batch[[]mapping.ID]) (bool, error) {
		for _, id := range slices.Concat(batch.Records...) {
			read.ids[id.String()] = true
		}
		read.whole = batch.Next == nil
		return !read.ids[principal.String()], nil
	})
	return read.ids[principal.String()], read, err
}
