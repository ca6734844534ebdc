package connector

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// A list that comes in one reply is read once for each sync and process. A sync that
// goes on in another process reads it again, and what is in it may have changed: the
// answers before were made from another state of the API than those to come. So the
// first process keeps a fingerprint of the list in the session store, before it answers
// with anything from it, and the others compare theirs.

// of returns the state of the sync that a call belongs to.
func (s *syncs) of(o resource.SyncOpAttrs) *syncState {
	state := s.state(o.SyncID)
	if o.SyncID != "" {
		state.mu.Lock()
		state.session = o.Session
		state.mu.Unlock()
	}
	return state
}

// settle puts a list that was just read into an order of its own, since page tokens
// count its records, and makes sure that it is what this sync has read before.
func (s *syncState) settle(ctx context.Context, c *Connector, t *mapping.ResourceType, list *wholeList) error {
	list.sort()
	s.mu.Lock()
	o := resource.SyncOpAttrs{Session: s.session}
	s.mu.Unlock()
	if o.Session == nil {
		return nil
	}
	mine, err := s.fingerprint(ctx, c, t, list)
	if err != nil {
		return err
	}
	key := "list/" + t.ID
	before, err := stored(ctx, o, key)
	if err == nil && before == nil && store(ctx, o, key, mine) {
		before, err = stored(ctx, o, key) // Another process may have read the list at the same time.
	}
	if err != nil {
		return err
	}
	if before != nil && !bytes.Equal(before, mine) {
		return errorf(codes.Aborted,
			"%s: the list of the type %s is not what this sync began with: it changed before another process went on with the sync; what is stored was made from the old list, so start a new sync",
			t.List.Operation.Name, t.ID)
	}
	return nil
}

// readRelated reads the lists in one reply that the records of a step refer to, before
// the step: one that is stopped can then answer with the pages that it has.
func (s *syncer) readRelated(ctx context.Context, state *syncState) error {
	for _, t := range s.plan.Types {
		related := t == s.typ.Parent || t.ShownIn(s.typ) != nil ||
			slices.ContainsFunc(s.typ.Grants, func(rule *mapping.GrantRule) bool { return rule.Entitlement.On == t })
		if !related || !t.Whole() || !s.willSync(t) {
			continue
		}
		if _, err := state.whole(ctx, s.Connector, t); err != nil {
			return err
		}
		if t.Parent != nil && t.Parent.Whole() {
			if _, err := state.whole(ctx, s.Connector, t.Parent); err != nil {
				return err
			}
		}
	}
	return nil
}

// sort sorts a list by its ids: the API may answer in another order each time.
func (l *wholeList) sort() {
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
func (s *syncState) fingerprint(ctx context.Context, c *Connector, t *mapping.ResourceType, list *wholeList) ([]byte, error) {
	hash := sha256.New()
	encoder := json.NewEncoder(hash)
	for i, id := range list.ids {
		parent, err := s.parentIn(ctx, c, t, list, id, list.records[i])
		if err != nil {
			return nil, err
		}
		if err := encoder.Encode(contentOf(c.plan, t, id, list.records[i], parent)); err != nil {
			fmt.Fprintln(hash, err) // The sync reports it where the record is used.
		}
	}
	return hash.Sum(nil), nil
}

// parentIn is parentOf for a record of a list that is being read.
func (s *syncState) parentIn(ctx context.Context, c *Connector, t *mapping.ResourceType, list *wholeList, id mapping.ID, r mapping.Record) (mapping.Record, error) {
	parentID, err := t.ParentID(id, r)
	switch {
	case err != nil:
		return mapping.Record{}, nil //nolint:nilerr // It is in the content.
	case t.NeedsParent && t.Parent == t:
		parent, _ := list.find(parentID)
		return parent, nil
	}
	above := t.Parent
	for range c.plan.Types {
		if above != nil && above != t {
			above = above.Parent
		}
	}
	if above != nil {
		return mapping.Record{}, nil // Types that are in each other: one waits for the other.
	}
	return c.parentOf(ctx, s, t, id, r)
}

// content is what the mapping makes of a record of a list in one reply.
type content struct {
	Resource *mapping.Resource
	Parent   mapping.ID
	Names    []keptEntitlement
	Holds    []string            // The grants: rule and resource.
	Shown    map[string][]string // The ids of resources of other types.
	Errors   []string            // Reported where the record is used, which may be nowhere.
}

func contentOf(plan *mapping.Plan, t *mapping.ResourceType, id mapping.ID, r, parent mapping.Record) content {
	c := content{Shown: map[string][]string{}}
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
		var name keptEntitlement
		name.Name, name.Description = e.Describe("", r, parent)
		c.Names = append(c.Names, name)
	}
	note(holds(t, r, func(rule int, on mapping.ID) error {
		c.Holds = append(c.Holds, fmt.Sprintf("%d:%s", rule, on))
		return nil
	}))
	slices.Sort(c.Holds)
	for _, other := range plan.Types {
		if also := other.ShownIn(t); also != nil {
			note(also.Each(r, func(id mapping.ID) error {
				c.Shown[other.ID] = append(c.Shown[other.ID], id.String())
				return nil
			}))
			slices.Sort(c.Shown[other.ID])
		}
	}
	return c
}
