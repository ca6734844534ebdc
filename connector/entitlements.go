package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-descope/mapping"
)

// EntitlementsForResourceType returns one answer of the type's entitlements.
func (s *syncer) EntitlementsForResourceType(ctx context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	var at passToken
	if err := parseToken(o.PageToken.Token, &at); err != nil {
		return nil, nil, s.wrap(err)
	}
	out := answer[*v2.Entitlement]{limit: maxEntitlements}
	next, err := s.in(o).pass(ctx, at, wantNames, func(row row, from int) (int, bool, error) {
		on := v2.ResourceId_builder{ResourceType: s.typ.ID, Resource: row.ID}.Build()
		for i := from; i < len(s.typ.Entitlements); i++ {
			if !out.add(s.newEntitlement(s.typ.Entitlements[i], on, row.Names[i])) {
				return i, false, nil
			}
		}
		return 0, true, nil
	})
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	results, err := resultsAt(next)
	return out.items, results, s.wrap(err)
}

// Entitlements returns the entitlements on one resource.
func (s *syncer) Entitlements(ctx context.Context, r *v2.Resource, o resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	row, err := s.in(o).rowOf(ctx, r.GetId(), wantNames)
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	out := make([]*v2.Entitlement, len(s.typ.Entitlements))
	for i, e := range s.typ.Entitlements {
		out[i] = s.newEntitlement(e, r.GetId(), row.Names[i])
	}
	return out, &resource.SyncOpResults{}, nil
}

func (ts *typeSync) namesIn(ctx context.Context, id mapping.ID, r mapping.Record) ([]rowName, error) {
	if len(ts.typ.Entitlements) == 0 {
		return nil, nil
	}
	parent, err := ts.parentOf(ctx, id, r)
	if err != nil {
		return nil, err
	}
	name := ts.typ.Name(id, r, parent)
	names := make([]rowName, len(ts.typ.Entitlements))
	for i, e := range ts.typ.Entitlements {
		names[i].Name, names[i].Description = e.Describe(name, r, parent)
	}
	return names, nil
}

var purposes = map[mapping.Purpose]v2.Entitlement_PurposeValue{
	mapping.PurposeAssignment: v2.Entitlement_PURPOSE_VALUE_ASSIGNMENT,
	mapping.PurposePermission: v2.Entitlement_PURPOSE_VALUE_PERMISSION,
	mapping.PurposeOwnership:  v2.Entitlement_PURPOSE_VALUE_OWNERSHIP,
}

// newEntitlement makes the SDK's entitlement of one on a resource.
func (c *Connector) newEntitlement(e *mapping.Entitlement, on *v2.ResourceId, name rowName) *v2.Entitlement {
	out := v2.Entitlement_builder{
		Id:          entitlementID(e, on),
		Resource:    v2.Resource_builder{Id: on}.Build(),
		DisplayName: clip(name.Name, maxDisplayName),
		Description: clip(name.Description, maxDescription),
		Slug:        e.Slug,
		Purpose:     purposes[e.Purpose],
	}
	for _, t := range e.GrantableTo {
		out.GrantableTo = append(out.GrantableTo, v2.ResourceType_builder{Id: t.ID, DisplayName: t.DisplayName}.Build())
	}
	if e.ReadOnly {
		out.Annotations = annotations.New(&v2.EntitlementImmutable{})
	}
	return out.Build()
}

// entitlementID has the SDK's form, which is a public contract of its own.
func entitlementID(e *mapping.Entitlement, on *v2.ResourceId) string {
	return on.GetResourceType() + ":" + on.GetResource() + ":" + e.Slug
}
