package connector

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// syncs has the state of the running syncs in memory, by sync id. A process may run
// several at once; lost state is read again.
type syncs struct {
	mu     sync.Mutex
	states map[string]*syncState
	order  []string
}

// maxSyncs is the maximum number of syncs with a state; the oldest is dropped first.
const maxSyncs = 4

// state returns the state of a sync. A call without a sync id has a state of its own,
// since what another call read may be old.
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
	state.named = true
	s.states[id] = state
	s.order = append(s.order, id)
	return state
}

// end drops the state of a sync that has ended, and returns it.
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

// endAll drops the state of all syncs.
func (s *syncs) endAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, state := range s.states {
		state.end()
	}
	s.states, s.order = nil, nil
}

// syncer syncs one resource type. The SDK requests entitlements and grants by type, not by
// resource: a type's grants are those that its records hold, on any type. The calls for
// one resource are for syncers that do not support the others, and for targeted syncs.
type syncer struct {
	*Connector
	typ *mapping.ResourceType
}

// typeSync is one resource type in one sync.
type typeSync struct {
	*Connector
	typ   *mapping.ResourceType
	state *syncState
	// session is the SDK's session store of the sync, nil for none.
	session sessions.SessionStore
	// again reports that the second readings of lists in one reply are used.
	again bool
}

// in returns the type in the sync of a call.
func (s *syncer) in(o resource.SyncOpAttrs) *typeSync {
	return &typeSync{Connector: s.Connector, typ: s.typ, state: s.syncs.state(o.SyncID), session: o.Session}
}

// alone returns a type in a separate sync, without cached state.
func (c *Connector) alone(t *mapping.ResourceType) *typeSync {
	return &typeSync{Connector: c, typ: t, state: newSyncState()}
}

// of returns another type in the same sync.
func (ts *typeSync) of(t *mapping.ResourceType) *typeSync {
	other := *ts
	other.typ = t
	return &other
}

// ResourceType describes the type to the SDK.
func (s *syncer) ResourceType(context.Context) *v2.ResourceType {
	annos := annotations.New(&v2.TypeScopedGrants{}, rights(s.typ))
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

// rights returns what the key has to be allowed to do for a type.
func rights(t *mapping.ResourceType) *v2.CapabilityPermissions {
	var all []*v2.CapabilityPermission
	for _, right := range t.Rights() {
		all = append(all, v2.CapabilityPermission_builder{Permission: right}.Build())
	}
	return v2.CapabilityPermissions_builder{Permissions: all}.Build()
}

var traits = map[mapping.Trait]v2.ResourceType_Trait{
	mapping.TraitUser:  v2.ResourceType_TRAIT_USER,
	mapping.TraitGroup: v2.ResourceType_TRAIT_GROUP,
	mapping.TraitRole:  v2.ResourceType_TRAIT_ROLE,
	mapping.TraitApp:   v2.ResourceType_TRAIT_APP,
}

// syncState is what one sync has read: the lists in one reply, each read once by the first
// caller, and the progress of the paged ones.
type syncState struct {
	named    bool // the sync has an id, so other processes may continue it
	mu       sync.Mutex
	lists    map[string]*listSlot
	listings map[string]*listing
	shown    map[string]*firstDerived  // by the list's type
	holders  map[string][]*holdersList // by the type of the resources that they are held on
	dangling danglingCount
	statuses openStatuses
}

func newSyncState() *syncState {
	return &syncState{lists: map[string]*listSlot{}, listings: map[string]*listing{}, shown: map[string]*firstDerived{}, holders: map[string][]*holdersList{}}
}

// listing returns the paged list of a type.
func (ts *typeSync) listing() *listing {
	ts.state.mu.Lock()
	defer ts.state.mu.Unlock()
	l := ts.state.listings[ts.typ.ID]
	if l == nil {
		l = ts.newListing(true)
		ts.state.listings[ts.typ.ID] = l
	}
	return l
}

// firstDerived has the first batch of a list that showed each resource of another type,
// and the last batch that was read. If it is lost, these resources are returned again.
type firstDerived struct {
	batches map[string]int
	last    int
}

// firstDerived returns that of the type's list. The caller holds the lock of the list.
func (ts *typeSync) firstDerived() *firstDerived {
	ts.state.mu.Lock()
	defer ts.state.mu.Unlock()
	shown := ts.state.shown[ts.typ.ID]
	if shown == nil {
		shown = &firstDerived{batches: map[string]int{}}
		ts.state.shown[ts.typ.ID] = shown
	}
	return shown
}

// end cancels the requests in progress for the sync.
func (s *syncState) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listings {
		select {
		case l.lock <- struct{}{}: // It is free.
			l.Drop()
			<-l.lock
		default: // Its caller cancels it when the call ends.
		}
	}
}

