// Package harness runs whole syncs in a test, in process and with the SDK's own syncer,
// and reads the resulting c1z. It also searches output for a key.
package harness

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// Snapshot is what a sync stored, by id: "user:U1" for resources, the SDK's
// ids for entitlements and grants.
type Snapshot struct {
	Resources    map[string]*v2.Resource
	Entitlements map[string]*v2.Entitlement
	Grants       map[string]*v2.Grant
}

// Client returns a client of a new connector, and the session store for its syncs.
func Client(t testing.TB, o connector.Options) (types.ConnectorClient, *oneshot.Session) {
	t.Helper()
	c, err := connector.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return ClientOf(t, c)
}

// ClientOf is Client for an existing connector. Concurrent syncs of one connector need a
// session store each: the SDK sets one for each sync.
func ClientOf(t testing.TB, c *connector.Connector) (types.ConnectorClient, *oneshot.Session) {
	t.Helper()
	ctx := t.Context()
	session := &oneshot.Session{}
	server, err := connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(session))
	if err != nil {
		t.Fatal(err)
	}
	return oneshot.NewClient(ctx, server), session
}

// Sync runs one sync, in which a violated invariant of the SDK is a failure, and returns
// what it stored.
func Sync(t testing.TB, o connector.Options, opts ...sdksync.SyncOpt) *Snapshot {
	t.Helper()
	snapshot, err := TrySync(t, t.Context(), o, opts...)
	if err != nil {
		t.Fatalf("sync: %v", err)
	}
	return snapshot
}

// TrySync is Sync for a sync that may fail. A failed sync that is stored as finished fails
// the test.
func TrySync(t testing.TB, ctx context.Context, o connector.Options, opts ...sdksync.SyncOpt) (*Snapshot, error) {
	t.Helper()
	client, session := Client(t, o)
	return TrySyncWith(t, ctx, client, session, opts...)
}

// TrySyncWith is TrySync with the client and session store of [Client] or [ClientOf].
func TrySyncWith(t testing.TB, ctx context.Context, client types.ConnectorClient, session *oneshot.Session, opts ...sdksync.SyncOpt) (*Snapshot, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sync.c1z")
	opts = append([]sdksync.SyncOpt{
		sdksync.WithC1ZPath(path),
		sdksync.WithTmpDir(t.TempDir()),
		sdksync.WithStorageEngine(c1zstore.EnginePebble),
		sdksync.WithSessionStore(session),
		sdksync.WithFailFastInvariants(),
	}, opts...)
	syncer, err := sdksync.NewSyncer(ctx, client, opts...)
	if err != nil {
		t.Fatal(err)
	}
	syncErr := syncer.Sync(ctx)
	if err := syncer.Close(context.WithoutCancel(ctx)); err != nil && syncErr == nil {
		return nil, err
	}
	if syncErr != nil {
		if _, err := os.Stat(path); err == nil && read(t, path) != nil {
			t.Errorf("the sync failed and is stored as finished: %v", syncErr)
		}
		return nil, syncErr
	}
	return Read(t, path), nil
}

// Read reads a c1z.
func Read(t testing.TB, path string) *Snapshot {
	t.Helper()
	s := read(t, path)
	if s == nil {
		t.Fatalf("no finished sync in %s", path)
	}
	return s
}

// read is Read; nil if no sync has finished.
func read(t testing.TB, path string) *Snapshot {
	t.Helper()
	ctx := t.Context()
	store, err := dotc1z.NewStore(ctx, path, dotc1z.WithReadOnly(true), dotc1z.WithTmpDir(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close(ctx) }()
	run, err := store.SyncMeta().LatestFinishedSyncOfAnyType(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if run == nil {
		return nil
	}
	s := &Snapshot{map[string]*v2.Resource{}, map[string]*v2.Entitlement{}, map[string]*v2.Grant{}}
	for token := ""; ; {
		page, err := store.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{PageToken: token}.Build())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.GetList() {
			s.Resources[r.GetId().GetResourceType()+":"+r.GetId().GetResource()] = r
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		page, err := store.ListEntitlements(ctx, v2.EntitlementsServiceListEntitlementsRequest_builder{PageToken: token}.Build())
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.GetList() {
			s.Entitlements[e.GetId()] = e
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		page, err := store.ListGrants(ctx, v2.GrantsServiceListGrantsRequest_builder{PageToken: token}.Build())
		if err != nil {
			t.Fatal(err)
		}
		for _, g := range page.GetList() {
			s.Grants[g.GetId()] = g
		}
		if token = page.GetNextPageToken(); token == "" {
			return s
		}
	}
}
