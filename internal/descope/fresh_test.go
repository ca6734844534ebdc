package descope_test

import (
	"context"
	"sync"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// TestFreshConnectorForEachCall syncs as cloud functions do that are started for each
// call: each page is listed by a connector that knows only the page token and the session
// store. The list has a dozen steps, and the SDK's workers read the grants of several at
// once. Pages that such a connector prefetched are lost with it, but no page is read
// again for the grants.
func TestFreshConnectorForEachCall(t *testing.T) {
	d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 720, Tenants: 6, Roles: 8, Permissions: 5}), emulator.Options{})
	want := expected(project(d), false)
	one := harness.Sync(t, options(t, d, small(t)))
	compare(t, want, one)
	for _, workers := range []int{1, 4} {
		for _, ahead := range []bool{true, false} {
			before := d.Count("SearchUsers")
			client := &fresh{options: options(t, d, small(t)), session: &oneshot.Session{}}
			client.options.Sequential = !ahead
			got := client.sync(t, workers)
			compareIDs(t, "resource", keys(one.Resources), keys(got.Resources))
			compareIDs(t, "entitlement", keys(one.Entitlements), keys(got.Entitlements))
			compareIDs(t, "grant", keys(one.Grants), keys(got.Grants))
			n := d.Count("SearchUsers") - before
			t.Logf("%d workers, reading ahead: %t: %d connectors, %d searches", workers, ahead, client.started, n)
			if !ahead && n != 1+120 {
				t.Errorf("%d searches, want 121", n)
			}
			if client.started < 2*12 {
				t.Errorf("only %d connectors were started", client.started)
			}
			if t.Failed() {
				t.Fatalf("with %d workers, reading ahead: %t", workers, ahead)
			}
		}
	}
}

// fresh is a client that starts a connector for each list call and abandons it after the
// answer. All of them share one session store.
type fresh struct {
	types.ConnectorClient // for everything else
	options               connector.Options
	session               *oneshot.Session

	mu      sync.Mutex
	started int
}

func (f *fresh) sync(t *testing.T, workers int) *harness.Snapshot {
	t.Helper()
	var err error
	if f.ConnectorClient, err = f.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := harness.TrySyncWith(t, t.Context(), f, f.session, sdksync.WithWorkerCount(workers))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (f *fresh) start(ctx context.Context) (types.ConnectorClient, error) {
	f.mu.Lock()
	f.started++
	f.mu.Unlock()
	c, err := connector.New(ctx, f.options)
	if err != nil {
		return nil, err
	}
	server, err := connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(f.session))
	if err != nil {
		return nil, err
	}
	return oneshot.NewClient(ctx, server), nil
}

func (f *fresh) ListResourceTypes(ctx context.Context, in *v2.ResourceTypesServiceListResourceTypesRequest, o ...grpc.CallOption) (*v2.ResourceTypesServiceListResourceTypesResponse, error) {
	c, err := f.start(ctx)
	if err != nil {
		return nil, err
	}
	return c.ListResourceTypes(ctx, in, o...)
}

func (f *fresh) ListResources(ctx context.Context, in *v2.ResourcesServiceListResourcesRequest, o ...grpc.CallOption) (*v2.ResourcesServiceListResourcesResponse, error) {
	c, err := f.start(ctx)
	if err != nil {
		return nil, err
	}
	return c.ListResources(ctx, in, o...)
}

func (f *fresh) ListEntitlements(ctx context.Context, in *v2.EntitlementsServiceListEntitlementsRequest, o ...grpc.CallOption) (*v2.EntitlementsServiceListEntitlementsResponse, error) {
	c, err := f.start(ctx)
	if err != nil {
		return nil, err
	}
	return c.ListEntitlements(ctx, in, o...)
}

func (f *fresh) ListGrants(ctx context.Context, in *v2.GrantsServiceListGrantsRequest, o ...grpc.CallOption) (*v2.GrantsServiceListGrantsResponse, error) {
	c, err := f.start(ctx)
	if err != nil {
		return nil, err
	}
	return c.ListGrants(ctx, in, o...)
}
