package connector

import (
	"context"
	"fmt"
	"slices"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// danglingCount counts what records refer to and no list has: a role or a tenant that
// was deleted while its name stayed behind, say. Nothing can be held on it.
type danglingCount struct {
	mu       sync.Mutex
	count    int
	examples []string
}

// Dangling is a grant that a sync leaves out: a record says that Principal holds
// an entitlement, and Missing, the principal or the resource that it is held
// on, is in no list.
type Dangling struct {
	// Principal, On and Missing are the SDK's ids of resources.
	Principal, On, Missing *v2.ResourceId
	Entitlement            *mapping.Entitlement
}

// leaveOut leaves a grant out, counts it and reports it; or it
// fails, where the mapping says so.
func (ts *typeSync) leaveOut(d Dangling) error {
	what := fmt.Sprintf("%s %q holds %s on %q", d.Principal.GetResourceType(), d.Principal.GetResource(), d.Entitlement.Name(), d.On.GetResource())
	if d.Missing == d.Principal {
		what += fmt.Sprintf(", but there is no such %s", d.Principal.GetResourceType())
	}
	if ts.plan.FailOnUnknown {
		return errorf(codes.FailedPrecondition,
			"a record refers to a %s %q, which is in no list of the API: %s; with \"unknown_references: leave_out\" in the mapping such grants are left out",
			d.Missing.GetResourceType(), d.Missing.GetResource(), what)
	}
	ts.state.dangling.add(what)
	if ts.options.Dangling != nil {
		ts.options.Dangling(d)
	}
	return nil
}

// maxExamples is how many are named.
const maxExamples = 5

func (d *danglingCount) add(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.count++
	if len(d.examples) < maxExamples && !slices.Contains(d.examples, what) {
		d.examples = append(d.examples, what)
	}
}

// report says what was left out.
func (d *danglingCount) report(ctx context.Context, to Progress) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.count > 0 {
		ctxzap.Extract(ctx).Warn("records refer to resources that the API does not list; these grants are left out",
			zap.Int("grants", d.count), zap.Strings("examples", d.examples))
		if to != nil {
			to.LeftOut(d.count)
		}
	}
	d.count, d.examples = 0, nil
}

// listedOrLeftOut reports whether the principal of a grant, or the resource that
// it is on, is in its list. If not, the grant is left out.
func (ts *typeSync) listedOrLeftOut(ctx context.Context, e *mapping.Entitlement, principal, on, which *v2.ResourceId) (bool, error) {
	t := ts.plan.Type(which.GetResourceType())
	id, err := t.ParseID(which.GetResource())
	if err != nil {
		return false, errorf(codes.InvalidArgument, "%w", err)
	}
	ok, err := ts.sure(ctx, t, func(ts *typeSync) (bool, error) { return ts.of(t).isListed(ctx, id) })
	if err != nil || ok {
		return ok, err
	}
	return false, ts.leaveOut(Dangling{Principal: principal, On: on, Missing: which, Entitlement: e})
}

// isListed reports whether a resource is in its list, which has been read to its
// end. Where that is no longer known, it is taken to be.
func (ts *typeSync) isListed(ctx context.Context, id mapping.ID) (bool, error) {
	if !ts.willSync(ts.typ) {
		return true, nil
	}
	if ts.typ.Unpaged() {
		list, err := ts.unpaged(ctx)
		if err != nil {
			return false, err
		}
		r, err := ts.listedOrDerived(ctx, list, id)
		return r.Given(), err
	}
	l := ts.listing()
	leave, err := l.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if !l.Complete && !l.lost {
		count, err := ts.pageCount(ctx, l)
		if err != nil {
			return false, err
		}
		if l.Complete, err = ts.catchUp(ctx, l, count); err != nil {
			return false, err
		}
		if count == 0 {
			l.Complete = false
		}
		l.lost = !l.Complete
	}
	return l.lost || l.Seen.Has(hashOf(id)), nil
}

// sure reports whether a resource of a type exists. Before it reports that it does
// not, lists in one reply are read once more: a reply may have been empty, cut or
// late. A list that is empty each time is no answer.
func (ts *typeSync) sure(ctx context.Context, t *mapping.ResourceType, exists func(*typeSync) (bool, error)) (bool, error) {
	if ok, err := exists(ts); ok || err != nil || !t.Unpaged() {
		return ok, err
	}
	second := *ts
	second.again = true
	ok, err := exists(&second)
	if err != nil {
		return false, err
	}
	if !ok {
		list, err := second.of(t).unpaged(ctx)
		if err == nil && len(list.ids) == 0 {
			err = errorf(codes.FailedPrecondition, "%s: the API lists no %s at all, and records refer to some; check what the credentials may read", t.List.Operation.Name, t.ID)
		}
		return false, err
	}
	for _, of := range []*mapping.ResourceType{t, t.Parent} {
		if of != nil && of.Unpaged() {
			if err := ts.of(of).adopt(ctx); err != nil {
				return false, err
			}
		}
	}
	return true, nil
}

// adopt puts the second reading of the type's list in the place of the first,
// which had less. What the SDK was given already has to stay true.
func (ts *typeSync) adopt(ctx context.Context) error {
	slot := ts.slot()
	leave, err := slot.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	first := slot.list.Load()
	if slot.again == nil || slot.again == first {
		return nil
	}
	extends := ts.extends(slot.again, first)
	if extends && len(first.ids) == len(slot.again.ids) {
		return nil
	}
	if slot.returned || !extends {
		return errorf(codes.Aborted, "%s: the list of %ss was not the same when it was read again: %d, and then %d; sync again, and if it stays so, the API does not list everything",
			ts.typ.List.Operation.Name, ts.typ.ID, len(first.ids), len(slot.again.ids))
	}
	if err := ts.settleAgain(ctx, slot.again); err != nil {
		return err
	}
	slot.list.Store(slot.again)
	return nil
}

// extends reports whether a list has all that another has, and nothing that other
// records have shown in its place.
func (ts *typeSync) extends(list, first *unpagedList) bool {
	for i, id := range first.ids {
		if r, ok := list.find(id); !ok || !r.Equal(first.records[i]) {
			return false
		}
	}
	for _, id := range list.ids {
		for _, also := range ts.typ.Derivations {
			if _, derived := first.find(also.Like(id)); derived {
				if _, listed := first.find(id); !listed {
					return false
				}
			}
		}
	}
	return true
}

// exists reports whether a resource that a record of this type refers to is
// there. Of a paged list that is not known, and the SDK checks it at the end of
// the sync.
func (ts *typeSync) exists(ctx context.Context, t *mapping.ResourceType, id mapping.ID) (bool, error) {
	if !t.Unpaged() {
		return true, nil
	}
	list, err := ts.of(t).unpaged(ctx)
	if err != nil {
		return false, err
	}
	if t.DerivedIn(ts.typ) == nil {
		_, listed := list.find(id)
		return listed, nil
	}
	r, err := ts.of(t).listedOrDerived(ctx, list, id)
	return r.Given(), err
}
