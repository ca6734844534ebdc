package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// maxHolderRequests is how many lists of holders one answer to the SDK reads at most.
const maxHolderRequests = 20

// passHolders reads who holds the type's entitlements, from a place on: a
// request for each resource, entitlement and page.
func (s *syncer) passHolders(ctx context.Context, o resource.SyncOpAttrs, at step) ([]*v2.Grant, *step, error) {
	seg, err := s.segment(ctx, o, at, 0)
	if err != nil {
		return nil, nil, err
	}
	var out []*v2.Grant
	state := s.syncs.of(o)
	for requests := 0; at.Skip < seg.length; at.Skip++ {
		row, err := seg.row(at.Skip)
		if err != nil {
			return nil, nil, err
		}
		for ; at.Entitlement < len(s.typ.Entitlements); at.Entitlement++ {
			e := s.typ.Entitlements[at.Entitlement]
			for more := e.Holders != nil && s.willSync(e.Holders.Of); more; {
				if len(out) >= maxGrants || requests >= maxHolderRequests {
					return out, &at, nil
				}
				requests++
				held, next, err := s.holderPage(ctx, e, row.ID, at.Of, state.holdersOf(e, row.ID, &at.Of))
				if err != nil {
					return nil, nil, err
				}
				if held, err = s.knownHolders(ctx, o, e, held); err != nil {
					return nil, nil, err
				}
				out = append(out, held...)
				if more = next != nil; more {
					at.Of = *next
				}
			}
			at.Of = cursor{}
		}
		at.Entitlement = 0
	}
	if seg.next != nil {
		seg.next.Holders = true
	}
	return out, seg.next, nil
}

// holdersOf returns the set of the records that a list of holders has shown up
// to a place. When it is lost, the list starts over.
func (s *syncState) holdersOf(e *mapping.Entitlement, on string, at *cursor) *idSet {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, key := s.holders, e.Name()+" "+on
	if seen.list != key || *at == (cursor{}) {
		*at = cursor{}
		s.holders = holdersSeen{list: key, seen: &idSet{}}
	}
	return s.holders.seen
}

// knownHolders leaves out the grants of principals that are in no list.
func (s *syncer) knownHolders(ctx context.Context, o resource.SyncOpAttrs, e *mapping.Entitlement, held []*v2.Grant) ([]*v2.Grant, error) {
	known := held[:0]
	for _, g := range held {
		principal, on := g.GetPrincipal().GetId(), g.GetEntitlement().GetResource().GetId()
		ok, err := s.knownOrLeftOut(ctx, o, e, principal, on, principal)
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
func (s *syncer) allHolders(ctx context.Context, rid *v2.ResourceId) ([]*v2.Grant, error) {
	var out []*v2.Grant
	for _, e := range s.typ.Entitlements {
		seen := &idSet{}
		for at := (&cursor{}); e.Holders != nil && at != nil; {
			held, next, err := s.holderPage(ctx, e, rid.GetResource(), *at, seen)
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
func (s *syncer) holderPage(ctx context.Context, e *mapping.Entitlement, resourceText string, at cursor, seen *idSet) ([]*v2.Grant, *cursor, error) {
	id, err := e.On.ParseID(resourceText)
	if err != nil {
		return nil, nil, errorf(codes.InvalidArgument, "%w", err)
	}
	on := resourceID(e.On, id)
	var out []*v2.Grant
	next, err := s.readHolders(ctx, e, id, at, seen, func(principal mapping.ID) {
		out = append(out, s.newGrant(&mapping.GrantRule{Entitlement: e}, on, resourceID(e.Holders.Of, principal)))
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
	_, ok, err := c.find(ctx, newSyncState(), t, id)
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
