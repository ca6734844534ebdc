package connector_test

import (
	"context"
	"path/filepath"
	"sync"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

func TestSecondAPIWorkers(t *testing.T) {
	for _, workers := range []int{1, 4} {
		server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
		wantDemo(t, harness.Sync(t, workbench(t, server), sdksync.WithWorkerCount(workers)))
	}
}

// TestSecondAPISessionLost syncs with a session store that has lost everything
// whenever it is asked: what it should have is read again.
func TestSecondAPISessionLost(t *testing.T) {
	for _, workers := range []int{1, 4} {
		server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
		client := clientWith(t, workbench(t, server), &memory{forgets: true})
		wantDemo(t, syncWith(t, client, sdksync.WithWorkerCount(workers)))
	}
}

// TestSecondAPISyncsAtOnce runs two syncs of one connector in one process.
func TestSecondAPISyncsAtOnce(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	client := clientWith(t, workbench(t, server), &memory{})
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { wantDemo(t, syncWith(t, client)) })
	}
	both.Wait()
}

// clientWith returns a client of a connector that has a session store of its
// own, whatever syncer it works for.
func clientWith(t *testing.T, o connector.Options, session sessions.SessionStore) types.ConnectorClient {
	t.Helper()
	c, err := connector.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	server, err := connector.NewServer(t.Context(), c, connectorbuilder.WithSessionStore(session))
	if err != nil {
		t.Fatal(err)
	}
	return oneshot.NewClient(t.Context(), server)
}

func syncWith(t *testing.T, client types.ConnectorClient, opts ...sdksync.SyncOpt) *harness.Snapshot {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sync.c1z")
	syncer, err := sdksync.NewSyncer(t.Context(), client, append(opts,
		sdksync.WithC1ZPath(path), sdksync.WithTmpDir(t.TempDir()),
		sdksync.WithStorageEngine(c1zstore.EnginePebble), sdksync.WithFailFastInvariants())...)
	if err == nil {
		err = syncer.Sync(t.Context())
	}
	if err == nil {
		err = syncer.Close(t.Context())
	}
	if err != nil {
		t.Error(err)
		return &harness.Snapshot{}
	}
	return harness.Read(t, path)
}

// memory is a session store of all the syncs in the process. It has only what
// the connector uses.
type memory struct {
	sessions.SessionStore
	forgets bool
	values  sync.Map
}

func (m *memory) key(ctx context.Context, key string, opts []sessions.SessionStoreOption) string {
	bag := &sessions.SessionStoreBag{}
	for _, opt := range opts {
		_ = opt(ctx, bag) // The SDK's options do not fail.
	}
	return bag.SyncID + " " + bag.Prefix + " " + key
}

func (m *memory) Get(ctx context.Context, key string, opts ...sessions.SessionStoreOption) ([]byte, bool, error) {
	value, ok := m.values.Load(m.key(ctx, key, opts))
	if !ok || m.forgets {
		return nil, false, nil
	}
	return value.([]byte), true, nil
}

func (m *memory) Set(ctx context.Context, key string, value []byte, opts ...sessions.SessionStoreOption) error {
	m.values.Store(m.key(ctx, key, opts), value)
	return nil
}

// Clear forgets nothing: the other sync may need it.
func (m *memory) Clear(context.Context, ...sessions.SessionStoreOption) error { return nil }
