package connector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// A list that comes in one reply is read once for each sync and process. A sync that
// goes on in another process reads it again, and what is in it may have changed: the
// answers before were made from another state of the API than those to come. So the
// first process keeps a fingerprint of the list in the session store, before it answers
// with anything from it, and the others compare theirs.

// settle verifies that a list is the same as when this sync first read it.
func (ts *typeSync) settle(ctx context.Context, slot *listSlot, list *unpagedList) error {
	if ts.session == nil || !ts.state.named {
		return nil
	}
	mine, err := ts.fingerprint(ctx, list)
	if err != nil {
		return err
	}
	before, err := ts.stored(ctx, ts.listKey())
	slot.returned = slot.returned || before != nil // Another process may have returned some of it.
	if err == nil && before == nil && ts.store(ctx, ts.listKey(), mine) {
		before, err = ts.stored(ctx, ts.listKey()) // Another process may have read the list at the same time.
	}
	if err != nil {
		return err
	}
	if before != nil && !bytes.Equal(before, mine) {
		return errorf(codes.Aborted,
			"%s: the list of the type %s is not what this sync began with: it changed before another process went on with the sync; what is stored was made from the old list, so start a new sync",
			ts.typ.List.Operation.Name, ts.typ.ID)
	}
	return nil
}

// settleAgain keeps the fingerprint of a list that takes the place of the first.
func (ts *typeSync) settleAgain(ctx context.Context, list *unpagedList) error {
	if ts.session == nil || !ts.state.named {
		return nil
	}
	mine, err := ts.fingerprint(ctx, list)
	if err == nil {
		ts.store(ctx, ts.listKey(), mine)
	}
	return err
}

// listKey is where the fingerprint of the type's list is kept.
func (ts *typeSync) listKey() string { return "list/" + ts.typ.ID }

// readRelated reads the lists in one reply that the records of a batch refer to, before
// the batch: one that is stopped can then answer with the pages that it has.
func (ts *typeSync) readRelated(ctx context.Context) error {
	for _, t := range ts.plan.Types {
		related := t == ts.typ.Parent || t.DerivedIn(ts.typ) != nil ||
			slices.ContainsFunc(ts.typ.Grants, func(rule *mapping.GrantRule) bool { return rule.Entitlement.On == t })
		if !related || !t.Unpaged() || !ts.willSync(t) {
			continue
		}
		if _, err := ts.of(t).unpaged(ctx); err != nil {
			return err
		}
		if t.Parent != nil && t.Parent.Unpaged() {
			if _, err := ts.of(t.Parent).unpaged(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// sort sorts a list by its ids: the API may answer in another order each time.
func (l *unpagedList) sort() {
	order := make([]int, len(l.ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return slices.Compare(l.ids[a], l.ids[b]) })
	ids, records := make([]mapping.ID, len(order)), make([]mapping.Record, len(order))
	for to, from := range order {
		ids[to], records[to] = l.ids[from], l.records[from]
		l.index[ids[to].String()] = to
	}
	l.ids, l.records = ids, records
}

// fingerprint returns a hash of all that the mapping makes of a sorted list.
func (ts *typeSync) fingerprint(ctx context.Context, list *unpagedList) ([]byte, error) {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for i, id := range list.ids {
		parent, err := ts.parentIn(ctx, list, id, list.records[i])
		if err != nil {
			return nil, err
		}
		if err := encoder.Encode(contentOf(ts.plan, ts.typ, id, list.records[i], parent)); err != nil {
			fmt.Fprintln(hash, err) // The sync reports it where the record is used.
		}
	}
	return hash.Sum(nil), nil
}

// parentIn is parentOf for a record of a list that is being read.
func (ts *typeSync) parentIn(ctx context.Context, list *unpagedList, id mapping.ID, r mapping.Record) (mapping.Record, error) {
	t := ts.typ
	parentID, err := t.ParentID(id, r)
	switch {
	case err != nil:
		return mapping.Record{}, nil //nolint:nilerr // It is in the content.
	case t.NeedsParent && t.Parent == t:
		parent, _ := list.find(parentID)
		return parent, nil
	}
	above := t.Parent
	for range ts.plan.Types {
		if above != nil && above != t {
			above = above.Parent
		}
	}
	if above != nil {
		return mapping.Record{}, nil // Types that are in each other: one waits for the other.
	}
	return ts.parentOf(ctx, id, r)
}

// content is what the mapping makes of a record of a list in one reply.
type content struct {
	Resource *mapping.Resource
	Parent   mapping.ID
	Names    []rowName
	Holds    []string            // The grants: rule and resource.
	Derived  map[string][]string // The ids of resources of other types.
	Errors   []string            // Reported where the record is used, which may be nowhere.
}

func contentOf(plan *mapping.Plan, t *mapping.ResourceType, id mapping.ID, r, parent mapping.Record) content {
	c := content{Derived: map[string][]string{}}
	note := func(err error) {
		if err != nil {
			c.Errors = append(c.Errors, err.Error())
		}
	}
	var err error
	c.Resource, err = t.Resource(id, r, parent)
	note(err)
	c.Parent, err = t.ParentID(id, r)
	note(err)
	for _, e := range t.Entitlements {
		var name rowName
		name.Name, name.Description = e.Describe("", r, parent)
		c.Names = append(c.Names, name)
	}
	note(holds(t, r, func(rule int, on mapping.ID) error {
		c.Holds = append(c.Holds, fmt.Sprintf("%d:%s", rule, on))
		return nil
	}))
	slices.Sort(c.Holds)
	for _, other := range plan.Types {
		if also := other.DerivedIn(t); also != nil {
			note(also.Each(r, func(id mapping.ID) error {
				c.Derived[other.ID] = append(c.Derived[other.ID], id.String())
				return nil
			}))
			slices.Sort(c.Derived[other.ID])
		}
	}
	return c
}
