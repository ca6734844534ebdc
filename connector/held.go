package connector

import (
	"context"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// maxGrants is how many grants, or entitlements, one answer to the SDK holds at
// most: about 0.5 MB.
const maxGrants = 2000

// step is a place in a pass over a type's resources after they were listed:
// first those of its whole list or of its own pages, then those that the pages
// of other types show. Its text is a page token.
type step struct {
	// Shown is the number of the other type in whose pages the pass is, from 1.
	Shown int `json:"shown,omitempty"`
	// Page is the number of the page, and Until that of the page before which a
	// part of the pass ends; 0 for the whole pass.
	Page  int `json:"page,omitempty"`
	Until int `json:"until,omitempty"`
	// Skip is how many resources of the list or page are done.
	Skip int `json:"skip,omitempty"`
	// Holders tells that the pass reads who holds entitlements, Entitlement is
	// how many entitlements of the resource are done, and Of the page of holders.
	Holders     bool   `json:"holders,omitempty"`
	Entitlement int    `json:"entitlement,omitempty"`
	Of          cursor `json:"of,omitzero"`
}

func (s *step) possible() bool {
	return s.Of.possible() && min(s.Shown, s.Page, s.Until, s.Skip, s.Entitlement) >= 0
}

// EntitlementsForResourceType returns one step of the type's entitlements.
func (s *syncer) EntitlementsForResourceType(ctx context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	var at step
	if err := parseToken(o.PageToken.Token, &at); err != nil {
		return nil, nil, s.wrap(err)
	}
	var out []*v2.Entitlement
	next, err := s.pass(ctx, o, at, wantNames, func(row keptRow) (int, error) {
		on := v2.ResourceId_builder{ResourceType: s.typ.ID, Resource: row.ID}.Build()
		for i, e := range s.typ.Entitlements {
			out = append(out, s.newEntitlement(e, on, row.Names[i]))
		}
		return len(out), nil
	})
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	results, err := resultsAt(next)
	return out, results, s.wrap(err)
}

// resultsAt is the SDK's answer that goes on at a place; nil is the end.
func resultsAt(next *step) (*resource.SyncOpResults, error) {
	if next == nil {
		return &resource.SyncOpResults{}, nil
	}
	text, err := token(next)
	return &resource.SyncOpResults{NextPageToken: text}, err
}

// GrantsForResourceType returns one step of the grants that the type's
// resources hold, and then, where the API lists holders for one resource at a
// time, of those that are held on them.
func (s *syncer) GrantsForResourceType(ctx context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	var at step
	if err := parseToken(o.PageToken.Token, &at); err != nil {
		return nil, nil, s.wrap(err)
	}
	var siblings []step
	var err error
	if o.PageToken.Token == "" {
		if at, siblings, err = s.parts(ctx, o); err != nil {
			return nil, nil, s.wrap(err)
		}
	}
	var out []*v2.Grant
	var next *step
	switch {
	case at.Holders:
		out, next, err = s.passHolders(ctx, o, at)
	case len(s.typ.Grants) > 0:
		next, err = s.pass(ctx, o, at, wantGrants, func(row keptRow) (int, error) {
			grants, err := s.grantsOf(ctx, o, row)
			out = append(out, grants...)
			return len(out), err
		})
	}
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	if next == nil && !at.Holders && at.Until == 0 && s.typ.HasHolders() {
		next = &step{Holders: true}
	}
	results, err := resultsAt(next)
	if err == nil && len(siblings) > 0 {
		err = enqueue(results, siblings)
	}
	// The SDK's store takes what comes in the order of its keys more cheaply.
	slices.SortFunc(out, func(a, b *v2.Grant) int { return strings.Compare(a.GetId(), b.GetId()) })
	return out, results, s.wrap(err)
}

// parallelParts is into how many parts a pass over many pages is cut: more than
// the SDK has workers by default, so that they end together. Each part is in
// the SDK's checkpoints.
const parallelParts = 8

// parts cuts the pass over a list that comes in pages into parts that the SDK's
// workers can read at once. It returns the place of the first, and of the others.
func (s *syncer) parts(ctx context.Context, o resource.SyncOpAttrs) (step, []step, error) {
	if s.typ.Whole() || len(s.typ.Grants) == 0 {
		return step{}, nil, nil
	}
	l := s.syncs.of(o).listing(s.Connector, s.typ)
	leave, err := l.enter(ctx)
	if err != nil {
		return step{}, nil, err
	}
	defer leave()
	count, err := s.pageCount(ctx, o, l)
	if err != nil || count < parallelParts {
		return step{}, nil, err
	}
	var siblings []step
	for i := 1; i < parallelParts; i++ {
		siblings = append(siblings, step{Page: i * count / parallelParts, Until: (i + 1) * count / parallelParts})
	}
	if s.typ.HasHolders() {
		siblings = append(siblings, step{Holders: true})
	}
	return step{Until: count / parallelParts}, siblings, nil
}

// enqueue asks the SDK to go on at several places beside the next one.
func enqueue(results *resource.SyncOpResults, places []step) error {
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

// grantsOf makes the grants of what a row says that its resource holds.
func (s *syncer) grantsOf(ctx context.Context, o resource.SyncOpAttrs, row keptRow) ([]*v2.Grant, error) {
	principal := v2.ResourceId_builder{ResourceType: s.typ.ID, Resource: row.ID}.Build()
	grants := make([]*v2.Grant, 0, len(row.Grants))
	for _, g := range row.Grants {
		rule := s.typ.Grants[g.Rule]
		on := v2.ResourceId_builder{ResourceType: rule.Entitlement.On.ID, Resource: g.On}.Build()
		if !rule.Entitlement.On.Whole() {
			ok, err := s.knownOrLeftOut(ctx, o, rule.Entitlement, principal, on, on)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
		}
		grants = append(grants, s.newGrant(rule, on, principal))
	}
	return grants, nil
}

// knownOrLeftOut tells whether the principal of a grant, or the resource that
// it is on, is in its list. If not, the grant is left out.
func (s *syncer) knownOrLeftOut(ctx context.Context, o resource.SyncOpAttrs, e *mapping.Entitlement, principal, on, which *v2.ResourceId) (bool, error) {
	t := s.plan.Type(which.GetResourceType())
	id, err := t.ParseID(which.GetResource())
	if err != nil {
		return false, errorf(codes.InvalidArgument, "%w", err)
	}
	state := s.syncs.of(o)
	ok, err := s.known(ctx, o, state, t, id)
	if err != nil || ok {
		return ok, err
	}
	return false, s.leaveOut(state, LeftOut{Principal: principal, On: on, Missing: which, Entitlement: e})
}

// Entitlements returns the entitlements on one resource.
func (s *syncer) Entitlements(ctx context.Context, r *v2.Resource, o resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	row, err := s.rowOf(ctx, r.GetId(), o, wantNames)
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	out := make([]*v2.Entitlement, len(s.typ.Entitlements))
	for i, e := range s.typ.Entitlements {
		out[i] = s.newEntitlement(e, r.GetId(), row.Names[i])
	}
	return out, &resource.SyncOpResults{}, nil
}

// Grants returns the grants that one resource holds, and those that are listed
// as held on it.
func (s *syncer) Grants(ctx context.Context, r *v2.Resource, o resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	var out []*v2.Grant
	if len(s.typ.Grants) > 0 {
		row, err := s.rowOf(ctx, r.GetId(), o, wantGrants)
		if err != nil {
			return nil, nil, s.wrap(err)
		}
		if out, err = s.grantsOf(ctx, resource.SyncOpAttrs{}, row); err != nil {
			return nil, nil, s.wrap(err)
		}
	}
	if s.typ.HasHolders() {
		held, err := s.allHolders(ctx, r.GetId())
		if err != nil {
			return nil, nil, s.wrap(err)
		}
		out = append(out, held...)
	}
	return out, &resource.SyncOpResults{}, nil
}

// rowOf reads what one resource holds and how its entitlements are called.
func (s *syncer) rowOf(ctx context.Context, rid *v2.ResourceId, o resource.SyncOpAttrs, w wanted) (keptRow, error) {
	id, err := s.typ.ParseID(rid.GetResource())
	if err != nil {
		return keptRow{}, errorf(codes.InvalidArgument, "%w", err)
	}
	state := s.syncs.of(o)
	f, ok, err := s.find(ctx, state, s.typ, id)
	if err != nil {
		return keptRow{}, err
	}
	if !ok {
		return keptRow{}, errorf(codes.FailedPrecondition, "there is no %s %q any more", s.typ.ID, id)
	}
	return s.row(ctx, state, id, f.record, w)
}

// segment is a run of the type's resources that are at hand together: its whole
// list, one page of it, or what one page of another type shows.
type segment struct {
	length int
	row    func(i int) (keptRow, error)
	// next is the segment after it, nil at the end.
	next *step
}

// segment returns the segment at a place. w is what of its rows is wanted.
func (s *syncer) segment(ctx context.Context, o resource.SyncOpAttrs, at step, w wanted) (segment, error) {
	state := s.syncs.of(o)
	switch {
	case at.Shown > len(s.typ.Also):
		return segment{}, errorf(codes.InvalidArgument, "page token: no other records show a %s", s.typ.ID)
	case at.Shown > 0:
		return s.shownSegment(ctx, o, state, at, w)
	case s.typ.Whole():
		return s.wholeSegment(ctx, state, w)
	}
	page, err := s.page(ctx, o, state, at.Page)
	if err != nil {
		return segment{}, err
	}
	return segment{len(page.Rows), func(i int) (keptRow, error) { return page.Rows[i], nil }, at.nextPage(page)}, nil
}

func (s *syncer) wholeSegment(ctx context.Context, state *syncState, w wanted) (segment, error) {
	list, err := state.whole(ctx, s.Connector, s.typ)
	if err != nil {
		return segment{}, err
	}
	seg := segment{length: len(list.ids), row: func(i int) (keptRow, error) {
		return s.row(ctx, state, list.ids[i], list.records[i], w)
	}}
	seg.next = s.nextShown(0)
	return seg, nil
}

// nextShown returns the place of what the type after the n-th shows; nil at the end.
func (s *syncer) nextShown(n int) *step {
	for ; n < len(s.typ.Also); n++ {
		if s.willSync(s.typ.Also[n].In) {
			return &step{Shown: n + 1}
		}
	}
	return nil
}

func (s *syncer) shownSegment(ctx context.Context, o resource.SyncOpAttrs, state *syncState, at step, w wanted) (segment, error) {
	in := &syncer{Connector: s.Connector, typ: s.typ.Also[at.Shown-1].In}
	page, err := in.page(ctx, o, state, at.Page)
	if err != nil {
		return segment{}, err
	}
	shown := page.Shown[s.typ.ID]
	next := at.nextPage(page)
	if next == nil {
		next = s.nextShown(at.Shown)
	}
	return segment{len(shown), func(i int) (keptRow, error) {
		return s.rowOf(ctx, v2.ResourceId_builder{ResourceType: s.typ.ID, Resource: shown[i]}.Build(), o, w)
	}, next}, nil
}

// nextPage returns the place of the page after one; nil at the end.
func (s step) nextPage(page *keptPage) *step {
	if !page.More || s.Page+1 == s.Until {
		return nil
	}
	return &step{Shown: s.Shown, Page: s.Page + 1, Until: s.Until}
}

// pass goes over one segment of the type's resources, from a place on. It gives
// each row to visit, which returns how much it has made of them so far, until
// that is enough for one answer, and returns the next place.
func (s *syncer) pass(ctx context.Context, o resource.SyncOpAttrs, at step, w wanted, visit func(keptRow) (int, error)) (*step, error) {
	seg, err := s.segment(ctx, o, at, w)
	if err != nil {
		return nil, err
	}
	for i := at.Skip; i < seg.length; i++ {
		row, err := seg.row(i)
		if err != nil {
			return nil, err
		}
		made, err := visit(row)
		if err != nil {
			return nil, err
		}
		if made >= maxGrants && i+1 < seg.length {
			at.Skip = i + 1
			return &at, nil
		}
	}
	return seg.next, nil
}

// wanted is what a pass needs to know of each resource.
type wanted int

const (
	wantGrants wanted = 1 << iota
	wantNames
)

// row works out what a resource holds and how its entitlements are called.
func (s *syncer) row(ctx context.Context, state *syncState, id mapping.ID, r mapping.Record, w wanted) (keptRow, error) {
	row := keptRow{ID: id.String()}
	var err error
	if w&wantGrants != 0 {
		row.Grants, err = s.grantsIn(ctx, state, id, r)
	}
	if err == nil && w&wantNames != 0 {
		row.Names, err = s.namesIn(ctx, state, id, r)
	}
	return row, err
}

// grantsIn returns what a record says that its resource holds. What it is said
// to hold on a resource that does not exist is left out, and counted.
func (s *syncer) grantsIn(ctx context.Context, state *syncState, id mapping.ID, r mapping.Record) ([]keptGrant, error) {
	var grants []keptGrant
	err := holds(s.typ, r, func(rule int, on mapping.ID) error {
		exists, err := s.exists(ctx, state, s.typ.Grants[rule].Entitlement.On, on)
		switch {
		case err != nil:
			return err
		case !exists:
			e := s.typ.Grants[rule].Entitlement
			missing := resourceID(e.On, on)
			return s.leaveOut(state, LeftOut{Principal: resourceID(s.typ, id), On: missing, Missing: missing, Entitlement: e})
		default:
			grants = append(grants, keptGrant{Rule: rule, On: on.String()})
		}
		return nil
	})
	return grants, err
}

func (s *syncer) namesIn(ctx context.Context, state *syncState, id mapping.ID, r mapping.Record) ([]keptEntitlement, error) {
	if len(s.typ.Entitlements) == 0 {
		return nil, nil
	}
	parent, err := s.parentOf(ctx, state, s.typ, id, r)
	if err != nil {
		return nil, err
	}
	mapped, err := s.typ.Resource(id, r, parent)
	if err != nil {
		return nil, errorf(codes.FailedPrecondition, "%w", err)
	}
	names := make([]keptEntitlement, len(s.typ.Entitlements))
	for i, e := range s.typ.Entitlements {
		names[i].Name, names[i].Description = e.Describe(mapped.Name, r, parent)
	}
	return names, nil
}

// holds gives visit everything that a record says its resource holds, each once.
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

// exists tells whether a resource that a record of this type refers to is
// there. Of a paged list that is not known, and the SDK checks it at the end of
// the sync.
func (s *syncer) exists(ctx context.Context, state *syncState, t *mapping.ResourceType, id mapping.ID) (bool, error) {
	if !t.Whole() {
		return true, nil
	}
	list, err := state.whole(ctx, s.Connector, t)
	if err != nil {
		return false, err
	}
	if t.ShownIn(s.typ) == nil {
		_, listed := list.find(id)
		return listed, nil
	}
	r, err := s.listedOrShown(ctx, state, t, list, id)
	return r.Given(), err
}
