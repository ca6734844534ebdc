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
				held, next, err := s.holderPage(ctx, e, row.ID, at.Of)
				if err != nil {
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

// allHolders reads all who hold entitlements on one resource.
func (s *syncer) allHolders(ctx context.Context, rid *v2.ResourceId) ([]*v2.Grant, error) {
	var out []*v2.Grant
	for _, e := range s.typ.Entitlements {
		for at := (&cursor{}); e.Holders != nil && at != nil; {
			held, next, err := s.holderPage(ctx, e, rid.GetResource(), *at)
			if err != nil {
				return nil, err
			}
			out, at = append(out, held...), next
		}
	}
	return out, nil
}

// holderPage reads one page of who holds an entitlement on a resource.
func (s *syncer) holderPage(ctx context.Context, e *mapping.Entitlement, resourceText string, at cursor) ([]*v2.Grant, *cursor, error) {
	id, err := e.On.ParseID(resourceText)
	if err != nil {
		return nil, nil, errorf(codes.InvalidArgument, "%w", err)
	}
	on := resourceID(e.On, id)
	var out []*v2.Grant
	next, err := s.readHolders(ctx, e, id, at, func(principal mapping.ID) {
		out = append(out, s.newGrant(&mapping.GrantRule{Entitlement: e}, on, resourceID(e.Holders.Of, principal)))
	})
	return out, next, err
}

// readHolders gives visit the holders on one page, and returns the place of the
// next, nil at the end.
func (c *Connector) readHolders(ctx context.Context, e *mapping.Entitlement, on mapping.ID, at cursor, visit func(principal mapping.ID)) (*cursor, error) {
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
	page := e.Holders.List.Read(reply)
	ids := make([]string, 0, len(page.Records))
	for _, r := range page.Records {
		before := len(ids)
		err := e.Holders.Each(r, func(principal mapping.ID) error {
			ids = append(ids, principal.String())
			visit(principal)
			return nil
		})
		if err != nil {
			return nil, lacksID(err)
		}
		if len(ids) == before {
			return nil, errorf(codes.FailedPrecondition, "a record of %s does not say who holds %s", e.Holders.List.Operation.Name, e.Name())
		}
	}
	if e.Holders.List.Pages == nil {
		return nil, nil
	}
	return at.next(e.Holders.List, page, ids)
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
	found := false
	for at := (&cursor{}); at != nil && !found; {
		next, err := c.readHolders(ctx, e, on, *at, func(id mapping.ID) {
			found = found || id.String() == principal.String()
		})
		if err != nil {
			return false, err
		}
		at = next
	}
	return found, nil
}
