package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"
	"github.com/conductorone/baton-sdk/pkg/sdk"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/oneshot"
	"github.com/conductorone/baton-descope/mapping"
)

// Client returns a client of a new connector, for what a preview does not do:
// granting and revoking.
func Client(ctx context.Context, o connector.Options) (types.ConnectorClient, error) {
	client, _, err := newClient(ctx, o)
	return client, err
}

func newClient(ctx context.Context, o connector.Options, interceptors ...oneshot.Interceptor) (types.ConnectorClient, *oneshot.Session, error) {
	// What a service may do per minute is nothing that recorded replies need.
	plan := *o.Plan
	plan.PerMinute = nil
	o.Plan = &plan
	o.Sequential = true // Recorded replies are distinguished by their order.
	c, err := connector.New(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	session := &oneshot.Session{}
	server, err := connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(session))
	if err != nil {
		return nil, nil, err
	}
	return oneshot.NewClient(ctx, server, interceptors...), session, nil
}

// Sync runs a connector through a whole sync and returns what it stores.
func Sync(ctx context.Context, o connector.Options) (*Outcome, error) {
	var mu sync.Mutex
	found := &collected{map[string]Resource{}, map[string]Entitlement{}, map[[2]string]Grant{}, map[LeftOut]bool{}}
	o.Dangling = func(l connector.Dangling) {
		mu.Lock()
		defer mu.Unlock()
		on := idOf(l.On)
		found.leftOut[LeftOut{on + ":" + l.Entitlement.Slug, idOf(l.Principal), "there is no " + idOf(l.Missing)}] = true
	}
	// The first error ends the sync: the SDK would try again.
	running, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	client, session, err := newClient(ctx, o, func(ctx context.Context, _ string, call func(context.Context) error) error {
		err := call(ctx)
		if err != nil {
			stop(Plain(o.Name, err))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := found.store(running, offline{client, o.Plan}, session); err != nil {
		if running.Err() != nil {
			err = context.Cause(running)
		}
		return nil, err
	}
	return found.outcome(), nil
}

// offline is a client of a connector that recorded replies answer.
type offline struct {
	types.ConnectorClient
	plan *mapping.Plan
}

// Validate makes no requests: recorded replies have none for it. The version lets the
// syncer say in each call which sync it belongs to.
func (offline) Validate(context.Context, *v2.ConnectorServiceValidateRequest, ...grpc.CallOption) (*v2.ConnectorServiceValidateResponse, error) {
	return v2.ConnectorServiceValidateResponse_builder{SdkVersion: sdk.Version}.Build(), nil
}

// ListResourceTypes returns the types, which have no order in the SDK, so that they are
// read in the order of the mapping: the syncer begins with the last one.
func (c offline) ListResourceTypes(
	ctx context.Context, request *v2.ResourceTypesServiceListResourceTypesRequest, opts ...grpc.CallOption,
) (*v2.ResourceTypesServiceListResourceTypesResponse, error) {
	reply, err := c.ConnectorClient.ListResourceTypes(ctx, request, opts...)
	place := func(t *v2.ResourceType) int {
		return slices.IndexFunc(c.plan.Types, func(of *mapping.ResourceType) bool { return of.ID == t.GetId() })
	}
	slices.SortFunc(reply.GetList(), func(a, b *v2.ResourceType) int { return cmp.Compare(place(b), place(a)) })
	return reply, err
}

// store runs the SDK's syncer into a temporary file, and reads the file. SQLite is the
// cheaper engine for a small sync: about 20 ms, where Pebble takes 150.
func (c *collected) store(ctx context.Context, client offline, session *oneshot.Session) (err error) {
	dir, err := os.MkdirTemp("", "baton-preview-")
	if err != nil {
		return fmt.Errorf("cannot create a temporary folder for the sync: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	content, err := blank()
	if err != nil {
		return fmt.Errorf("cannot create a temporary file for the sync: %w", err)
	}
	path := filepath.Join(dir, "sync.c1z")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("cannot create a temporary file for the sync: %w", err)
	}
	file, err := open(ctx, path)
	if err != nil {
		return fmt.Errorf("cannot open the temporary file for the sync: %w", err)
	}
	session.SetSessionStore(ctx, file.SessionStore())
	syncer, err := sdksync.NewSyncer(ctx, client, sdksync.WithConnectorStore(file), sdksync.WithTmpDir(dir), sdksync.WithDontExpandGrants())
	if err != nil {
		return errors.Join(err, file.Close(ctx))
	}
	if err = syncer.Sync(ctx); err == nil {
		err = c.read(ctx, file)
	}
	return errors.Join(err, syncer.Close(ctx))
}

// open opens a file. Nobody needs it after a crash.
func open(ctx context.Context, path string) (c1zstore.Store, error) {
	return dotc1z.NewStore(ctx, path, dotc1z.WithTmpDir(filepath.Dir(path)), dotc1z.WithEngine(c1zstore.EngineSQLite),
		dotc1z.WithPragma("synchronous", "off"), dotc1z.WithPragma("journal_mode", "memory"))
}

// blank returns a file with tables and an empty sync. The store writes to the disk 92
// times while it creates the tables, which would take most of the time of a sync.
var blank = sync.OnceValues(func() (content []byte, err error) {
	dir, err := os.MkdirTemp("", "baton-preview-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	ctx, path := context.Background(), filepath.Join(dir, "blank.c1z")
	file, err := open(ctx, path)
	if err != nil {
		return nil, err
	}
	if _, err = file.StartNewSync(ctx, connectorstore.SyncTypeFull, ""); err == nil {
		err = file.EndSync(ctx)
	}
	if err = errors.Join(err, file.Close(ctx)); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Plain returns an error as the connector of that name wrote it, without what
// the SDK puts around it.
func Plain(name string, err error) error {
	text := err.Error()
	if s, ok := status.FromError(err); ok {
		text = s.Message()
	}
	if _, own, ok := strings.Cut(text, name+": "); ok {
		text = own
	}
	return errors.New(text)
}
