package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// floor is a connector that produces the rows of a generated project without requests or
// checks. No connector on the SDK can cost less.
//
// The users are generated each time they are needed: keeping all of them would take memory
// that is not part of the floor.
type floor struct {
	project emulator.Project
	count   int // users
	user    func(i int) emulator.User

	tenantNames map[string]string
	roles       map[roleKey]*emulator.Role

	mu sync.Mutex
	// firstOn is the first page of users that shows a role. mu guards it.
	firstOn map[roleKey]int
}

func newFloor(size emulator.Size) *floor {
	project, user := emulator.GenerateLazily(size)
	f := &floor{
		project: project, count: size.Users, user: user,
		tenantNames: make(map[string]string, len(project.Tenants)), roles: make(map[roleKey]*emulator.Role, len(project.Roles)),
		firstOn: map[roleKey]int{},
	}
	for _, t := range project.Tenants {
		f.tenantNames[t.ID] = t.Name
	}
	for i, r := range project.Roles {
		f.roles[roleKey{r.TenantID, r.Name}] = &project.Roles[i]
	}
	return f
}

func (f *floor) Metadata(context.Context) (*v2.ConnectorMetadata, error) {
	return v2.ConnectorMetadata_builder{DisplayName: "Floor"}.Build(), nil
}

func (f *floor) Validate(context.Context) (annotations.Annotations, error) { return nil, nil }

// ResourceSyncers returns syncers that answer for a whole type at a time.
func (f *floor) ResourceSyncers(context.Context) []connectorbuilder.ResourceSyncerV2 {
	grants, entitlements := &v2.TypeScopedGrants{}, &v2.TypeScopedEntitlements{}
	return []connectorbuilder.ResourceSyncerV2{
		&floorType{f, describe(typeUser, "User", v2.ResourceType_TRAIT_USER, grants, &v2.SkipEntitlements{})},
		&floorType{f, describe(typeTenant, "Tenant", v2.ResourceType_TRAIT_GROUP, grants, entitlements)},
		&floorType{f, describe(typeRole, "Role", v2.ResourceType_TRAIT_ROLE, grants, entitlements)},
		&floorType{f, describe(typePermission, "Permission", v2.ResourceType_TRAIT_ROLE, grants, entitlements)},
	}
}

// floorType is one resource type of the floor.
type floorType struct {
	*floor
	kind *v2.ResourceType
}

func (s *floorType) ResourceType(context.Context) *v2.ResourceType { return s.kind }

// List returns a page of the type's resources, for users with the roles that they hold
// and no list has.
func (s *floorType) List(_ context.Context, parent *v2.ResourceId, o resource.SyncOpAttrs) ([]*v2.Resource, *resource.SyncOpResults, error) {
	if parent != nil {
		return nil, &resource.SyncOpResults{}, nil
	}
	var out []*v2.Resource
	switch s.kind.GetId() {
	case typeUser:
		return s.listUsers(number(o.PageToken.Token))
	case typeTenant:
		for _, t := range s.project.Tenants {
			out = append(out, tenantResource(t))
		}
	case typeRole:
		for i, r := range s.project.Roles {
			out = append(out, s.roleResource(roleKey{r.TenantID, r.Name}, &s.project.Roles[i]))
		}
	case typePermission:
		for _, p := range s.project.Permissions {
			out = append(out, permissionResource(p))
		}
	}
	return out, &resource.SyncOpResults{}, nil
}

func (s *floorType) listUsers(page int) ([]*v2.Resource, *resource.SyncOpResults, error) {
	var out []*v2.Resource
	isNew := s.newOn(page)
	users, more := s.users(page)
	for i := range users {
		s.derived(&users[i], func(key roleKey, like *emulator.Role) {
			if isNew(key) {
				out = append(out, s.roleResource(key, like))
			}
		})
		r, err := userResource(&users[i])
		if err != nil {
			return nil, nil, err
		}
		out = append(out, r)
	}
	return out, following(page, more), nil
}

