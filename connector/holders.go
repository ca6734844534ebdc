package connector

import (
	"context"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/paging"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// maxHolderRequests is how many lists of holders one answer to the SDK reads at most.
const maxHolderRequests = 20

// passHolders reads who holds the type's entitlements, from a place on: a
// request for each resource, entitlement and page.
func (ts *typeSync) passHolders(ctx context.Context, at passToken) ([]*v2.Grant, *passToken, error) {
	seg, err := ts.segment(ctx, at, 0)
	if err != nil {
		return nil, nil, err
	}
	var out []*v2.Grant
	for requests := 0; at.Skip < seg.length; at.Skip++ {
		row, err := seg.row(at.Skip)
		if err != nil {
			return nil, nil, err
		}
		for ; at.Entitlement < len(ts.typ.Entitlements); at.Entitlement++ {
			e := ts.typ.Entitlements[at.Entitlement]
			for more := e.Holders != nil && ts.willSync(e.Holders.Of); more; {
				if len(out) >= maxGrants || requests >= maxHolderRequests {
					return out, &at, nil
				}
				l := ts.holderList(e, row.ID, &at.Of)
				batch, err := l.Read(ctx, at.Of)
				if err != nil {
					return nil, nil, listError(err)
				}
				requests += batch.Requests
				held, err := ts.grantsTo(e, row.ID, batch)
				if err != nil {
					return nil, nil, err
				}
				if held, err = ts.knownHolders(ctx, e, held); err != nil {
					return nil, nil, err
				}
				out = append(out, held...)
				if more = batch.Next != nil; more {
					at.Of = *batch.Next
				}
			}
			at.Of = paging.Token{}
		}
		at.Entitlement = 0
	}
	if seg.next != nil {
		seg.next.Holders = true
	}
	return out, seg.next, nil
}

// holderList is a list of who holds an entitlement on a resource: each record
// names some.
type holderList = paging.List[[]mapping.ID]

// lastHolders is the list of holders that is being read.
type lastHolders struct {
	of   string
	list *holderList
}

// holderList returns the list of holders at a place. When it is lost, the list
// starts over.
func (ts *typeSync) holderList(e *mapping.Entitlement, on string, at *paging.Token) *holderList {
	ts.state.mu.Lock()
	defer ts.state.mu.Unlock()
	last, of := &ts.state.holders, e.Name()+" "+on
	if last.of != of || *at == (paging.Token{}) || last.list.At != at.Batch {
		*at = paging.Token{}
		*last = lastHolders{of, ts.newHolderList(e, on)}
	}
	return last.list
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

// eachHolder gives visit the holders of an entitlement on a resource, until it
// wants no more.
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

// newHolderList returns the list of who holds an entitlement on a resource.
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
		reply, err := c.call(ctx, e.Holders.List.Operation, true, request)
		if transport.IsNotFound(err) {
			there, findErr := c.stillThere(ctx, e.On, id)
			if findErr != nil {
				return nil, findErr
			}
			if !there {
				return &paging.Page[[]mapping.ID]{Gone: true}, nil // Nobody holds anything on what was deleted.
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

// holdersIn returns whom a record of a list of holders names.
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
	found := false
	err := c.eachHolder(ctx, e, on.String(), func(batch *paging.Batch[[]mapping.ID]) (bool, error) {
		found = slices.ContainsFunc(batch.Records, func(holders []mapping.ID) bool {
			return slices.ContainsFunc(holders, func(id mapping.ID) bool { return slices.Equal(id, principal) })
		})
		return !found, nil
	})
	return found, err
}
