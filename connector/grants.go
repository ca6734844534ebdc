package connector

import (
	"context"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-descope/connector/paging"
	"github.com/conductorone/baton-descope/mapping"
)

// GrantsForResourceType returns one answer of the grants that the type's resources hold,
// and then, where the API lists holders for one resource at a time, of the grants on
// them.
func (s *syncer) GrantsForResourceType(ctx context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	var at passToken
	if err := parseToken(o.PageToken.Token, &at); err != nil {
		return nil, nil, s.wrap(err)
	}
	ts := s.in(o)
	var siblings []passToken
	var err error
	if o.PageToken.Token == "" {
		if at, siblings, err = ts.parts(ctx); err != nil {
			return nil, nil, s.wrap(err)
		}
	}
	out := answer[*v2.Grant]{limit: maxGrants}
	var next *passToken
	switch {
	case at.Holders:
		next, err = ts.passHolders(ctx, at, &out)
	case len(s.typ.Grants) > 0:
		next, err = ts.pass(ctx, at, wantGrants, func(row row, from int) (int, bool, error) {
			return ts.addGrants(ctx, row, from, &out)
		})
	}
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	if next == nil && !at.Holders && at.Until == 0 && s.typ.HasHolders() {
		next = &passToken{Holders: true}
	}
	results, err := resultsAt(next)
	if err == nil && len(siblings) > 0 {
		err = enqueue(results, siblings)
	}
	sortGrants(out.items)
	return out.items, results, s.wrap(err)
}

// A pass over at least minPages pages is divided into parts, at most parallelParts: many
// more than the SDK has workers, so that the workers finish together. The SDK's
// checkpoints have each part.
const (
	minPages      = 8
	parallelParts = 64
)

// parts divides the pass over a paged list into parts that the SDK's workers can read in
// parallel. It returns the place of the first, and of the others.
func (ts *typeSync) parts(ctx context.Context) (passToken, []passToken, error) {
	if ts.typ.Unpaged() || len(ts.typ.Grants) == 0 {
		return passToken{}, nil, nil
	}
	l := ts.listing()
	leave, err := l.enter(ctx)
	if err != nil {
		return passToken{}, nil, err
	}
	defer leave()
	count, err := ts.pageCount(ctx, l)
	if err != nil || count < minPages {
		return passToken{}, nil, err
	}
	n := min(count, parallelParts)
	var siblings []passToken
	for i := 1; i < n; i++ {
		siblings = append(siblings, passToken{Page: i * count / n, Until: (i + 1) * count / n})
	}
	if ts.typ.HasHolders() {
		siblings = append(siblings, passToken{Holders: true})
	}
	return passToken{Until: count / n}, siblings, nil
}

// enqueue makes the SDK continue at several places besides the next one.
func enqueue(results *resource.SyncOpResults, places []passToken) error {
	tokens := make([]string, len(places))
	for i := range places {
		var err error
		if tokens[i], err = token(&places[i]); err != nil {
			return err
		}
	}
	results.Annotations = annotations.New(v2.EnqueuePageTokens_builder{PageTokens: tokens}.Build())
	return nil
}

// Grants returns the grants that one resource holds, and those on it that a list of
// holders has.
func (s *syncer) Grants(ctx context.Context, r *v2.Resource, o resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	var at grantsToken
	if err := parseToken(o.PageToken.Token, &at); err != nil {
		return nil, nil, s.wrap(err)
	}
	all, err := s.in(o).allGrants(ctx, r.GetId())
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	hashes := make([]uint64, len(all))
	for i, g := range all {
		hashes[i] = hashOf(mapping.ID{g.GetId()})
	}
	if of := paging.Fingerprint(hashes); at.Of != of {
		at = grantsToken{Of: of} // The grants have changed: all are returned again.
	}
	out := answer[*v2.Grant]{limit: maxGrants}
	results := &resource.SyncOpResults{}
	for ; at.Skip < len(all); at.Skip++ {
		if !out.add(all[at.Skip]) {
			results.NextPageToken, err = token(&at)
			break
		}
	}
	return out.items, results, s.wrap(err)
}

// grantsToken is a place in the grants of one resource. Its text is a page token.
type grantsToken struct {
	// Skip is the number of grants already returned, and Of a fingerprint of all.
	Skip int    `json:"skip,omitempty"`
	Of   uint64 `json:"of,omitempty"`
}

func (g *grantsToken) Valid() bool { return g.Skip >= 0 }