// EntitlementsForResourceType returns a page of the type's entitlements. Those of roles
// that no list has come from the users.
func (s *floorType) EntitlementsForResourceType(_ context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	at := number(o.PageToken.Token)
	var out []*v2.Entitlement
	switch {
	case s.kind.GetId() == typeTenant:
		for _, t := range s.project.Tenants {
			out = append(out, tenantEntitlement(t))
		}
	case s.kind.GetId() == typePermission:
		for _, p := range s.project.Permissions {
			out = append(out, permissionEntitlement(p))
		}
	case at == 0:
		for _, r := range s.project.Roles {
			out = append(out, s.roleEntitlement(roleKey{r.TenantID, r.Name}))
		}
		return out, following(at, true), nil
	default:
		more := s.eachDerived(at-1, func(key roleKey, _ *emulator.Role) { out = append(out, s.roleEntitlement(key)) })
		return out, following(at, more), nil
	}
	return out, &resource.SyncOpResults{}, nil
}

// GrantsForResourceType returns a page of the grants that the type's resources hold.
func (s *floorType) GrantsForResourceType(_ context.Context, _ string, o resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	at := number(o.PageToken.Token)
	var out []*v2.Grant
	switch {
	case s.kind.GetId() == typeUser:
		users, more := s.users(at)
		for i := range users {
			out = append(out, userGrants(&users[i])...)
		}
		slices.SortFunc(out, func(a, b *v2.Grant) int { return strings.Compare(a.GetId(), b.GetId()) }) // The order of the store.
		return out, following(at, more), nil
	case s.kind.GetId() != typeRole:
	case at == 0:
		for _, r := range s.project.Roles {
			out = append(out, roleGrants(roleKey{r.TenantID, r.Name}, &r)...)
		}
		return out, following(at, true), nil
	default:
		more := s.eachDerived(at-1, func(key roleKey, like *emulator.Role) { out = append(out, roleGrants(key, like)...) })
		return out, following(at, more), nil
	}
	return out, &resource.SyncOpResults{}, nil
}

// Entitlements implements the SDK's interface. It is not called: the SDK reads by type.
func (s *floorType) Entitlements(context.Context, *v2.Resource, resource.SyncOpAttrs) ([]*v2.Entitlement, *resource.SyncOpResults, error) {
	return nil, &resource.SyncOpResults{}, nil
}

// Grants implements the SDK's interface. It is not called: the SDK reads by type.
func (s *floorType) Grants(context.Context, *v2.Resource, resource.SyncOpAttrs) ([]*v2.Grant, *resource.SyncOpResults, error) {
	return nil, &resource.SyncOpResults{}, nil
}

// users returns a page of 1,000 users, and reports whether another page follows.
func (f *floor) users(page int) (users []emulator.User, more bool) {
	const size = 1000
	from, to := page*size, min((page+1)*size, f.count)
	users = make([]emulator.User, 0, to-from)
	for i := from; i < to; i++ {
		users = append(users, f.user(i))
	}
	return users, to < f.count
}

// eachDerived calls visit once for each role that a page of users is the first to show,
// and reports whether another page follows.
func (f *floor) eachDerived(page int, visit func(key roleKey, like *emulator.Role)) (more bool) {
	users, more := f.users(page)
	isNew := f.newOn(page)
	for i := range users {
		f.derived(&users[i], func(key roleKey, like *emulator.Role) {
			if isNew(key) {
				visit(key, like)
			}
		})
	}
	return more
}

// derived calls visit with the project roles that a user holds inside tenants: they are
// separate roles, and no list has them.
func (f *floor) derived(u *emulator.User, visit func(key roleKey, like *emulator.Role)) {
	for _, m := range u.Tenants {
		for _, name := range m.RoleNames {
			key := roleKey{m.TenantID, name}
			if f.roles[key] == nil {
				if like := f.roles[roleKey{"", name}]; like != nil {
					visit(key, like)
				}
			}
		}
	}
}

// newOn returns a function that reports whether a page of users is the first to show a
// role, once for each role.
func (f *floor) newOn(page int) func(roleKey) bool {
	seen := map[roleKey]bool{}
	return func(key roleKey) bool {
		if seen[key] {
			return false
		}
		seen[key] = true
		f.mu.Lock()
		defer f.mu.Unlock()
		first, known := f.firstOn[key]
		if !known {
			f.firstOn[key] = page
		}
		return !known || first == page
	}
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
