package connector

import (
	"context"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/mapping"
)

// What one answer to the SDK holds at most, beside one resource that is larger
// by itself. gRPC carries 4 MiB.
const (
	maxRecords = 1000
	maxBytes   = 2 << 20
)

// List returns one step of the type's resources, and with them the resources of
// other types that its records show.
func (s *syncer) List(ctx context.Context, parent *v2.ResourceId, o resource.SyncOpAttrs) ([]*v2.Resource, *resource.SyncOpResults, error) {
	if parent != nil {
		return nil, &resource.SyncOpResults{}, nil // Every list is of the whole project; parents are in the resources.
	}
	var at cursor
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

func (ts *typeSync) listUnpaged(ctx context.Context, at cursor) ([]*v2.Resource, *cursor, error) {
	list, err := ts.unpaged(ctx)
	if err != nil {
		return nil, nil, err
	}
	resources, done, err := ts.fill(ctx, list.ids, list.records, at.Skip)
	if err != nil || done == len(list.ids) {
		return resources, nil, err
	}
	at.Skip = done
	return resources, &at, nil
}

func (ts *typeSync) listPaged(ctx context.Context, at cursor) ([]*v2.Resource, *cursor, error) {
	l := ts.listing()
	leave, err := l.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	read, err := ts.readStep(ctx, l, at.start())
	if err != nil {
		return nil, nil, err
	}
	if read.at != at.start() || at.Skip > len(read.ids) {
		at.Skip = 0 // It was read anew: what was returned of it may come again.
	}
	resources, done, err := ts.fill(ctx, read.ids, read.records, at.Skip)
	if err != nil {
		return nil, nil, err
	}
	if done < len(read.ids) {
		rest := read.at
		rest.Skip = done
		return resources, &rest, nil
	}
	return resources, read.next, nil
}

// readStep returns the step at a place, from memory when it was the last one
// read, and keeps what later phases need of it.
func (ts *typeSync) readStep(ctx context.Context, l *listing, at cursor) (*stepOfList, error) {
	if l.last != nil && l.last.at == at {
		return l.last, nil
	}
	switch {
	case at.Step == 0:
		l.restart()
	case l.at != at.Step:
		whole, err := ts.catchUp(ctx, l, at.Step)
		if err != nil {
			return nil, err
		}
		if !whole {
			ctxzap.Extract(ctx).Warn("what was read before is lost; the list is read from its start", zap.String("resource_type", ts.typ.ID))
			l.restart()
			at = cursor{}
		}
	}
	read, err := l.step(ctx, at)
	if err != nil {
		return nil, err
	}
	p, err := ts.pageOf(ctx, read, nil)
	if err != nil {
		l.at = -1 // The step was read and not kept: only what was kept counts.
		return nil, err
	}
	ts.keep(ctx, at.Step, p)
	l.last = read
	if ts.options.Progress != nil {
		ts.options.Progress(ts.typ.ID, l.seen.count, read.told)
	}
	return read, nil
}

// fill makes the resources of records, and of what these show, from a place on
// until an answer is full. It returns how many records are done.
func (ts *typeSync) fill(ctx context.Context, ids []mapping.ID, records []mapping.Record, from int) ([]*v2.Resource, int, error) {
	var out batch
	for i := from; i < len(ids); i++ {
		if i-from == maxRecords {
			return out.resources, i, nil
		}
		r, err := ts.resource(ctx, ids[i], records[i])
		if err != nil {
			return nil, 0, err
		}
		shown, err := ts.derivedOf(ctx, records[i])
		if err != nil {
			return nil, 0, err
		}
		if !out.add(append(shown, r)...) {
			return out.resources, i, nil
		}
	}
	return out.resources, len(ids), nil
}

// batch collects the resources of one answer until it is full.
type batch struct {
	resources []*v2.Resource
	bytes     int
}

// add adds resources that belong together, or returns false when they do not
// fit any more. The first always fit.
func (b *batch) add(resources ...*v2.Resource) bool {
	bytes := 0
	for _, r := range resources {
		bytes += proto.Size(r)
	}
	if len(b.resources) > 0 && b.bytes+bytes > maxBytes {
		return false
	}
	b.resources = append(b.resources, resources...)
	b.bytes += bytes
	return true
}

// derivedOf returns the resources of other types that a record shows.
func (ts *typeSync) derivedOf(ctx context.Context, r mapping.Record) ([]*v2.Resource, error) {
	var shown []*v2.Resource
	for _, t := range ts.plan.Types {
		ids, err := ts.derivedIDs(ctx, t, r)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			record, ok, err := ts.of(t).find(ctx, id)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			res, err := ts.of(t).resource(ctx, id, record)
			if err != nil {
				return nil, err
			}
			shown = append(shown, res)
		}
	}
	return shown, nil
}

// derivedIDs returns the ids of the resources of t that a record shows, each
// once: those that are not listed and are like one that is.
func (ts *typeSync) derivedIDs(ctx context.Context, t *mapping.ResourceType, r mapping.Record) ([]mapping.ID, error) {
	also := t.ShownIn(ts.typ)
	if also == nil || !ts.willSync(t) {
		return nil, nil
	}
	list, err := ts.of(t).unpaged(ctx)
	if err != nil {
		return nil, err
	}
	var ids []mapping.ID
	err = also.Each(r, func(id mapping.ID) error {
		if _, listed := list.find(id); listed || slices.ContainsFunc(ids, func(other mapping.ID) bool { return slices.Equal(id, other) }) {
			return nil
		}
		like, err := ts.of(t).listedOrDerived(ctx, list, id)
		if err == nil && like.Given() {
			ids = append(ids, id)
		}
		return err
	})
	return ids, lacksID(err)
}