// listSlot holds one list. Its lock is a channel, so that a wait for another worker's
// request ends with the context.
type listSlot struct {
	lock chan struct{}
	list atomic.Pointer[unpagedList]
	// again is the second reading of the list (see typeSync.sure), and returned reports
	// that the SDK has resources of the first. The lock guards both.
	again    *unpagedList
	returned bool
}

// enter waits for the lock of the list, and returns what releases it.
func (l *listSlot) enter(ctx context.Context) (leave func(), err error) {
	select {
	case l.lock <- struct{}{}:
		return func() { <-l.lock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// slot returns the slot of the type's list in the state of the sync.
func (ts *typeSync) slot() *listSlot {
	ts.state.mu.Lock()
	defer ts.state.mu.Unlock()
	slot := ts.state.lists[ts.typ.ID]
	if slot == nil {
		slot = &listSlot{lock: make(chan struct{}, 1)}
		ts.state.lists[ts.typ.ID] = slot
	}
	return slot
}

// unpaged returns the type's list, which comes in one reply. After an error the next call
// tries again.
func (ts *typeSync) unpaged(ctx context.Context) (*unpagedList, error) {
	slot := ts.slot()
	if list := slot.list.Load(); list != nil && !ts.again {
		return list, nil
	}
	leave, err := slot.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	if ts.again {
		if slot.again == nil {
			slot.again, err = ts.readUnpaged(ctx, ts.typ)
		}
		return slot.again, err
	}
	if slot.list.Load() == nil {
		list, err := ts.readUnpaged(ctx, ts.typ)
		if err == nil {
			err = ts.settle(ctx, slot, list)
		}
		if err != nil {
			return nil, err
		}
		slot.list.Store(list)
	}
	return slot.list.Load(), nil
}

// returnedNow records that the SDK gets resources of the type's list.
func (ts *typeSync) returnedNow(ctx context.Context) error {
	slot := ts.slot()
	leave, err := slot.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	slot.returned = true
	return nil
}

// unpagedList is a list that comes in one reply.
type unpagedList struct {
	ids     []mapping.ID // sorted, each once
	records []mapping.Record
	index   map[string]int // by the id's text
	// page has the resources of other types that the records show, once computed.
	page atomic.Pointer[page]
}

// find returns the record of an id.
func (l *unpagedList) find(id mapping.ID) (mapping.Record, bool) {
	i, ok := l.index[id.String()]
	if !ok {
		return mapping.Record{}, false
	}
	return l.records[i], true
}

func (c *Connector) readUnpaged(ctx context.Context, t *mapping.ResourceType) (*unpagedList, error) {
	reply := &listener{Doer: c.conn.Doer}
	read, err := c.callOn(ctx, api.Connection{Server: c.conn.Server, Doer: reply}, t.List.Operation, transport.Call{Reads: true}, t.List.Request(mapping.Position{}, 0))
	if err != nil {
		return nil, err
	}
	page := t.List.Read(read)
	if more := reply.more(len(page.Records)); more != "" {
		return nil, errorf(codes.FailedPrecondition, "%s: the reply has %d records and says that there are more: %s; the mapping does not say how to read them, see pages",
			t.List.Operation.Name, len(page.Records), more)
	}
	list := &unpagedList{index: make(map[string]int, len(page.Records))}
	for _, r := range page.Records {
		id, err := t.IDOf(r)
		if err != nil {
			return nil, lacksID(err)
		}
		if first, twice := list.index[id.String()]; twice {
			if !list.records[first].Equal(r) {
				return nil, errorf(codes.FailedPrecondition, "%s lists the %s %q twice, and not the same each time", t.List.Operation.Name, t.ID, id)
			}
			continue
		}
		list.index[id.String()] = len(list.ids)
		list.ids = append(list.ids, id)
		list.records = append(list.records, r)
	}
	list.sort()
	return list, nil
}
