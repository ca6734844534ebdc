package connector

import (
	"context"
	"fmt"
	"slices"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// missing counts what records refer to and no list has: a role or a tenant that
// was deleted while its name stayed behind, say. Nothing can be held on it.
type missing struct {
	mu       sync.Mutex
	count    int
	examples []string
}

// LeftOut is a grant that a sync leaves out: a record says that Principal holds
// an entitlement, and Missing, the principal or the resource that it is held
// on, is in no list.
type LeftOut struct {
	// Principal, On and Missing are the SDK's ids of resources.
	Principal, On, Missing *v2.ResourceId
	Entitlement            *mapping.Entitlement
}

// leaveOut leaves a grant out, counts it and tells who asked to be told; or it
// fails, where the mapping says so.
func (s *syncer) leaveOut(state *syncState, l LeftOut) error {
	what := fmt.Sprintf("%s %q holds %s on %q", l.Principal.GetResourceType(), l.Principal.GetResource(), l.Entitlement.Name(), l.On.GetResource())
	if l.Missing == l.Principal {
		what += fmt.Sprintf(", but there is no such %s", l.Principal.GetResourceType())
	}
	if s.plan.FailOnUnknown {
		return errorf(codes.FailedPrecondition,
			"a record refers to a %s %q, which is in no list of the API: %s; with \"unknown_references: leave_out\" in the mapping such grants are left out",
			l.Missing.GetResourceType(), l.Missing.GetResource(), what)
	}
	state.absent.add(what)
	if s.options.LeftOut != nil {
		s.options.LeftOut(l)
	}
	return nil
}

// maxExamples is how many are named.
const maxExamples = 5

func (m *missing) add(what string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	if len(m.examples) < maxExamples && !slices.Contains(m.examples, what) {
		m.examples = append(m.examples, what)
	}
}

// report says what was left out.
func (m *missing) report(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.count > 0 {
		ctxzap.Extract(ctx).Warn("records refer to resources that the API does not list; these grants are left out",
			zap.Int("grants", m.count), zap.Strings("examples", m.examples))
	}
	m.count, m.examples = 0, nil
}

// knownOrLeftOut tells whether the principal of a grant, or the resource that
// it is on, is in its list. If not, the grant is left out.
func (s *syncer) knownOrLeftOut(ctx context.Context, o resource.SyncOpAttrs, e *mapping.Entitlement, principal, on, which *v2.ResourceId) (bool, error) {
	t := s.plan.Type(which.GetResourceType())
	id, err := t.ParseID(which.GetResource())
	if err != nil {
		return false, errorf(codes.InvalidArgument, "%w", err)
	}
	state := s.syncs.state(o.SyncID)
	ok, err := s.known(ctx, o, state, t, id)
	if err != nil || ok {
		return ok, err
	}
	return false, s.leaveOut(state, LeftOut{Principal: principal, On: on, Missing: which, Entitlement: e})
}

// known tells whether a resource is in its list, which has been read to its
// end. It is taken to be where that cannot be told any more.
func (s *syncer) known(ctx context.Context, o resource.SyncOpAttrs, state *syncState, t *mapping.ResourceType, id mapping.ID) (bool, error) {
	if !s.willSync(t) {
		return true, nil
	}
	if t.Whole() {
		list, err := state.whole(ctx, s.Connector, t)
		if err != nil {
			return false, err
		}
		r, err := s.listedOrShown(ctx, state, t, list, id)
		return r.Given(), err
	}
	of := &syncer{Connector: s.Connector, typ: t}
	l := state.listing(s.Connector, t)
	leave, err := l.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if !l.whole && !l.lost {
		count, err := of.pageCount(ctx, o, l)
		if err != nil {
			return false, err
		}
		if l.whole, err = of.catchUp(ctx, o, l, count); err != nil {
			return false, err
		}
		if count == 0 {
			l.whole = false
		}
		l.lost = !l.whole
	}
	return l.lost || l.seen.has(hashOf(id)), nil
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
