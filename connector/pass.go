package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
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

// resultsAt is the SDK's answer that goes on at a place; nil is the end.
func resultsAt(next *step) (*resource.SyncOpResults, error) {
	if next == nil {
		return &resource.SyncOpResults{}, nil
	}
	text, err := token(next)
	return &resource.SyncOpResults{NextPageToken: text}, err
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
	state := s.syncs.state(o.SyncID)
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

// nextShown returns the place of what the type after the n-th shows; nil at the end.
func (s *syncer) nextShown(n int) *step {
	for ; n < len(s.typ.Also); n++ {
		if s.willSync(s.typ.Also[n].In) {
			return &step{Shown: n + 1}
		}
	}
	return nil
}

// nextPage returns the place of the page after one; nil at the end.
func (s step) nextPage(page *keptPage) *step {
	if !page.More || s.Page+1 == s.Until {
		return nil
	}
	return &step{Shown: s.Shown, Page: s.Page + 1, Until: s.Until}
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

// rowOf reads what one resource holds and how its entitlements are called.
func (s *syncer) rowOf(ctx context.Context, rid *v2.ResourceId, o resource.SyncOpAttrs, w wanted) (keptRow, error) {
	id, err := s.typ.ParseID(rid.GetResource())
	if err != nil {
		return keptRow{}, errorf(codes.InvalidArgument, "%w", err)
	}
	state := s.syncs.state(o.SyncID)
	f, ok, err := s.find(ctx, state, s.typ, id)
	if err != nil {
		return keptRow{}, err
	}
	if !ok {
		return keptRow{}, errorf(codes.FailedPrecondition, "there is no %s %q any more", s.typ.ID, id)
	}
	return s.row(ctx, state, id, f.record, w)
}
