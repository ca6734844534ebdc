package connector

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/mapping"
)

// syncs are what is kept in memory for the syncs under way, by sync id. A
// process may run several at once, and a lost state is only read again.
type syncs struct {
	mu     sync.Mutex
	states map[string]*syncState
	order  []string
}

// maxSyncs is how many syncs have a state at once; the oldest goes first.
const maxSyncs = 4

// state returns the state of a sync. A call that does not say which sync it is
// of has one of its own: what another call read may be old.
func (s *syncs) state(id string) *syncState {
	if id == "" {
		return newSyncState()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if state, ok := s.states[id]; ok {
		return state
	}
	if s.states == nil {
		s.states = map[string]*syncState{}
	}
	if len(s.order) >= maxSyncs {
		delete(s.states, s.order[0])
		s.order = s.order[1:]
	}
	state := newSyncState()
	s.states[id] = state
	s.order = append(s.order, id)
	return state
}

// syncState is what one sync has read: the lists that come in one reply, whole,
// each read once by whoever asks first, and the page of a paged list that was
// read last.
type syncState struct {
	mu     sync.Mutex
	lists  map[string]*listSlot
	last   map[string]*keptRecords
	absent missing
}

// listSlot holds one list. Its lock is a channel, so that waiting for another
// worker's request ends with the context.
type listSlot struct {
	lock chan struct{}
	list *wholeList
}

func newSyncState() *syncState {
	return &syncState{lists: map[string]*listSlot{}, last: map[string]*keptRecords{}}
}

// whole returns a list that comes in one reply. After an error the next one
// who asks tries again.
func (s *syncState) whole(ctx context.Context, c *Connector, t *mapping.ResourceType) (*wholeList, error) {
	s.mu.Lock()
	slot := s.lists[t.ID]
	if slot == nil {
		slot = &listSlot{lock: make(chan struct{}, 1)}
		s.lists[t.ID] = slot
	}
	s.mu.Unlock()

	select {
	case slot.lock <- struct{}{}:
		defer func() { <-slot.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if slot.list == nil {
		list, err := c.readWhole(ctx, t)
		if err != nil {
			return nil, err
		}
		slot.list = list
	}
	return slot.list, nil
}

// keptRecords are the records of one page of a paged list.
type keptRecords struct {
	key  string
	page mapping.Page
	ids  []mapping.ID
}

// records returns the page at a cursor, from memory when it was the last one read.
func (s *syncState) records(ctx context.Context, c *Connector, t *mapping.ResourceType, at cursor) (*keptRecords, error) {
	s.mu.Lock()
	kept := s.last[t.ID]
	s.mu.Unlock()
	if kept != nil && kept.key == at.key() {
		return kept, nil
	}
	page, err := c.readPage(ctx, t, at.position(), 0)
	if err != nil {
		return nil, err
	}
	kept = &keptRecords{key: at.key(), page: page, ids: make([]mapping.ID, len(page.Records))}
	for i, r := range page.Records {
		if kept.ids[i], err = t.IDOf(r); err != nil {
			return nil, lacksID(err)
		}
	}
	s.mu.Lock()
	s.last[t.ID] = kept
	s.mu.Unlock()
	return kept, nil
}

// keptPage is what later phases need of one page of a paged list. It lives in
// the session store as JSON, so that no page is read twice in a sync.
type keptPage struct {
	// Next is the page token of the page after it, empty at the end.
	Next string    `json:"next,omitempty"`
	Rows []keptRow `json:"rows"`
	// Shown are the ids of resources of other types that the records show.
	Shown map[string][]string `json:"shown,omitempty"`
}

// keptRow is one resource of a page.
type keptRow struct {
	ID     string            `json:"id"`
	Grants []keptGrant       `json:"grants,omitempty"`
	Names  []keptEntitlement `json:"names,omitempty"`
}

// keptGrant is an entitlement that the resource holds: by which rule of its
// type, on which resource.
type keptGrant struct {
	Rule int    `json:"rule"`
	On   string `json:"on"`
}

// keptEntitlement is how an entitlement on the resource is called.
type keptEntitlement struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

func sessionKey(t *mapping.ResourceType, at cursor) string { return "page/" + t.ID + "/" + at.key() }

// keep stores a page for the phases to come. That it cannot is no failure: the
// page is then read again.
func keep(ctx context.Context, o resource.SyncOpAttrs, t *mapping.ResourceType, at cursor, p *keptPage) {
	value, err := json.Marshal(p)
	if err == nil && o.Session != nil {
		err = o.Session.Set(ctx, sessionKey(t, at), value)
	}
	if err != nil {
		ctxzap.Extract(ctx).Debug("a page was not kept and will be read again", zap.String("resource_type", t.ID), zap.Error(err))
	}
}

// kept returns a page from the session store; nil when it is not there.
func kept(ctx context.Context, o resource.SyncOpAttrs, t *mapping.ResourceType, at cursor) *keptPage {
	if o.Session == nil {
		return nil
	}
	value, ok, err := o.Session.Get(ctx, sessionKey(t, at))
	if err != nil || !ok {
		return nil
	}
	p := &keptPage{}
	if json.Unmarshal(value, p) != nil || !p.fits(t) {
		return nil
	}
	return p
}

// fits tells whether the page was kept by this mapping: a sync may be resumed
// with another.
func (p *keptPage) fits(t *mapping.ResourceType) bool {
	for _, row := range p.Rows {
		if !t.Whole() && len(row.Names) != len(t.Entitlements) {
			return false // The rows of a whole list are made of the list.
		}
		for _, g := range row.Grants {
			if g.Rule < 0 || g.Rule >= len(t.Grants) {
				return false
			}
		}
	}
	return true
}
