package connector

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"

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
		s.states[s.order[0]].end()
		delete(s.states, s.order[0])
		s.order = s.order[1:]
	}
	state := newSyncState()
	s.states[id] = state
	s.order = append(s.order, id)
	return state
}

// end forgets a sync that is over, and returns what it had.
func (s *syncs) end(id string) *syncState {
	s.mu.Lock()
	defer s.mu.Unlock()
	state, ok := s.states[id]
	if !ok {
		return newSyncState()
	}
	state.end()
	delete(s.states, id)
	s.order = slices.DeleteFunc(s.order, func(other string) bool { return other == id })
	return state
}

// endAll forgets all syncs.
func (s *syncs) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.states {
		state.end()
	}
	s.states, s.order = nil, nil
}

// syncState is what one sync has read: the lists that come in one reply, whole,
// each read once by whoever asks first, and how far it is in those that come in
// pages.
type syncState struct {
	mu       sync.Mutex
	lists    map[string]*listSlot
	listings map[string]*listing
	holders  holdersSeen
	absent   missing
	session  sessions.SessionStore // See [syncState.settle]; nil for none.
}

// holdersSeen is what the list of holders that is being read has shown.
type holdersSeen struct {
	list string
	seen *idSet
}

// listSlot holds one list. Its lock is a channel, so that waiting for another
// worker's request ends with the context.
type listSlot struct {
	lock chan struct{}
	list atomic.Pointer[wholeList]
}

func newSyncState() *syncState {
	return &syncState{lists: map[string]*listSlot{}, listings: map[string]*listing{}}
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
	if list := slot.list.Load(); list != nil {
		return list, nil
	}

	select {
	case slot.lock <- struct{}{}:
		defer func() { <-slot.lock }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if slot.list.Load() == nil {
		list, err := c.readWhole(ctx, t)
		if err == nil {
			err = s.settle(ctx, c, t, list)
		}
		if err != nil {
			return nil, err
		}
		slot.list.Store(list)
	}
	return slot.list.Load(), nil
}

// listing returns the list of a type that comes in pages.
func (s *syncState) listing(c *Connector, t *mapping.ResourceType) *listing {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.listings[t.ID]
	if l == nil {
		l = c.newListing(t)
		s.listings[t.ID] = l
	}
	return l
}

// end gives up what is on its way for the sync.
func (s *syncState) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listings {
		select {
		case l.lock <- struct{}{}: // Nobody uses it.
			l.ahead.drop()
			<-l.lock
		default: // Its caller gives it up when the call ends.
		}
	}
}
