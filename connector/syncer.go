package connector

import (
	"context"
	"errors"
	"slices"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/mapping"
)

// What one answer to the SDK holds at most, beside one resource that is larger
// by itself. gRPC carries 4 MiB.
const (
	maxRecords = 1000
	maxBytes   = 2 << 20
)

// syncer syncs one resource type. Entitlements and grants are asked for by
// type, not by resource: a type's grants are those that its records hold, on
// whatever type. The calls for one resource are there for syncers that do not
// know the others, and for targeted syncs.
type syncer struct {
	*Connector
	typ *mapping.ResourceType
}

// ResourceType describes the type to the SDK.
func (s *syncer) ResourceType(context.Context) *v2.ResourceType {
	annos := annotations.New(&v2.TypeScopedGrants{})
	if len(s.typ.Entitlements) == 0 {
		annos.Append(&v2.SkipEntitlements{})
	} else {
		annos.Append(&v2.TypeScopedEntitlements{})
	}
	rt := v2.ResourceType_builder{Id: s.typ.ID, DisplayName: s.typ.DisplayName, Annotations: annos}.Build()
	if trait, ok := traits[s.typ.Trait]; ok {
		rt.SetTraits([]v2.ResourceType_Trait{trait})
	}
	return rt
}

var traits = map[mapping.Trait]v2.ResourceType_Trait{
	mapping.TraitUser:  v2.ResourceType_TRAIT_USER,
	mapping.TraitGroup: v2.ResourceType_TRAIT_GROUP,
	mapping.TraitRole:  v2.ResourceType_TRAIT_ROLE,
	mapping.TraitApp:   v2.ResourceType_TRAIT_APP,
}

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
	read := s.listPaged
	if s.typ.Whole() {
		read = s.listWhole
	}
	resources, next, err := read(ctx, o, at)
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	results := &resource.SyncOpResults{}
	if next != nil {
		results.NextPageToken, err = token(next)
	}
	return resources, results, s.wrap(err)
}

func (s *syncer) listWhole(ctx context.Context, o resource.SyncOpAttrs, at cursor) ([]*v2.Resource, *cursor, error) {
	state := s.syncs.of(o)
	list, err := state.whole(ctx, s.Connector, s.typ)
	if err != nil {
		return nil, nil, err
	}
	resources, done, err := s.fill(ctx, state, list.ids, list.records, at.Skip)
	if err != nil || done == len(list.ids) {
		return resources, nil, err
	}
	at.Skip = done
	return resources, &at, nil
}

func (s *syncer) listPaged(ctx context.Context, o resource.SyncOpAttrs, at cursor) ([]*v2.Resource, *cursor, error) {
	state := s.syncs.of(o)
	l := state.listing(s.Connector, s.typ)
	leave, err := l.enter(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	read, err := s.readStep(ctx, o, state, l, at.start())
	if err != nil {
		return nil, nil, err
	}
	if read.at != at.start() || at.Skip > len(read.ids) {
		at.Skip = 0 // It was read anew: what was returned of it may come again.
	}
	resources, done, err := s.fill(ctx, state, read.ids, read.records, at.Skip)
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
func (s *syncer) readStep(ctx context.Context, o resource.SyncOpAttrs, state *syncState, l *listing, at cursor) (*stepOfList, error) {
	if l.last != nil && l.last.at == at {
		return l.last, nil
	}
	switch {
	case at.Step == 0:
		l.restart()
	case l.at != at.Step:
		whole, err := s.catchUp(ctx, o, l, at.Step)
		if err != nil {
			return nil, err
		}
		if !whole {
			ctxzap.Extract(ctx).Warn("what was read before is lost; the list is read from its start", zap.String("resource_type", s.typ.ID))
			l.restart()
			at = cursor{}
		}
	}
	if err := s.readRelated(ctx, state); err != nil {
		return nil, err
	}
	read, err := l.step(ctx, at)
	if err != nil {
		return nil, err
	}
	p, err := s.keptOf(ctx, state, read, nil)
	if err != nil {
		l.at = -1 // The step was read and not kept: only what was kept counts.
		return nil, err
	}
	s.keep(ctx, o, l, at.Step, p)
	l.last = read
	if s.options.Progress != nil {
		s.options.Progress(s.typ.ID, l.seen.count, read.told)
	}
	return read, nil
}

// fill makes the resources of records, and of what these show, from a place on
// until an answer is full. It returns how many records are done.
func (s *syncer) fill(ctx context.Context, state *syncState, ids []mapping.ID, records []mapping.Record, from int) ([]*v2.Resource, int, error) {
	var out batch
	for i := from; i < len(ids); i++ {
		if i-from == maxRecords {
			return out.resources, i, nil
		}
		r, err := s.resource(ctx, state, s.typ, ids[i], records[i])
		if err != nil {
			return nil, 0, err
		}
		shown, err := s.shownBy(ctx, state, records[i])
		if err != nil {
			return nil, 0, err
		}
		if !out.add(append(shown, r)...) {
			return out.resources, i, nil
		}
	}
	return out.resources, len(ids), nil
}

// shownBy returns the resources of other types that a record shows.
func (s *syncer) shownBy(ctx context.Context, state *syncState, r mapping.Record) ([]*v2.Resource, error) {
	var shown []*v2.Resource
	for _, t := range s.plan.Types {
		ids, err := s.shownIDs(ctx, state, t, r)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			f, ok, err := s.find(ctx, state, t, id)
			if err != nil {
				return nil, err
			}
			if !ok {
				continue
			}
			res, err := s.resource(ctx, state, t, id, f.record)
			if err != nil {
				return nil, err
			}
			shown = append(shown, res)
		}
	}
	return shown, nil
}

// shownIDs returns the ids of the resources of t that a record shows, each
// once: those that are not listed and are like one that is.
func (s *syncer) shownIDs(ctx context.Context, state *syncState, t *mapping.ResourceType, r mapping.Record) ([]mapping.ID, error) {
	also := t.ShownIn(s.typ)
	if also == nil || !s.willSync(t) {
		return nil, nil
	}
	list, err := state.whole(ctx, s.Connector, t)
	if err != nil {
		return nil, err
	}
	var ids []mapping.ID
	err = also.Each(r, func(id mapping.ID) error {
		if _, listed := list.find(id); listed || slices.ContainsFunc(ids, func(other mapping.ID) bool { return slices.Equal(id, other) }) {
			return nil
		}
		like, err := s.listedOrShown(ctx, state, t, list, id)
		if err == nil && like.Given() {
			ids = append(ids, id)
		}
		return err
	})
	return ids, lacksID(err)
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

// lacksID is the error of a record that does not say what an id needs. An error
// that came from elsewhere keeps its code.
func lacksID(err error) error {
	var coded interface{ GRPCStatus() *status.Status }
	if err == nil || errors.As(err, &coded) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errorf(codes.FailedPrecondition, "%w", err)
}

// getter reads one resource, for targeted syncs.
type getter struct{ s *syncer }

// Get returns the resource with an id.
func (g getter) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	s := g.s
	parsed, err := s.typ.ParseID(id.GetResource())
	if err != nil {
		return nil, nil, s.wrap(errorf(codes.InvalidArgument, "%w", err))
	}
	state := newSyncState()
	f, ok, err := s.find(ctx, state, s.typ, parsed)
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	if !ok {
		return nil, nil, s.wrap(errorf(codes.NotFound, "there is no %s %q", s.typ.ID, parsed))
	}
	r, err := s.resource(ctx, state, s.typ, parsed, f.record)
	return r, nil, s.wrap(err)
}
