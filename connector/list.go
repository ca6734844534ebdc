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

// List returns one batch of the type's resources, and the resources of other types that
// its records show.
func (s *syncer) List(ctx context.Context, parent *v2.ResourceId, o resource.SyncOpAttrs) ([]*v2.Resource, *resource.SyncOpResults, error) {
	if parent != nil {
		return nil, &resource.SyncOpResults{}, nil // Lists are not nested; parents are in the resources.
	}
	var at paging.Token
	if err := parseToken(o.PageToken.Token, &at); err != nil {
		return nil, nil, s.wrap(err)
	}
	ts := s.in(o)
	read := ts.listPaged
	if s.typ.Unpaged() {
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
	batch := &keptBatch{&batch{ids: list.ids, records: list.records, resources: make([]*v2.Resource, len(list.ids))}, page}
	resources, done, err := ts.fill(ctx, batch, at.Skip)
	if err != nil || done == batch.length() {
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
	batch, err := ts.readBatch(ctx, l, at.Start())
	if err != nil {
		return nil, nil, err
	}
	if batch.at != at.Start() || at.Skip > batch.length() {
		at.Skip = 0 // The batch was read again: rows may be returned twice.
	}
	resources, done, err := ts.fill(ctx, batch, at.Skip)
	if err != nil {
		return nil, nil, err
	}
	if done < batch.length() {
		rest := batch.at
		rest.Skip = done
		return resources, &rest, nil
	}
	return resources, batch.next, nil
}

// keptBatch is a batch of a list, with the page that later phases need.
type keptBatch struct {
	*batch
	page *page
}

// length returns the number of resources of the batch, including those of other types
// that its records show.
func (r *keptBatch) length() int {
	n := len(r.ids)
	for _, shown := range r.page.Derived {
		n += len(shown)
	}
	return n
}

// readBatch returns the batch at a place, from memory if it was the last one read, and
// caches what later phases need of it.
func (ts *typeSync) readBatch(ctx context.Context, l *listing, at paging.Token) (*keptBatch, error) {
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
	read, err := l.readBatch(ctx, at)
	if err != nil {
		return nil, err
	}
	p, err := ts.pageOf(ctx, read, ts.newIn(at.Batch))
	if err != nil {
		l.At = -1 // The batch was read but not kept, and only kept ones count.
		return nil, err
	}
	ts.keep(ctx, at.Batch, p)
	l.last = &keptBatch{read, p}
	if ts.options.Progress != nil {
		n := l.Seen.Len()
		ts.options.Progress.Read(ts.typ.ID, n, read.reported, ts.earliestEnd(read.reported-n))
	}
	return l.last, nil
}

// fill adds the resources of a batch, from an index on, until an answer is full: first
// those of other types that its records show, then its own. It returns the index at which
// the next answer begins.
func (ts *typeSync) fill(ctx context.Context, batch *keptBatch, from int) ([]*v2.Resource, int, error) {
	out := answer[*v2.Resource]{limit: maxResources}
	at := 0
	for _, t := range ts.plan.Types {
		of, shown := ts.of(t), batch.page.Derived[t.ID]
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
	for i := max(0, from-at); i < len(batch.ids); i++ {
		r, err := ts.take(ctx, batch, i)
		if err != nil {
			return nil, 0, err
		}
		if !out.add(r) {
			batch.resources[i] = r
			return out.items, at + i, nil
		}
	}
	return out.items, batch.length(), nil
}

// take returns the resource of a batch's record, and removes it.
func (ts *typeSync) take(ctx context.Context, batch *keptBatch, i int) (*v2.Resource, error) {
	if r := batch.resources[i]; r != nil {
		batch.resources[i] = nil
		return r, nil
	}
	return ts.resource(ctx, batch.ids[i], batch.records[i])
}

// derivedResource returns a resource that other records show; nil when no listed resource
// is like it.
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
