package connector

import (
	"context"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-descope/mapping"
)

// resource makes the SDK's resource of a record.
func (c *Connector) resource(ctx context.Context, s *syncState, t *mapping.ResourceType, id mapping.ID, r mapping.Record) (*v2.Resource, error) {
	parent, err := c.parentOf(ctx, s, t, id, r)
	if err != nil {
		return nil, err
	}
	mapped, err := t.Resource(id, r, parent)
	if err != nil {
		return nil, errorf(codes.FailedPrecondition, "%w", err)
	}
	parentID, err := t.ParentID(id, r)
	if err != nil {
		return nil, errorf(codes.FailedPrecondition, "%w", err)
	}
	out := v2.Resource_builder{
		Id:          resourceID(t, id),
		DisplayName: displayName(mapped.Name, id),
		Description: clip(mapped.Description, maxDescription),
		Annotations: annotations.New(append(traitOf(t, mapped), &v2.RawId{Id: rawID(id)})...),
	}
	texts := textBytes(mapped.User)
	if parentID != nil {
		out.ParentResourceId = resourceID(t.Parent, parentID)
	}
	if !mapped.CreatedAt.IsZero() {
		out.CreatedAt = timestamppb.New(mapped.CreatedAt)
	}
	if mapped.StatusDetail != "" {
		out.Status = statusOfResource(mapped)
	}
	if mapped.Profile != nil {
		texts += shortenAll(mapped.Profile, 0)
		if out.Profile, err = structpb.NewStruct(mapped.Profile); err != nil {
			return nil, errorf(codes.Internal, "profile of %s %q: %w", t.ID, id, err)
		}
	}
	built := out.Build()
	warnOfLongIDs(ctx, t, built)
	if texts < maxResource/2 { // To measure every resource would be dear.
		return built, nil
	}
	return built, checkSize(built)
}

// textBytes is how long the texts of a user are; 0 for none.
func textBytes(u *mapping.User) int {
	if u == nil {
		return 0
	}
	bytes := len(u.Login) + len(u.Email)
	for _, alias := range u.LoginAliases {
		bytes += len(alias)
	}
	return bytes
}

// checkSize refuses a resource that the SDK cannot carry: gRPC would refuse the
// whole page without a word on what is in it.
func checkSize(r *v2.Resource) error {
	size := proto.Size(r)
	if size <= maxResource {
		return nil
	}
	return errorf(codes.FailedPrecondition, "%s %.100q has %d bytes, of which the SDK carries %d: leave what is large out of its profile and login_aliases in the mapping",
		r.GetId().GetResourceType(), r.GetId().GetResource(), size, maxResource)
}

// warnOfLongIDs tells of a resource that is stored as it is and that the SDK will
// refuse to grant or revoke: a shortened id would be that of another resource.
func warnOfLongIDs(ctx context.Context, t *mapping.ResourceType, r *v2.Resource) {
	longest := len(r.GetId().GetResource())
	if longest < maxID/2 {
		return
	}
	for _, e := range t.Entitlements {
		if !e.ReadOnly {
			longest = max(longest, len(entitlementID(e, r.GetId())))
		}
	}
	if longest > maxID {
		ctxzap.Extract(ctx).Warn("an id is longer than the SDK takes in a grant or a revocation: it is synced, and cannot be granted or revoked",
			zap.String("resource_type", t.ID), zap.String("id", shorten(r.GetId().GetResource(), maxShown)), zap.Int("bytes", longest), zap.Int("limit", maxID))
	}
}

// resourceID returns the SDK's id of a resource: a public contract, see mapping.ID.
func resourceID(t *mapping.ResourceType, id mapping.ID) *v2.ResourceId {
	return v2.ResourceId_builder{ResourceType: t.ID, Resource: id.String()}.Build()
}

// rawID returns the parts of an id as the API knows them.
func rawID(id mapping.ID) string {
	for len(id) > 1 && id[0] == "" {
		id = id[1:]
	}
	return strings.Join(id, "/")
}

var statuses = map[mapping.Status]v2.Status_ResourceStatus{
	mapping.StatusEnabled:  v2.Status_RESOURCE_STATUS_ENABLED,
	mapping.StatusPending:  v2.Status_RESOURCE_STATUS_PENDING,
	mapping.StatusDisabled: v2.Status_RESOURCE_STATUS_DISABLED,
	mapping.StatusDeleted:  v2.Status_RESOURCE_STATUS_DELETED,
}

