package preview

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/inprocess"
	"github.com/conductorone/baton-descope/mapping"
)

// syncID is that of every preview: each has a connector of its own.
const syncID = "preview"

// Client returns a client of a new connector, for what a preview does not do:
// granting and revoking.
func Client(ctx context.Context, o connector.Options) (types.ConnectorClient, error) {
	// What a service may do per minute is nothing that recorded replies need.
	plan := *o.Plan
	plan.PerMinute = nil
	o.Plan = &plan
	o.Sequential = true // Recorded replies are told apart by their order.
	c, err := connector.New(ctx, o)
	if err != nil {
		return nil, err
	}
	server, err := connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(newMemory()))
	if err != nil {
		return nil, err
	}
	return inprocess.NewClient(ctx, server), nil
}

// Sync runs a connector through a whole sync and returns what it would store.
func Sync(ctx context.Context, o connector.Options) (*Outcome, error) {
	var mu sync.Mutex
	found := &collected{map[string]Resource{}, map[string]Entitlement{}, map[[2]string]Grant{}, map[LeftOut]bool{}}
	o.Dangling = func(l connector.Dangling) {
		mu.Lock()
		defer mu.Unlock()
		on := idOf(l.On)
		found.leftOut[LeftOut{on + ":" + l.Entitlement.Slug, idOf(l.Principal), "there is no " + idOf(l.Missing)}] = true
	}
	client, err := Client(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := walk(ctx, client, o.Plan, found); err != nil {
		return nil, Plain(o.Name, err)
	}
	return found.outcome(), nil
}

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

// walk asks for everything in the order of the SDK's syncer: the resources of
// all types, then entitlements, then grants. The types, of which the SDK has no
// order, come in that of the mapping.
func walk(ctx context.Context, client types.ConnectorClient, plan *mapping.Plan, found *collected) error {
	listed, err := client.ListResourceTypes(ctx, &v2.ResourceTypesServiceListResourceTypesRequest{})
	if err != nil {
		return err
	}
	sorted := listed.GetList()
	slices.SortFunc(sorted, func(a, b *v2.ResourceType) int {
		return cmp.Compare(place(plan, a.GetId()), place(plan, b.GetId()))
	})
	w := &walker{client: client, found: found}
	for _, phase := range []func(context.Context, *v2.ResourceType) error{w.resources, w.entitlements, w.grants} {
		for _, t := range sorted {
			if err := phase(ctx, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// place is where a resource type stands in a mapping.
func place(plan *mapping.Plan, id string) int {
	return slices.IndexFunc(plan.Types, func(t *mapping.ResourceType) bool { return t.ID == id })
}

type walker struct {
	client types.ConnectorClient
	found  *collected
}

// pages calls one with every page token until there is none.
func pages(one func(token string) (next []string, err error)) error {
	for tokens := []string{""}; len(tokens) > 0; {
		token := tokens[0]
		next, err := one(token)
		if err != nil {
			return err
		}
		if slices.Contains(next, token) && token != "" {
			return fmt.Errorf("the page token %q leads to itself", token)
		}
		tokens = append(next, tokens[1:]...)
	}
	return nil
}

// after returns the tokens that an answer leads to.
func after(next string, annos annotations.Annotations) ([]string, error) {
	siblings := &v2.EnqueuePageTokens{}
	if _, err := annos.Pick(siblings); err != nil {
		return nil, err
	}
	tokens := siblings.GetPageTokens()
	if next != "" {
		tokens = append([]string{next}, tokens...)
	}
	return tokens, nil
}

func (w *walker) resources(ctx context.Context, t *v2.ResourceType) error {
	return pages(func(token string) ([]string, error) {
		page, err := w.client.ListResources(ctx, v2.ResourcesServiceListResourcesRequest_builder{
			ResourceTypeId: t.GetId(), PageToken: token, ActiveSyncId: syncID,
		}.Build())
		if err != nil {
			return nil, err
		}
		for _, r := range page.GetList() {
			resource, err := newResource(r)
			if err != nil {
				return nil, err
			}
			w.found.resources[resource.ID] = resource
		}
		return after(page.GetNextPageToken(), page.GetAnnotations())
	})
}

// typeScoped is the resource that stands for all of a type in a request.
func typeScoped(t *v2.ResourceType, annotation proto.Message) (*v2.Resource, annotations.Annotations) {
	id := v2.ResourceId_builder{ResourceType: t.GetId(), Resource: t.GetId()}.Build() // As the SDK asks for all of a type.
	return v2.Resource_builder{Id: id}.Build(), annotations.New(annotation)
}

func (w *walker) entitlements(ctx context.Context, t *v2.ResourceType) error {
	annos := annotations.Annotations(t.GetAnnotations())
	if !annos.Contains(&v2.TypeScopedEntitlements{}) {
		return nil
	}
	return pages(func(token string) ([]string, error) {
		on, scope := typeScoped(t, &v2.TypeScopedEntitlements{})
		page, err := w.client.ListEntitlements(ctx, v2.EntitlementsServiceListEntitlementsRequest_builder{
			Resource: on, Annotations: scope, PageToken: token, ActiveSyncId: syncID,
		}.Build())
		if err != nil {
			return nil, err
		}
		for _, e := range page.GetList() {
			w.found.entitlements[e.GetId()] = newEntitlement(e)
		}
		return after(page.GetNextPageToken(), page.GetAnnotations())
	})
}

func (w *walker) grants(ctx context.Context, t *v2.ResourceType) error {
	return pages(func(token string) ([]string, error) {
		on, scope := typeScoped(t, &v2.TypeScopedGrants{})
		page, err := w.client.ListGrants(ctx, v2.GrantsServiceListGrantsRequest_builder{
			Resource: on, Annotations: scope, PageToken: token, ActiveSyncId: syncID,
		}.Build())
		if err != nil {
			return nil, err
		}
		for _, g := range page.GetList() {
			grant, err := newGrant(g)
			if err != nil {
				return nil, err
			}
			w.found.grants[[2]string{grant.Entitlement, grant.Principal}] = grant
		}
		return after(page.GetNextPageToken(), page.GetAnnotations())
	})
}
