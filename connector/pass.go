package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/paging"
	"github.com/conductorone/baton-descope/mapping"
)

// passToken is a place in a pass over a type's listed resources: first those of its own
// list or pages, then those that pages of other types show. Its text is a page token.
type passToken struct {
	// Derived is the number of the other type in whose pages the pass is, from 1.
	Derived int `json:"derived,omitempty"`
	// Page is the number of the page, and Until the number of the page before which
	// this part of the pass ends; 0 for the whole pass.
	Page  int `json:"page,omitempty"`
	Until int `json:"until,omitempty"`
	// Skip is the number of resources of the list or page that are done, and Within
	// how much of the next one: of its grants or entitlements, or of a page of its
	// holders.
	Skip   int `json:"skip,omitempty"`
	Within int `json:"within,omitempty"`
	// Holders reports that the pass reads holders of entitlements. Entitlement is the
	// number of entitlements of the resource that are done, and Of the page of holders.
	Holders     bool         `json:"holders,omitempty"`
	Entitlement int          `json:"entitlement,omitempty"`
	Of          paging.Token `json:"of,omitzero"`
}

func (s *passToken) Valid() bool {
	return s.Of.Valid() && min(s.Derived, s.Page, s.Until, s.Skip, s.Within, s.Entitlement) >= 0
}

// resultsAt returns the SDK's answer that continues at a place; nil is the end.
func resultsAt(next *passToken) (*resource.SyncOpResults, error) {
	if next == nil {
		return &resource.SyncOpResults{}, nil
	}
	text, err := token(next)
	return &resource.SyncOpResults{NextPageToken: text}, err
}

// maxSegments is the maximum number of segments in one answer.
const maxSegments = 100

// pass reads the type's resources, from a place on, until an answer is full. It calls
// visit with each row, and how much of the row earlier answers had. visit returns how
// much of it is done, and whether that is all. pass returns the next place.
func (ts *typeSync) pass(ctx context.Context, at passToken, w wanted, visit func(r row, from int) (done int, whole bool, err error)) (*passToken, error) {
	for range maxSegments {
		seg, err := ts.segment(ctx, at, w)
		if err != nil {
			return nil, err
		}
		for ; at.Skip < seg.length; at.Skip++ {
			row, err := seg.row(at.Skip)
			if err != nil {
				return nil, err
			}
			done, whole, err := visit(row, at.Within)
			if err != nil {
				return nil, err
			}
			if !whole {
				at.Within = done
				return &at, nil
			}
			at.Within = 0
		}
		if seg.next == nil {
			return nil, nil
		}
		at = *seg.next
	}
	return &at, nil
}

// segment has resources of the type that are read together: its whole list, one page of
// it, or those that one page of another type shows.
type segment struct {
	length int
	row    func(i int) (row, error)
	// next is the segment after it, nil at the end.
	next *passToken
}

// segment returns the segment at a place. w says what is needed of its rows.
func (ts *typeSync) segment(ctx context.Context, at passToken, w wanted) (segment, error) {
	switch {
	case at.Derived > len(ts.typ.Derivations):
		return segment{}, errorf(codes.InvalidArgument, "page token: no other records show a %s", ts.typ.ID)
	case at.Derived > 0:
		return ts.derivedSegment(ctx, at, w)
	case ts.typ.Unpaged():
		return ts.unpagedSegment(ctx, w)
	}
	page, err := ts.page(ctx, at.Page)
	if err != nil {
		return segment{}, err
	}
	return segment{len(page.Rows), func(i int) (row, error) { return page.Rows[i], nil }, at.nextPage(page)}, nil
}

func (ts *typeSync) unpagedSegment(ctx context.Context, w wanted) (segment, error) {
	list, err := ts.unpaged(ctx)
	if err != nil {
		return segment{}, err
	}
	seg := segment{length: len(list.ids), row: func(i int) (row, error) {
		return ts.row(ctx, list.ids[i], list.records[i], w)
	}}
	seg.next = ts.nextDerived(0)
	return seg, nil
}

func (ts *typeSync) derivedSegment(ctx context.Context, at passToken, w wanted) (segment, error) {
	page, err := ts.of(ts.typ.Derivations[at.Derived-1].In).page(ctx, at.Page)
	if err != nil {
		return segment{}, err
	}
	shown := page.Derived[ts.typ.ID]
	next := at.nextPage(page)
	if next == nil {
		next = ts.nextDerived(at.Derived)
	}
	return segment{len(shown), func(i int) (row, error) {
		return ts.rowOf(ctx, v2.ResourceId_builder{ResourceType: ts.typ.ID, Resource: shown[i]}.Build(), w)
	}, next}, nil
}

// nextDerived returns the place in the pages of the type after the n-th; nil at the end.
func (ts *typeSync) nextDerived(n int) *passToken {
	for ; n < len(ts.typ.Derivations); n++ {
		if ts.willSync(ts.typ.Derivations[n].In) {
			return &passToken{Derived: n + 1}
		}
	}
	return nil
}

// nextPage returns the place of the next page; nil at the end.
func (s passToken) nextPage(page *page) *passToken {
	if !page.More || s.Page+1 == s.Until {
		return nil
	}
	return &passToken{Derived: s.Derived, Page: s.Page + 1, Until: s.Until}
}

// wanted is what a pass needs to know of each resource.
type wanted int

const (
	wantGrants wanted = 1 << iota
	wantNames
)

// row computes what a resource holds and the names of its entitlements.
func (ts *typeSync) row(ctx context.Context, id mapping.ID, r mapping.Record, w wanted) (row, error) {
	row := row{ID: id.String()}
	var err error
	if w&wantGrants != 0 {
		row.Grants, err = ts.grantsIn(ctx, id, r)
	}
	if err == nil && w&wantNames != 0 {
		row.Names, err = ts.namesIn(ctx, id, r)
	}
	return row, err
}

// rowOf reads what one resource holds and the names of its entitlements.
func (ts *typeSync) rowOf(ctx context.Context, rid *v2.ResourceId, w wanted) (row, error) {
	id, err := ts.typ.ParseID(rid.GetResource())
	if err != nil {
		return row{}, errorf(codes.InvalidArgument, "%w", err)
	}
	record, ok, err := ts.find(ctx, id)
	if err != nil {
		return row{}, err
	}
	if !ok {
		return row{}, errorf(codes.FailedPrecondition, "there is no %s %q any more", ts.typ.ID, id)
	}
	return ts.row(ctx, id, record, w)
}