// statusOfResource returns a status with the API's word for it as the detail,
// where that says more. A word that the mapping does not know has no status.
func statusOfResource(r *mapping.Resource) *v2.Status {
	status := v2.Status_builder{Status: statuses[r.Status]}
	if string(r.Status) != r.StatusDetail {
		status.Details = clip(r.StatusDetail, maxDisplayName)
	}
	return status.Build()
}

// traitOf returns the annotation that the type's trait wants on a resource. It
// has only fields that the SDK still reads there.
func traitOf(t *mapping.ResourceType, r *mapping.Resource) []proto.Message {
	switch t.Trait {
	case mapping.TraitUser:
		return []proto.Message{userTrait(r.User)}
	case mapping.TraitGroup:
		return []proto.Message{&v2.GroupTrait{}}
	case mapping.TraitRole:
		return []proto.Message{&v2.RoleTrait{}}
	case mapping.TraitApp:
		return []proto.Message{&v2.AppTrait{}}
	case mapping.TraitNone:
	}
	return nil
}

func userTrait(u *mapping.User) *v2.UserTrait {
	trait := v2.UserTrait_builder{
		AccountType:  v2.UserTrait_ACCOUNT_TYPE_HUMAN,
		Login:        u.Login,
		LoginAliases: u.LoginAliases,
	}
	if u.Email != "" {
		trait.Emails = []*v2.UserTrait_Email{v2.UserTrait_Email_builder{Address: u.Email, IsPrimary: true}.Build()}
	}
	if !u.LastLogin.IsZero() {
		trait.LastLogin = timestamppb.New(u.LastLogin)
	}
	if u.MFA != nil {
		trait.MfaStatus = v2.UserTrait_MFAStatus_builder{MfaEnabled: *u.MFA}.Build()
	}
	if u.SSO != nil {
		trait.SsoStatus = v2.UserTrait_SSOStatus_builder{SsoEnabled: *u.SSO}.Build()
	}
	return trait.Build()
}

var purposes = map[mapping.Purpose]v2.Entitlement_PurposeValue{
	mapping.PurposeAssignment: v2.Entitlement_PURPOSE_VALUE_ASSIGNMENT,
	mapping.PurposePermission: v2.Entitlement_PURPOSE_VALUE_PERMISSION,
	mapping.PurposeOwnership:  v2.Entitlement_PURPOSE_VALUE_OWNERSHIP,
}

// newEntitlement makes the SDK's entitlement of one on a resource.
func (c *Connector) newEntitlement(e *mapping.Entitlement, on *v2.ResourceId, name keptEntitlement) *v2.Entitlement {
	out := v2.Entitlement_builder{
		Id:          entitlementID(e, on),
		Resource:    v2.Resource_builder{Id: on}.Build(),
		DisplayName: clip(name.Name, maxDisplayName),
		Description: clip(name.Description, maxDescription),
		Slug:        e.Slug,
		Purpose:     purposes[e.Purpose],
	}
	for _, t := range e.GrantableTo {
		out.GrantableTo = append(out.GrantableTo, v2.ResourceType_builder{Id: t.ID, DisplayName: t.DisplayName}.Build())
	}
	if e.ReadOnly {
		out.Annotations = annotations.New(&v2.EntitlementImmutable{})
	}
	return out.Build()
}

// entitlementID has the SDK's form, which is a public contract of its own.
func entitlementID(e *mapping.Entitlement, on *v2.ResourceId) string {
	return on.GetResourceType() + ":" + on.GetResource() + ":" + e.Slug
}

// newGrant makes the SDK's grant of what a rule says. The principal is a bare
// id: the SDK has the rest.
func (c *Connector) newGrant(rule *mapping.GrantRule, on, principal *v2.ResourceId) *v2.Grant {
	id := entitlementID(rule.Entitlement, on)
	var annos annotations.Annotations
	if rule.Entitlement.ReadOnly {
		annos.Append(&v2.GrantImmutable{})
	}
	if c.options.Expand && rule.Expand != nil {
		expandable := &v2.GrantExpandable{EntitlementIds: []string{entitlementID(rule.Expand, principal)}, Shallow: true}
		for _, t := range rule.Expand.GrantableTo {
			expandable.ResourceTypeIds = append(expandable.ResourceTypeIds, t.ID)
		}
		annos.Append(expandable)
	}
	return v2.Grant_builder{
		Id:        id + ":" + principal.GetResourceType() + ":" + principal.GetResource(),
		Principal: v2.Resource_builder{Id: principal}.Build(),
		Entitlement: v2.Entitlement_builder{
			Id:       id,
			Resource: v2.Resource_builder{Id: on}.Build(),
		}.Build(),
		Annotations: annos,
	}.Build()
}
