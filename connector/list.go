package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/paging"
)

// List returns one step of the type's resources, and with them the resources of
// other types that its records show.
func (s *syncer) List(ctx context.Context, parent *v2.ResourceId, o resource.SyncOpAttrs) ([]*v2.Resource, *resource.SyncOpResults, error) {
	if parent != nil {
		return nil, &resource.SyncOpResults{}, nil // Every list is of the whole project; parents are in the resources.
	}
	var at paging.Token
	if err := parseToken(o.PageToken.Token, &at); err != nil {
		return nil, nil, s.wrap(err)
	}
	ts := s.in(o)
	read := ts.listPaged
	if s.typ.Whole() {
		read = ts.listUnpaged
	}
	resources, next, err := read(ctx, at)
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	results := &resource.SyncOpResults{}
	if next != nil {
		results.NextPageToken, err = token(next)
	}
	return resources, results, s.wrap(err)
}

func (ts *typeSync) listUnpaged(ctx context.Context, at paging.Token) ([]*v2.Resource, *paging.Token, error) {
	if err := ts.returnedNow(ctx); err != nil {
		return nil, nil, err
	}
	list, err := ts.unpaged(ctx)
	if err != nil {
		return nil, nil, err
	}
	page, err := ts.pageOfUnpaged(ctx)
	if err != nil {
		return nil, nil, err
	}
	step := &readStep{&stepOfList{ids: list.ids, records: list.records}, page}
	resources, done, err := ts.fill(ctx, step, at.Skip)
	if err != nil || done == step.length() {
		return resources, nil, err
	}
	at.Skip = done
	return resources, &at, nil
}

func (ts *typeSync) listPaged(ctx context.Context, at paging.Token) ([]*v2.Resource, *paging.Token, error) {
	l := ts.listing()
	leave, err := l.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	step, err := ts.readStep(ctx, l, at.Start())
	if err != nil {
		return nil, nil, err
	}
	if step.at != at.Start() || at.Skip > step.length() {
		at.Skip = 0 // It was read again: what was returned of it may come again.
	}
	resources, done, err := ts.fill(ctx, step, at.Skip)
	if err != nil {
		return nil, nil, err
	}
	if done < step.length() {
		rest := step.at
		rest.Skip = done
		return resources, &rest, nil
	}
	return resources, step.next, nil
}

// readStep is a step of a list with what later phases need of it.
type readStep struct {
	*stepOfList
	page *page
}

// length is how many resources the step has, with those of other types that its
// records show.
func (r *readStep) length() int {
	n := len(r.ids)
	for _, shown := range r.page.Derived {
		n += len(shown)
	}
	return n
}

// readStep returns the step at a place, from memory when it was the last one
// read, and keeps what later phases need of it.
func (ts *typeSync) readStep(ctx context.Context, l *listing, at paging.Token) (*readStep, error) {
	if l.last != nil && l.last.at == at {
		return l.last, nil
	}
	switch {
	case at.Batch == 0:
		l.restart()
	case l.At != at.Batch:
		whole, err := ts.catchUp(ctx, l, at.Batch)
		if err != nil {
			return nil, err
		}
		if !whole {
			ctxzap.Extract(ctx).Warn("what was read before is lost; the list is read from its start", zap.String("resource_type", ts.typ.ID))
			l.restart()
			at = paging.Token{}
		}
	}
	if err := ts.readRelated(ctx); err != nil {
		return nil, err
	}
	read, err := l.step(ctx, at)
	if err != nil {
		return nil, err
	}
	p, err := ts.pageOf(ctx, read, ts.newIn(at.Batch))
	if err != nil {
		l.At = -1 // The step was read and not kept: only what was kept counts.
		return nil, err
	}
	ts.keep(ctx, at.Batch, p)
	l.last = &readStep{read, p}
	if ts.options.Progress != nil {
		n := l.Seen.Len()
		ts.options.Progress.Read(ts.typ.ID, n, read.told, ts.earliestEnd(read.told-n))
	}
	return l.last, nil
}

// fill makes the resources of a step, from a place on until an answer is full:
// first those of other types that its records show, then its own. It returns
// the place where the next answer begins, in all that the step has.
func (ts *typeSync) fill(ctx context.Context, step *readStep, from int) ([]*v2.Resource, int, error) {
	out := answer[*v2.Resource]{limit: maxResources}
	at := 0
	for _, t := range ts.plan.Types {
		of, shown := ts.of(t), step.page.Derived[t.ID]
		for i := max(0, from-at); i < len(shown); i++ {
			r, err := of.derivedResource(ctx, shown[i])
			if err != nil {
				return nil, 0, err
			}
			if r != nil && !out.add(r) {
				return out.items, at + i, nil
			}
		}
		at += len(shown)
	}
	for i := max(0, from-at); i < len(step.ids); i++ {
		r, err := ts.resource(ctx, step.ids[i], step.records[i])
		if err != nil {
			return nil, 0, err
		}
		if !out.add(r) {
			return out.items, at + i, nil
		}
	}
	return out.items, step.length(), nil
}

// derivedResource makes a resource that other records show; nil when there is
// none like it.
func (ts *typeSync) derivedResource(ctx context.Context, idText string) (*v2.Resource, error) {
	id, err := ts.typ.ParseID(idText)
	if err != nil {
		return nil, errorf(codes.Internal, "%w", err)
	}
	record, ok, err := ts.find(ctx, id)
	if err != nil || !ok {
		return nil, err
	}
	return ts.resource(ctx, id, record)
}
