package connector

import (
	"context"
	"math"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// maxHolderRequests is how many lists of holders one answer to the SDK reads at most.
const maxHolderRequests = 20

// passHolders adds who holds the type's entitlements, from a place on: a request
// for each resource, entitlement and page.
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

// holdersReader makes one answer of lists of holders.
type holdersReader struct {
	*typeSync
	out  *answer[*v2.Grant]
	left int // how many requests it may send
	// start is the list where the answer begins, as it was then, and list as it is now.
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
					if len(r.out.items) == r.out.limit || r.left == 0 {
						return &at, nil
					}
					r.left--
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
			at.Of = cursor{}
		}
		at.Entitlement = 0
	}
	if seg.next != nil {
		seg.next.Holders = true
	}
	return seg.next, nil
}

// holdersList is the list of holders that a pass is reading.
type holdersList struct {
	name string
	// seen are the records of the pages before the place at.
	seen *idSet
	at   cursor
	// page is the page that was read last, nil when the one at the pass's place is
	// to be read.
	page *holdersPage
}

// holdersPage is a page of a list of holders.
type holdersPage struct {
	at     cursor
	grants []*v2.Grant
	next   *cursor // nil at the end
}

// isAt reports whether the list goes on at a place.
func (l *holdersList) isAt(name string, at *passToken) bool {
	return l != nil && l.name == name && (l.page != nil && l.page.at == at.Of || l.at == at.Of && at.Within == 0)
}

// goTo goes to the list of holders at a place. When what the list has shown up to
// that place is lost, it starts over, and is read on past what came before.
func (r *holdersReader) goTo(e *mapping.Entitlement, on string, at *passToken) {
	name := e.Name() + " " + on
	if r.list == nil {
		r.start = r.keptHolders(name, at)
		r.list = r.start.clone()
	}
	if !r.list.isAt(name, at) {
		if at.Of != (cursor{}) || at.Within > 0 {
			r.left = math.MaxInt
		}
		at.Of, at.Within = cursor{}, 0
		r.list = &holdersList{name: name, seen: &idSet{}}
	}
	if r.list.page != nil && r.list.page.at != at.Of {
		r.list.page = nil
	}
}

// keptHolders returns the list that goes on at a place; nil when it is lost.
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

// keep keeps the list for the next answer, and as it was for this one: the SDK may
// ask for it again.
func (r *holdersReader) keep() {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	r.state.holders[r.typ.ID] = []*holdersList{r.start, r.list}
}

// clone returns a copy of a list; nil of none.
func (l *holdersList) clone() *holdersList {
	if l == nil {
		return nil
	}
	c := *l
	c.seen = &idSet{slots: slices.Clone(l.seen.slots), count: l.seen.count}
	return &c
}

// readPage reads the page of the list at a place.
func (r *holdersReader) readPage(ctx context.Context, e *mapping.Entitlement, on string, at cursor) error {
	grants, next, err := r.holderPage(ctx, e, on, at, r.list.seen)
	if err == nil {
		grants, err = r.knownHolders(ctx, e, grants)
	}
	if err != nil {
		return err
	}
	r.list.page = &holdersPage{at, grants, next}
	if next != nil {
		r.list.at = *next
	}
	return nil
}

// knownHolders leaves out the grants of principals that are in no list.
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

// allHolders reads all who hold entitlements on one resource.
func (ts *typeSync) allHolders(ctx context.Context, rid *v2.ResourceId) ([]*v2.Grant, error) {
	var out []*v2.Grant
	for _, e := range ts.typ.Entitlements {
		seen := &idSet{}
		for at := (&cursor{}); e.Holders != nil && at != nil; {
			held, next, err := ts.holderPage(ctx, e, rid.GetResource(), *at, seen)
			if err != nil {
				return nil, err
			}
			out, at = append(out, held...), next
		}
	}
	return out, nil
}

// holderPage reads one page of who holds an entitlement on a resource. seen are
// the records that came before.
func (ts *typeSync) holderPage(ctx context.Context, e *mapping.Entitlement, resourceText string, at cursor, seen *idSet) ([]*v2.Grant, *cursor, error) {
	id, err := e.On.ParseID(resourceText)
	if err != nil {
		return nil, nil, errorf(codes.InvalidArgument, "%w", err)
	}
	on := resourceID(e.On, id)
	var out []*v2.Grant
	next, err := ts.readHolders(ctx, e, id, at, seen, func(principal mapping.ID) {
		out = append(out, ts.newGrant(&mapping.GrantRule{Entitlement: e}, on, resourceID(e.Holders.Of, principal)))
	})
	return out, next, err
}

// readHolders gives visit the holders on one page, and returns the place of the
// next, nil at the end.
func (c *Connector) readHolders(ctx context.Context, e *mapping.Entitlement, on mapping.ID, at cursor, seen *idSet, visit func(principal mapping.ID)) (*cursor, error) {
	request, err := e.Holders.Request(on, at.position())
	if err != nil {
		return nil, errorf(codes.FailedPrecondition, "%w", err)
	}
	reply, err := c.call(ctx, e.Holders.List.Operation, true, request)
	if transport.IsNotFound(err) {
		there, findErr := c.stillThere(ctx, e.On, on)
		if findErr != nil || !there {
			return nil, findErr // Nobody holds anything on what was deleted.
		}
	}
	if err != nil {
		return nil, err
	}
	p := &sheet{page: e.Holders.List.Read(reply)}
	holders := make([][]mapping.ID, len(p.page.Records))
	for i, r := range p.page.Records {
		var all mapping.ID
		err := e.Holders.Each(r, func(principal mapping.ID) error {
			holders[i] = append(holders[i], principal)
			all = append(all, principal.String())
			return nil
		})
		if err != nil {
			return nil, lacksID(err)
		}
		if len(all) == 0 {
			return nil, errorf(codes.FailedPrecondition, "a record of %s does not say who holds %s", e.Holders.List.Operation.Name, e.Name())
		}
		p.hashes = append(p.hashes, hashOf(all))
	}
	next, follows := (*cursor)(nil), true
	if e.Holders.List.Pages != nil {
		if next, follows, err = at.turn(e.Holders.List, p, seen.has); err != nil {
			return nil, err
		}
	}
	for i := range holders {
		if follows && seen.add(p.hashes[i]) {
			for _, principal := range holders[i] {
				visit(principal)
			}
		}
	}
	return next, nil
}

// stillThere tells whether a resource exists now, as far as that can be seen.
func (c *Connector) stillThere(ctx context.Context, t *mapping.ResourceType, id mapping.ID) (bool, error) {
	if t.Get == nil && !t.Whole() {
		return true, nil
	}
	_, ok, err := c.alone(t).find(ctx, id)
	return ok, err
}

// listed tells whether a principal is among the holders of an entitlement.
func (c *Connector) listed(ctx context.Context, e *mapping.Entitlement, on, principal mapping.ID) (bool, error) {
	found, seen := false, &idSet{}
	for at := (&cursor{}); at != nil && !found; {
		next, err := c.readHolders(ctx, e, on, *at, seen, func(id mapping.ID) {
			found = found || id.String() == principal.String()
		})
		if err != nil {
			return false, err
		}
		at = next
	}
	return found, nil
}
