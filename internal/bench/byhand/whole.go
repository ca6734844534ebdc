package byhand

import (
	"context"
	"slices"
	"strconv"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
)

// builder is a connector of the given syncers.
type builder []connectorbuilder.ResourceSyncerV2

func (b builder) Metadata(context.Context) (*v2.ConnectorMetadata, error) {
	return v2.ConnectorMetadata_builder{DisplayName: "By hand"}.Build(), nil
}

func (b builder) Validate(context.Context) (annotations.Annotations, error) { return nil, nil }

func (b builder) ResourceSyncers(context.Context) []connectorbuilder.ResourceSyncerV2 { return b }

// page is how many users one answer to the SDK is made of, and grants, and entitlements.
const page = 1000

// source is where the syncers have their records from.
type source interface {
	catalogue(ctx context.Context) (*Catalogue, error)
	// users returns the n-th page of users, and whether another comes after it.
	users(ctx context.Context, o resource.SyncOpAttrs, n int) (users []User, more bool, err error)
	// held returns the n-th page of users again, of whom only the id is needed and
	// what they hold.
	held(ctx context.Context, o resource.SyncOpAttrs, n int) (users []User, more bool, err error)
}

// ofType syncs one type by type: entitlements and grants are asked for by type, and
// grants are those that the type's records hold.
type ofType struct {
	source
	kind *v2.ResourceType
}

// byType returns a connector of a source.
func byType(s source) connectorbuilder.ConnectorBuilderV2 {
	grants, entitlements := &v2.TypeScopedGrants{}, &v2.TypeScopedEntitlements{}
	return builder{
		&ofType{s, describe(typeUser, "User", v2.ResourceType_TRAIT_USER, grants, &v2.SkipEntitlements{})},
		&ofType{s, describe(typeTenant, "Tenant", v2.ResourceType_TRAIT_GROUP, grants, entitlements)},
		&ofType{s, describe(typeRole, "Role", v2.ResourceType_TRAIT_ROLE, grants, entitlements)},
		&ofType{s, describe(typePermission, "Permission", v2.ResourceType_TRAIT_ROLE, grants, entitlements)},
	}
}

func (s *ofType) ResourceType(context.Context) *v2.ResourceType { return s.kind }

// List returns a page of the type's resources; with users come the roles that they
// show and that are in no list.
func (s *ofType) List(ctx context.Context, parent *v2.ResourceId, o resource.SyncOpAttrs) ([]*v2.Resource, *resource.SyncOpResults, error) {
	if parent != nil {
		return nil, &resource.SyncOpResults{}, nil
	}
	all, err := s.catalogue(ctx)
	if err != nil {
		return nil, nil, err
	}
	var out []*v2.Resource
	switch s.kind.GetId() {
	case typeUser:
		return s.listUsers(ctx, o, all)
	case typeTenant:
		for _, t := range all.tenants {
			out = append(out, tenantResource(t))
		}
	case typeRole:
		for i, r := range all.roles {
			out = append(out, all.roleResource(roleKey{r.TenantID, r.Name}, &all.roles[i]))
		}
	case typePermission:
		for _, p := range all.permissions {
			out = append(out, permissionResource(p))
		}
	}
	return out, &resource.SyncOpResults{}, nil
}

func (s *ofType) listUsers(ctx context.Context, o resource.SyncOpAttrs, all *Catalogue) ([]*v2.Resource, *resource.SyncOpResults, error) {
	at := number(o.PageToken.Token)
	users, more, err := s.users(ctx, o, at)
	if err != nil {
		return nil, nil, err
	}
	out, err := all.Resources(users, at)
	return out, following(at, more), err
}

// Resources makes the resources of a page of users, and of the roles that they show
// and no page before it has.
func (c *Catalogue) Resources(users []User, page int) ([]*v2.Resource, error) {
	var out []*v2.Resource
	isNew := c.newOn(page)
	for i := range users {
		c.shown(&users[i], func(key roleKey, like *Role) {
			if isNew(key) {
				out = append(out, c.roleResource(key, like))
			}
		})
		r, err := UserResource(&users[i])
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// EntitlementsForResourceType returns a page of the type's entitlements; those of
// roles that are in no list come from the users.
func (s *ofType) EntitlementsForResourceType(ctx context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	all, err := s.catalogue(ctx)
	if err != nil {
		return nil, nil, err
	}
	at := number(o.PageToken.Token)
	var out []*v2.Entitlement
	switch {
	case s.kind.GetId() == typeTenant:
		for _, t := range all.tenants {
			out = append(out, tenantEntitlement(t))
		}
	case s.kind.GetId() == typePermission:
		for _, p := range all.permissions {
			out = append(out, permissionEntitlement(p))
		}
	case at == 0:
		for _, r := range all.roles {
			out = append(out, all.roleEntitlement(roleKey{r.TenantID, r.Name}))
		}
		return out, following(at, true), nil
	default:
		more, err := s.eachShown(ctx, o, at-1, func(key roleKey, _ *Role) { out = append(out, all.roleEntitlement(key)) })
		return out, following(at, more), err
	}
	return out, &resource.SyncOpResults{}, nil
}

// GrantsForResourceType returns a page of the grants that the type's resources hold.
func (s *ofType) GrantsForResourceType(ctx context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	all, err := s.catalogue(ctx)
	if err != nil {
		return nil, nil, err
	}
	at := number(o.PageToken.Token)
	var out []*v2.Grant
	switch {
	case s.kind.GetId() == typeUser:
		users, more, err := s.held(ctx, o, at)
		for i := range users {
			out = append(out, UserGrants(&users[i])...)
		}
		slices.SortFunc(out, func(a, b *v2.Grant) int { return strings.Compare(a.GetId(), b.GetId()) }) // As the store likes them.
		return out, following(at, more), err
	case s.kind.GetId() != typeRole:
	case at == 0:
		for _, r := range all.roles {
			out = append(out, roleGrants(roleKey{r.TenantID, r.Name}, &r)...)
		}
		return out, following(at, true), nil
	default:
		more, err := s.eachShown(ctx, o, at-1, func(key roleKey, like *Role) { out = append(out, roleGrants(key, like)...) })
		return out, following(at, more), err
	}
	return out, &resource.SyncOpResults{}, nil
}

// eachShown gives visit the roles that a page of users shows and no page before it,
// each once, and returns whether another page comes after it.
func (s *ofType) eachShown(ctx context.Context, o resource.SyncOpAttrs, n int, visit func(key roleKey, like *Role)) (more bool, err error) {
	all, err := s.catalogue(ctx)
	if err != nil {
		return false, err
	}
	users, more, err := s.held(ctx, o, n)
	isNew := all.newOn(n)
	for i := range users {
		all.shown(&users[i], func(key roleKey, like *Role) {
			if isNew(key) {
				visit(key, like)
			}
		})
	}
	return more, err
}

// Entitlements is there for the SDK's interface; it asks by type.
func (s *ofType) Entitlements(context.Context, *v2.Resource, resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	return nil, &resource.SyncOpResults{}, nil
}

// Grants is there for the SDK's interface; it asks by type.
func (s *ofType) Grants(context.Context, *v2.Resource, resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	return nil, &resource.SyncOpResults{}, nil
}

func number(token string) int {
	n, err := strconv.Atoi(token)
	if err != nil {
		return 0 // The first page has no token.
	}
	return n
}

func following(at int, more bool) *resource.SyncOpResults {
	if !more {
		return &resource.SyncOpResults{}
	}
	return &resource.SyncOpResults{NextPageToken: strconv.Itoa(at + 1)}
}
