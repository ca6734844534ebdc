package byhand

import (
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
)

// Conventional returns a connector that reads the API at base one page after the
// other, and searches for the users of each tenant and of each role. It has the same
// rows: a tenant's users tell who has which role inside the tenant.
func Conventional(base, token string) connectorbuilder.ConnectorBuilderV2 {
	c := newClient(base, token)
	s := &serial{c}
	return builder{
		&oneByOne{ofType{s, describe(typeUser, "User", v2.ResourceType_TRAIT_USER, &v2.SkipEntitlementsAndGrants{})}, c},
		&oneByOne{ofType{s, describe(typeTenant, "Tenant", v2.ResourceType_TRAIT_GROUP)}, c},
		&oneByOne{ofType{s, describe(typeRole, "Role", v2.ResourceType_TRAIT_ROLE)}, c},
		&oneByOne{ofType{s, describe(typePermission, "Permission", v2.ResourceType_TRAIT_ROLE)}, c},
	}
}

// serial reads a page of users when it is asked for.
type serial struct{ *client }

func (s *serial) users(ctx context.Context, _ resource.SyncOpAttrs, n int) ([]User, bool, error) {
	users, total, err := s.search(ctx, search{Page: n})
	return users, (n+1)*searchSize < total, err
}

func (s *serial) held(context.Context, resource.SyncOpAttrs, int) ([]User, bool, error) {
	return nil, false, nil // Nothing is kept.
}

// oneByOne syncs one type resource by resource.
type oneByOne struct {
	typ    ofType
	client *client
}

func (s *oneByOne) ResourceType(ctx context.Context) *v2.ResourceType { return s.typ.ResourceType(ctx) }

// List returns a page of the type's resources.
func (s *oneByOne) List(ctx context.Context, parent *v2.ResourceId, o resource.SyncOpAttrs) ([]*v2.Resource, *resource.SyncOpResults, error) {
	return s.typ.List(ctx, parent, o)
}

// Entitlements returns the entitlement of a resource.
func (s *oneByOne) Entitlements(ctx context.Context, r *v2.Resource, _ resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	all, err := s.client.catalogue(ctx)
	if err != nil {
		return nil, nil, err
	}
	var e *v2.Entitlement
	switch id := r.GetId().GetResource(); r.GetId().GetResourceType() {
	case typeTenant:
		e = tenantEntitlement(Tenant{ID: id, Name: r.GetDisplayName()})
	case typeRole:
		e = all.roleEntitlement(keyOf(id))
	case typePermission:
		e = permissionEntitlement(Permission{Name: r.GetDisplayName()})
	default:
		return nil, &resource.SyncOpResults{}, nil
	}
	return []*v2.Entitlement{e}, &resource.SyncOpResults{}, nil
}

// Grants returns a page of who holds what a resource gives, and with a role its
// permissions. Who has a role inside a tenant comes with the tenant.
func (s *oneByOne) Grants(ctx context.Context, r *v2.Resource, o resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	all, err := s.client.catalogue(ctx)
	if err != nil {
		return nil, nil, err
	}
	var out []*v2.Grant
	at, id := number(o.PageToken.Token), r.GetId().GetResource()
	asked := search{Page: at}
	switch r.GetId().GetResourceType() {
	case typeTenant:
		asked.TenantIDs = []string{id}
	case typeRole:
		key := keyOf(id)
		like := all.byKey[key]
		if like == nil {
			like = all.byKey[roleKey{"", key.name}]
		}
		if at == 0 {
			out = roleGrants(key, like)
		}
		if key.tenantID != "" {
			return out, &resource.SyncOpResults{}, nil
		}
		asked.RoleNames = []string{key.name}
	default:
		return nil, &resource.SyncOpResults{}, nil
	}
	users, total, err := s.client.search(ctx, asked)
	for i := range users {
		eachHeld(&users[i], func(resourceType, held string) {
			if tenantID, _, _ := strings.Cut(held, "/"); resourceType == r.GetId().GetResourceType() && held == id || asked.TenantIDs != nil && tenantID == id && held != id {
				out = append(out, grant(rid(resourceType, held), rid(typeUser, users[i].UserID)))
			}
		})
	}
	return out, following(at, (at+1)*searchSize < total), err
}

// keyOf reads the id of a role.
func keyOf(id string) roleKey {
	tenantID, name, inTenant := strings.Cut(id, "/")
	if !inTenant {
		return roleKey{"", id}
	}
	return roleKey{tenantID, name}
}
