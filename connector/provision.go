package connector

import (
	"context"
	"fmt"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// provisioner grants and revokes: it reads the principal and sees whether there
// is anything to do, writes, and makes sure from the principal's new record
// that it was done. The rules that yield grants in a sync are what it looks
// with, so the two cannot differ.
type provisioner struct{ c *Connector }

// Grant grants an entitlement to a principal. That it is held already is
// success, and nothing is written.
func (p provisioner) Grant(ctx context.Context, principal *v2.Resource, entitlement *v2.Entitlement) ([]*v2.Grant, annotations.Annotations, error) {
	ch, err := p.c.changeOf(principal.GetId(), entitlement)
	if err != nil {
		return nil, nil, p.c.wrap(err)
	}
	already, err := ch.grant(ctx)
	if err != nil {
		return nil, nil, p.c.wrapLast(err)
	}
	var annos annotations.Annotations
	if already {
		annos.Append(&v2.GrantAlreadyExists{})
	}
	return []*v2.Grant{p.c.newGrant(&mapping.GrantRule{Entitlement: ch.Entitlement}, resourceID(ch.On, ch.onID), principal.GetId())}, annos, nil
}

// Revoke takes an entitlement from its principal. That it is not held any more
// is success, and nothing is written.
func (p provisioner) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	ch, err := p.c.changeOf(grant.GetPrincipal().GetId(), grant.GetEntitlement())
	if err != nil {
		return nil, p.c.wrap(err)
	}
	granted := annotations.Annotations(grant.GetAnnotations())
	if granted.Contains(&v2.GrantImmutable{}) {
		return nil, p.c.wrap(errorf(codes.FailedPrecondition,
			"%s is held through something else and cannot be revoked by itself; revoke what it follows from", ch.what()))
	}
	already, err := ch.revoke(ctx)
	if err != nil {
		return nil, p.c.wrapLast(err)
	}
	var annos annotations.Annotations
	if already {
		annos.Append(&v2.GrantAlreadyRevoked{})
	}
	return annos, nil
}

// target is an entitlement on one resource.
type target struct {
	*mapping.Entitlement
	onID mapping.ID
}

// entitlementOf finds the mapping's entitlement of the SDK's. Only ids are
// looked at: the rest may be a stub.
func (c *Connector) entitlementOf(e *v2.Entitlement) (target, error) {
	rid := e.GetResource().GetId()
	t := c.plan.Type(rid.GetResourceType())
	if t == nil {
		return target{}, errorf(codes.InvalidArgument, "there is no resource type %q", rid.GetResourceType())
	}
	slug := strings.TrimPrefix(e.GetId(), rid.GetResourceType()+":"+rid.GetResource()+":")
	on := t.Entitlement(slug)
	if on == nil {
		return target{}, errorf(codes.InvalidArgument, "%q is not an entitlement of a %s", e.GetId(), t.ID)
	}
	id, err := t.ParseID(rid.GetResource())
	if err != nil {
		return target{}, errorf(codes.InvalidArgument, "%w", err)
	}
	return target{Entitlement: on, onID: id}, nil
}

// change is one grant or revocation.
type change struct {
	target
	c           *Connector
	holder      *mapping.ResourceType
	principalID mapping.ID
}

func (c *Connector) changeOf(principal *v2.ResourceId, entitlement *v2.Entitlement) (*change, error) {
	t, err := c.entitlementOf(entitlement)
	if err != nil {
		return nil, err
	}
	if t.ReadOnly {
		return nil, readOnlyError(t.Entitlement)
	}
	if !t.GrantableToType(principal.GetResourceType()) {
		return nil, errorf(codes.InvalidArgument, "%s cannot be held by a %s", t.Name(), principal.GetResourceType())
	}
	holder := c.plan.Type(principal.GetResourceType())
	id, err := holder.ParseID(principal.GetResource())
	if err != nil {
		return nil, errorf(codes.InvalidArgument, "%w", err)
	}
	return &change{target: t, c: c, holder: holder, principalID: id}, nil
}

// grant makes the grant. It tells whether it was there already.
func (ch *change) grant(ctx context.Context) (already bool, err error) {
	now, err := ch.look(ctx, ch.Grant.Requires != nil)
	switch {
	case now.held || err != nil:
		return now.held, err
	case now.gone:
		return false, errorf(codes.FailedPrecondition, "%s: there is no %s %q", ch.what(), ch.holder.ID, ch.principalID)
	}
	if err := ch.required(now.record); err != nil {
		return false, err
	}
	return false, ch.write(ctx, ch.Grant, true)
}

