package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// getter reads one resource, for targeted syncs.
type getter struct{ s *syncer }

// Get returns the resource with an id.
func (g getter) Get(ctx context.Context, id, _ *v2.ResourceId) (*v2.Resource, annotations.Annotations, error) {
	s := g.s
	parsed, err := s.typ.ParseID(id.GetResource())
	if err != nil {
		return nil, nil, s.wrap(errorf(codes.InvalidArgument, "%w", err))
	}
	ts := s.alone(s.typ)
	record, ok, err := ts.find(ctx, parsed)
	if err != nil {
		return nil, nil, s.wrap(err)
	}
	if !ok {
		return nil, nil, s.wrap(errorf(codes.NotFound, "there is no %s %q%s", s.typ.ID, parsed, ts.lacking(ctx, parsed)))
	}
	r, err := ts.resource(ctx, parsed, record)
	return r, nil, s.wrap(err)
}

// lacking says which is missing of the two resources that one which other records show
// is made of: its parent, or the listed one that it is like. Nothing for other resources.
func (ts *typeSync) lacking(ctx context.Context, id mapping.ID) string {
	if len(ts.typ.Derivations) == 0 {
		return ""
	}
	list, err := ts.unpaged(ctx) // It was read to look for the resource.
	if err != nil {
		return ""
	}
	like := ts.typ.Derivations[0].Like(id)
	for _, also := range ts.typ.Derivations {
		r, ok := list.find(also.Like(id))
		if !ok {
			continue
		}
		if parentID, err := ts.typ.ParentID(id, r); err == nil && parentID != nil {
			return fmt.Sprintf(": there is no %s %q", ts.typ.Parent.ID, parentID)
		}
	}
	if like.String() == id.String() {
		return ""
	}
	return fmt.Sprintf(", and no %s %q that it could be", ts.typ.ID, like)
}

// find returns the record of the resource with an id, in the lists of a sync or
// by a call of its own; false when there is none.
func (ts *typeSync) find(ctx context.Context, id mapping.ID) (mapping.Record, bool, error) {
	switch {
	case ts.typ.Unpaged():
		list, err := ts.unpaged(ctx)
		if err != nil {
			return mapping.Record{}, false, err
		}
		r, err := ts.listedOrDerived(ctx, list, id)
		return r, r.Given(), err
	case ts.typ.Get != nil:
		return ts.get(ctx, ts.typ, id)
	}
	return mapping.Record{}, false, errorf(codes.Unimplemented, "a %s cannot be read on its own: the mapping has no get", ts.typ.ID)
}

// listedOrDerived returns the record of a listed resource, or of the one that a
// resource which other records show is like; none when there is neither.
func (ts *typeSync) listedOrDerived(ctx context.Context, list *unpagedList, id mapping.ID) (mapping.Record, error) {
	if r, ok := list.find(id); ok {
		return r, nil
	}
	like := mapping.Record{}
	for _, also := range ts.typ.Derivations {
		if r, ok := list.find(also.Like(id)); ok {
			like = r
			break
		}
	}
	if !like.Given() || ts.typ.Parent == nil || !ts.typ.Parent.Unpaged() {
		return like, nil
	}
	parentID, err := ts.typ.ParentID(id, like)
	if err != nil || parentID == nil {
		return like, err
	}
	parents, err := ts.of(ts.typ.Parent).unpaged(ctx)
	if err != nil {
		return mapping.Record{}, err
	}
	if _, ok := parents.find(parentID); !ok {
		return mapping.Record{}, nil
	}
	return like, nil
}

// get reads one record by its own operation.
func (c *Connector) get(ctx context.Context, t *mapping.ResourceType, id mapping.ID) (mapping.Record, bool, error) {
	request, err := t.Get.Request(id)
	if err != nil {
		return mapping.Record{}, false, errorf(codes.InvalidArgument, "%w", err)
	}
	reply, err := c.call(ctx, t.Get.Operation, request)
	switch {
	case transport.IsNotFound(err):
		return mapping.Record{}, false, nil
	case err != nil:
		return mapping.Record{}, false, err
	}
	record, ok := t.Get.Record(reply)
	if !ok {
		return mapping.Record{}, false, errorf(codes.Internal, "%s: the reply has no %s", t.Get.Operation.Name, t.ID)
	}
	own, err := t.IDOf(record)
	if err != nil {
		return mapping.Record{}, false, lacksID(err)
	}
	if own.String() != id.String() {
		return mapping.Record{}, false, errorf(codes.Internal, "%s: asked for the %s %q, the API answered with %q", t.Get.Operation.Name, t.ID, id, own)
	}
	return record, true, nil
}

// parentOf returns the record of a resource's parent, where its texts need it
// and the parent is listed.
func (ts *typeSync) parentOf(ctx context.Context, id mapping.ID, r mapping.Record) (mapping.Record, error) {
	if !ts.typ.NeedsParent {
		return mapping.Record{}, nil
	}
	parentID, err := ts.typ.ParentID(id, r)
	if err != nil {
		return mapping.Record{}, lacksID(err)
	}
	if parentID == nil {
		return mapping.Record{}, nil
	}
	list, err := ts.of(ts.typ.Parent).unpaged(ctx)
	if err != nil {
		return mapping.Record{}, fmt.Errorf("the parent of %s %q: %w", ts.typ.ID, id, err)
	}
	parent, _ := list.find(parentID)
	return parent, nil
}

// lacksID is the error of a record that does not say what an id needs. An error
// that came from elsewhere keeps its code.
func lacksID(err error) error {
	var coded interface{ GRPCStatus() *status.Status }
	if err == nil || errors.As(err, &coded) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errorf(codes.FailedPrecondition, "%w", err)
}

// resource makes the SDK's resource of a record.
func (ts *typeSync) resource(ctx context.Context, id mapping.ID, r mapping.Record) (*v2.Resource, error) {
	parent, err := ts.parentOf(ctx, id, r)
	if err != nil {
		return nil, err
	}
	mapped, err := ts.typ.Resource(id, r, parent)
	if err != nil {
		return nil, errorf(codes.FailedPrecondition, "%w", err)
	}
	ts.state.statuses.add(ts.typ, mapped)
	parentID, err := ts.typ.ParentID(id, r)
	if err != nil {
		return nil, errorf(codes.FailedPrecondition, "%w", err)
	}
	out := v2.Resource_builder{
		Id:          resourceID(ts.typ, id),
		DisplayName: displayName(mapped.Name, id),
		Description: clip(mapped.Description, maxDescription),
		Annotations: annotations.New(append(traitOf(ts.typ, mapped), &v2.RawId{Id: rawID(id)})...),
	}
	texts := textBytes(mapped.User)
	if parentID != nil {
		out.ParentResourceId = resourceID(ts.typ.Parent, parentID)
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
			return nil, errorf(codes.Internal, "profile of %s %q: %w", ts.typ.ID, id, err)
		}
	}
	built := out.Build()
	warnOfLongIDs(ctx, ts.typ, built)
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

// warnOfLongIDs warns of a resource that is stored as it is and that the SDK will
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
		trait := userTrait(r.User)
		if r.StatusDetail != "" {
			status := statusOfResource(r)
			trait.SetStatus(v2.UserTrait_Status_builder{ //nolint:staticcheck // Readers still look for the resource's status here.
				Status: v2.UserTrait_Status_Status(status.GetStatus()), Details: status.GetDetails(),
			}.Build())
		}
		return []proto.Message{trait}
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
