// The rows of one user, tenant, role or permission, written for this one API.

package main

import (
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// The resource types.
const (
	typeUser       = "user"
	typeTenant     = "tenant"
	typeRole       = "role"
	typePermission = "permission"
)

var (
	userType       = v2.ResourceType_builder{Id: typeUser, DisplayName: "User"}.Build()
	roleType       = v2.ResourceType_builder{Id: typeRole, DisplayName: "Role"}.Build()
	escapeID       = strings.NewReplacer("%", "%25", "/", "%2F")
	holdersAre     = map[string]*v2.ResourceType{typeTenant: userType, typeRole: userType, typePermission: roleType}
	entitlementsOf = map[string]string{typeTenant: "member", typeRole: "assigned", typePermission: "granted"}
)

func rid(resourceType, id string) *v2.ResourceId {
	return v2.ResourceId_builder{ResourceType: resourceType, Resource: id}.Build()
}

func escaped(part string) string {
	if strings.ContainsAny(part, "%/") {
		return escapeID.Replace(part)
	}
	return part
}

func (k roleKey) id() string {
	if k.tenantID == "" {
		return escaped(k.name)
	}
	return escaped(k.tenantID) + "/" + escaped(k.name)
}

// roleKey identifies a role: no tenant for one of the whole project.
type roleKey struct{ tenantID, name string }

// userResource returns the SDK's resource for a user.
func userResource(u *emulator.User) (*v2.Resource, error) {
	trait := v2.UserTrait_builder{
		AccountType: v2.UserTrait_ACCOUNT_TYPE_HUMAN,
		MfaStatus:   v2.UserTrait_MFAStatus_builder{MfaEnabled: u.TOTP || u.WebAuthn || u.Push}.Build(),
		SsoStatus:   v2.UserTrait_SSOStatus_builder{SsoEnabled: u.SAML || u.OIDC || u.SCIM}.Build(),
	}
	if len(u.LoginIDs) > 0 {
		trait.Login, trait.LoginAliases = u.LoginIDs[0], u.LoginIDs[1:]
	}
	if u.Email != "" {
		trait.Emails = []*v2.UserTrait_Email{v2.UserTrait_Email_builder{Address: u.Email, IsPrimary: true}.Build()}
	}
	status := userStatus(u.Status)
	trait.Status = v2.UserTrait_Status_builder{ //nolint:staticcheck // The connector sets it too.
		Status: v2.UserTrait_Status_Status(status.GetStatus()), Details: status.GetDetails(),
	}.Build()
	profile := &structpb.Struct{Fields: make(map[string]*structpb.Value, 7)}
	for key, value := range map[string]string{"user_id": u.UserID, "first_name": u.GivenName, "last_name": u.FamilyName, "phone": u.Phone} {
		if value != "" {
			profile.Fields[key] = structpb.NewStringValue(value)
		}
	}
	profile.Fields["email_verified"] = structpb.NewBoolValue(u.VerifiedEmail)
	profile.Fields["phone_verified"] = structpb.NewBoolValue(u.VerifiedPhone)
	if len(u.CustomAttributes) > 0 {
		attributes, err := structpb.NewStruct(u.CustomAttributes)
		if err != nil {
			return nil, err
		}
		profile.Fields["custom_attributes"] = structpb.NewStructValue(attributes)
	}
	return v2.Resource_builder{
		Id: rid(typeUser, u.UserID), DisplayName: u.Name, Profile: profile, Status: status,
		CreatedAt: timestamppb.New(time.Unix(int64(u.CreatedTime), 0)), Annotations: annotations.New(trait.Build(), &v2.RawId{Id: u.UserID}),
	}.Build(), nil
}

func userStatus(word string) *v2.Status {
	switch word {
	case "enabled":
		return v2.Status_builder{Status: v2.Status_RESOURCE_STATUS_ENABLED}.Build()
	case "disabled":
		return v2.Status_builder{Status: v2.Status_RESOURCE_STATUS_DISABLED}.Build()
	case "expired":
		return v2.Status_builder{Status: v2.Status_RESOURCE_STATUS_DISABLED, Details: word}.Build()
	case "invited":
		return v2.Status_builder{Status: v2.Status_RESOURCE_STATUS_PENDING, Details: word}.Build()
	}
	return v2.Status_builder{Details: word}.Build()
}

func tenantResource(t emulator.Tenant) *v2.Resource {
	return v2.Resource_builder{
		Id: rid(typeTenant, escaped(t.ID)), DisplayName: t.Name, CreatedAt: timestamppb.New(time.Unix(int64(t.CreatedTime), 0)),
		Annotations: annotations.New(&v2.GroupTrait{}, &v2.RawId{Id: t.ID}),
	}.Build()
}

// roleResource returns the resource of a role; like has the description of one that no
// list has.
func (f *floor) roleResource(key roleKey, like *emulator.Role) *v2.Resource {
	out := v2.Resource_builder{
		Id: rid(typeRole, key.id()), DisplayName: f.roleName(key), Description: like.Description,
		Annotations: annotations.New(&v2.RoleTrait{}, &v2.RawId{Id: strings.TrimPrefix(key.tenantID+"/"+key.name, "/")}),
	}
	if key.tenantID != "" {
		out.ParentResourceId = rid(typeTenant, escaped(key.tenantID))
	}
	return out.Build()
}

func (f *floor) roleName(key roleKey) string {
	if key.tenantID == "" {
		return key.name
	}
	return key.name + " (" + f.tenantNames[key.tenantID] + ")"
}

func permissionResource(p emulator.Permission) *v2.Resource {
	return v2.Resource_builder{
		Id: rid(typePermission, escaped(p.Name)), DisplayName: p.Name, Description: p.Description,
		Annotations: annotations.New(&v2.RoleTrait{}, &v2.RawId{Id: p.Name}),
	}.Build()
}

func (f *floor) roleEntitlement(key roleKey) *v2.Entitlement {
	description := "Has the role " + key.name
	if key.tenantID != "" {
		description += " in the tenant " + f.tenantNames[key.tenantID]
	}
	return entitlement(rid(typeRole, key.id()), f.roleName(key)+" assigned", description)
}

func tenantEntitlement(t emulator.Tenant) *v2.Entitlement {
	return entitlement(rid(typeTenant, escaped(t.ID)), t.Name+" member", "Belongs to the tenant "+t.Name)
}

func permissionEntitlement(p emulator.Permission) *v2.Entitlement {
	e := entitlement(rid(typePermission, escaped(p.Name)), p.Name+" granted", "Confers the permission "+p.Name)
	e.SetPurpose(v2.Entitlement_PURPOSE_VALUE_PERMISSION)
	e.SetAnnotations(annotations.New(&v2.EntitlementImmutable{}))
	return e
}

func entitlement(on *v2.ResourceId, name, description string) *v2.Entitlement {
	slug := entitlementsOf[on.GetResourceType()]
	return v2.Entitlement_builder{
		Id: on.GetResourceType() + ":" + on.GetResource() + ":" + slug, Resource: v2.Resource_builder{Id: on}.Build(),
		DisplayName: name, Description: description, Slug: slug, Purpose: v2.Entitlement_PURPOSE_VALUE_ASSIGNMENT,
		GrantableTo: []*v2.ResourceType{holdersAre[on.GetResourceType()]},
	}.Build()
}

// userGrants returns what a user holds: the tenants and roles.
func userGrants(u *emulator.User) []*v2.Grant {
	principal := rid(typeUser, u.UserID)
	var out []*v2.Grant
	eachHeld(u, func(resourceType, id string) { out = append(out, grant(rid(resourceType, id), principal)) })
	return out
}

// eachHeld calls visit with everything that a user holds.
func eachHeld(u *emulator.User, visit func(resourceType, id string)) {
	for _, m := range u.Tenants {
		visit(typeTenant, escaped(m.TenantID))
	}
	for _, name := range u.RoleNames {
		visit(typeRole, escaped(name))
	}
	for _, m := range u.Tenants {
		for _, name := range m.RoleNames {
			visit(typeRole, roleKey{m.TenantID, name}.id())
		}
	}
}

// roleGrants returns the permissions of a role; like says which.
func roleGrants(key roleKey, like *emulator.Role) []*v2.Grant {
	principal := rid(typeRole, key.id())
	out := make([]*v2.Grant, len(like.PermissionNames))
	for i, name := range like.PermissionNames {
		out[i] = grant(rid(typePermission, escaped(name)), principal)
		out[i].SetAnnotations(annotations.New(&v2.GrantImmutable{}))
	}
	return out
}

func grant(on, principal *v2.ResourceId) *v2.Grant {
	id := on.GetResourceType() + ":" + on.GetResource() + ":" + entitlementsOf[on.GetResourceType()]
	return v2.Grant_builder{
		Id:          id + ":" + principal.GetResourceType() + ":" + principal.GetResource(),
		Principal:   v2.Resource_builder{Id: principal}.Build(),
		Entitlement: v2.Entitlement_builder{Id: id, Resource: v2.Resource_builder{Id: on}.Build()}.Build(),
	}.Build()
}

// describe returns a resource type of the SDK.
func describe(id, name string, trait v2.ResourceType_Trait, annos ...proto.Message) *v2.ResourceType {
	return v2.ResourceType_builder{
		Id: id, DisplayName: name, Traits: []v2.ResourceType_Trait{trait}, Annotations: annotations.New(annos...),
	}.Build()
}