// allGrants returns all grants that one resource holds or that are held on it, sorted by
// id.
func (ts *typeSync) allGrants(ctx context.Context, rid *v2.ResourceId) ([]*v2.Grant, error) {
	out := answer[*v2.Grant]{} // without a limit
	if len(ts.typ.Grants) > 0 {
		row, err := ts.rowOf(ctx, rid, wantGrants)
		if err != nil {
			return nil, err
		}
		if _, _, err := ts.alone(ts.typ).addGrants(ctx, row, 0, &out); err != nil {
			return nil, err
		}
	}
	if ts.typ.HasHolders() {
		held, err := ts.allHolders(ctx, rid)
		if err != nil {
			return nil, err
		}
		out.items = append(out.items, held...)
	}
	sortGrants(out.items)
	return out.items, nil
}

// sortGrants sorts grants by id. Rows in the order of their keys cost the SDK's store
// less.
func sortGrants(grants []*v2.Grant) {
	slices.SortFunc(grants, func(a, b *v2.Grant) int { return strings.Compare(a.GetId(), b.GetId()) })
}

// addGrants adds the grants that a row's resource holds, from an index on. It returns how
// many are done, and whether those are all.
func (ts *typeSync) addGrants(ctx context.Context, row row, from int, out *answer[*v2.Grant]) (int, bool, error) {
	principal := v2.ResourceId_builder{ResourceType: ts.typ.ID, Resource: row.ID}.Build()
	for i := from; i < len(row.Grants); i++ {
		rule := ts.typ.Grants[row.Grants[i].Rule]
		on := v2.ResourceId_builder{ResourceType: rule.Entitlement.On.ID, Resource: row.Grants[i].On}.Build()
		if !rule.Entitlement.On.Unpaged() {
			ok, err := ts.listedOrLeftOut(ctx, rule.Entitlement, principal, on, on)
			if err != nil {
				return i, false, err
			}
			if !ok {
				continue
			}
		}
		if !out.add(ts.newGrant(rule, on, principal)) {
			return i, false, nil
		}
	}
	return 0, true, nil
}

// grantsIn returns what a record's resource holds. Dangling references are left out and
// counted.
func (ts *typeSync) grantsIn(ctx context.Context, id mapping.ID, r mapping.Record) ([]rowGrant, error) {
	var grants []rowGrant
	err := holds(ts.typ, r, func(rule int, on mapping.ID) error {
		t := ts.typ.Grants[rule].Entitlement.On
		exists, err := ts.sure(ctx, t, func(ts *typeSync) (bool, error) { return ts.exists(ctx, t, on) })
		switch {
		case err != nil:
			return err
		case !exists:
			e := ts.typ.Grants[rule].Entitlement
			missing := resourceID(e.On, on)
			return ts.leaveOut(Dangling{Principal: resourceID(ts.typ, id), On: missing, Missing: missing, Entitlement: e})
		default:
			grants = append(grants, rowGrant{Rule: rule, On: on.String()})
		}
		return nil
	})
	return grants, err
}

// holds calls visit once for everything that a record's resource holds.
func holds(t *mapping.ResourceType, r mapping.Record, visit func(rule int, on mapping.ID) error) error {
	type held struct {
		entitlement *mapping.Entitlement
		on          string
	}
	seen := map[held]bool{}
	for i, rule := range t.Grants {
		err := rule.Each(r, func(on mapping.ID) error {
			key := held{rule.Entitlement, on.String()}
			if seen[key] {
				return nil
			}
			seen[key] = true
			return visit(i, on)
		})
		if err != nil {
			return lacksID(err)
		}
	}
	return nil
}

// newGrant returns the SDK's grant for the result of a rule. The principal is only an id:
// the SDK has the rest.
func (c *Connector) newGrant(rule *mapping.GrantRule, on, principal *v2.ResourceId) *v2.Grant {
	id := entitlementID(rule.Entitlement, on)
	var annos annotations.Annotations
	if rule.Entitlement.ReadOnly {
		annos.Append(&v2.GrantImmutable{})
	}
	if c.options.Expand && rule.Expand != nil {
		expandable := &v2.GrantExpandable{EntitlementIds: []string{entitlementID(rule.Expand, principal)}, Shallow: true}
		for _, t := range rule.Expand.GrantableTo {
			expandable.ResourceTypeIds = append(expandable.ResourceTypeIds, t.ID)
		}
		annos.Append(expandable)
	}
	return v2.Grant_builder{
		Id:        id + ":" + principal.GetResourceType() + ":" + principal.GetResource(),
		Principal: v2.Resource_builder{Id: principal}.Build(),
		Entitlement: v2.Entitlement_builder{
			Id:       id,
			Resource: v2.Resource_builder{Id: on}.Build(),
		}.Build(),
		Annotations: annos,
	}.Build()
}