// revoke makes the revocation. It tells whether the grant was gone already.
func (ch *change) revoke(ctx context.Context) (already bool, err error) {
	now, err := ch.look(ctx, false)
	if !now.held || err != nil {
		return !now.held, err
	}
	return false, ch.write(ctx, ch.Revoke, false)
}

// state is how things are with a grant.
type state struct {
	held bool
	// record is the principal's, where it was read; gone tells that there is none.
	record mapping.Record
	gone   bool
}

// look sees how things are: in the principal's record, read afresh, or in the
// list of holders, and then the record only if it is needed besides.
func (ch *change) look(ctx context.Context, needRecord bool) (state, error) {
	var now state
	var err error
	if ch.Holders != nil {
		if now.held, err = ch.c.listed(ctx, ch.Entitlement, ch.onID, ch.principalID); err != nil || now.held || !needRecord {
			return now, err
		}
	}
	var ok bool
	if now.record, ok, err = ch.read(ctx); err != nil || !ok {
		now.gone = !ok
		return now, err
	}
	if ch.Holders == nil {
		now.held, err = ch.held(now.record, ch.Entitlement, ch.onID)
	}
	return now, err
}

// read reads the principal afresh.
func (ch *change) read(ctx context.Context) (mapping.Record, bool, error) {
	if ch.holder.Get != nil {
		return ch.c.get(ctx, ch.holder, ch.principalID)
	}
	record, ok, err := ch.c.alone(ch.holder).find(ctx, ch.principalID)
	return record, ok, err
}

// held tells whether a record says that an entitlement on a resource is held.
func (ch *change) held(r mapping.Record, e *mapping.Entitlement, on mapping.ID) (bool, error) {
	found := false
	err := holds(ch.holder, r, func(rule int, id mapping.ID) error {
		found = found || ch.holder.Grants[rule].Entitlement == e && id.String() == on.String()
		return nil
	})
	return found, err
}

// required makes sure that the principal holds what the grant presupposes.
func (ch *change) required(r mapping.Record) error {
	requires := ch.Grant.Requires
	if requires == nil {
		return nil
	}
	on := requires.On(ch.onID)
	if on == nil {
		return nil
	}
	held, err := ch.held(r, requires.Entitlement, on)
	if held || err != nil {
		return err
	}
	return errorf(codes.FailedPrecondition, "%s: the %s does not hold %s on %q; grant %q first",
		ch.what(), ch.holder.ID, requires.Entitlement.Name(), on, entitlementID(requires.Entitlement, resourceID(requires.Entitlement.On, on)))
}

// write calls the operation and makes sure that what it was called for came
// about. A write whose answer was lost is settled by reading.
func (ch *change) write(ctx context.Context, p *mapping.Provision, want bool) error {
	request, err := p.Request(ch.principalID, ch.onID)
	if err != nil {
		return errorf(codes.InvalidArgument, "%s: %w", ch.what(), err)
	}
	reply, writeErr := ch.c.call(ctx, p.Operation, false, request)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now, err := ch.after(ctx, p, reply, writeErr)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", ch.what(), firstOf(writeErr, err))
	case now.held == want && writeErr != nil:
		ctxzap.Extract(ctx).Info("the answer to a write was lost; reading shows that it was done", zap.String("operation", p.Operation.Name), zap.Error(writeErr))
		return nil
	case now.held == want:
		return nil
	case writeErr != nil:
		return fmt.Errorf("%s: %w", ch.what(), writeErr)
	case now.gone:
		return errorf(codes.FailedPrecondition, "%s: there is no %s %q any more", ch.what(), ch.holder.ID, ch.principalID)
	}
	return errorf(codes.Internal, "%s: %s answered with success, but reading does not show it", ch.what(), p.Operation.Name)
}

// after sees how things are after a write: in the record that it answered
// with, or else by reading.
func (ch *change) after(ctx context.Context, p *mapping.Provision, reply any, writeErr error) (state, error) {
	if writeErr == nil && ch.Holders == nil {
		if record, ok := p.Principal(reply); ok {
			held, err := ch.held(record, ch.Entitlement, ch.onID)
			return state{held: held, record: record}, err
		}
	}
	return ch.look(ctx, false)
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// what names the grant in messages.
func (ch *change) what() string {
	return fmt.Sprintf("%s on %q for %s %q", ch.Name(), ch.onID, ch.holder.ID, ch.principalID)
}
