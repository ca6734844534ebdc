package connector

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// provisioner grants and revokes: it reads the present state, writes, and verifies
// the change from the principal's record in the reply, or from one that it
// reads. What a look finds may be some seconds old, so it never takes the place of
// the write. The rules that yield grants in a sync are what it looks with, so the
// two cannot differ.
type provisioner struct{ c *Connector }

// Grant grants an entitlement to a principal. That it is held already is success,
// with an annotation.
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

// Revoke takes an entitlement from its principal. That it is not held any more, or
// that the principal is gone, is success, with an annotation.
func (p provisioner) Revoke(ctx context.Context, grant *v2.Grant) (annotations.Annotations, error) {
	ch, err := p.c.changeOf(grant.GetPrincipal().GetId(), grant.GetEntitlement())
	if err != nil {
		return nil, p.c.wrap(err)
	}
	granted := annotations.Annotations(grant.GetAnnotations())
	if granted.Contains(&v2.GrantImmutable{}) {
		return nil, p.c.wrap(errorf(codes.FailedPrecondition,
			"%s is held through something else and cannot be revoked on its own; revoke what it follows from", ch.what()))
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

// grant makes the grant. It reports whether it was there already.
func (ch *change) grant(ctx context.Context) (already bool, err error) {
	now, err := ch.look(ctx, ch.Grant)
	switch {
	case err != nil:
		return false, err
	case now.gone:
		return false, errorf(codes.FailedPrecondition, "%s: there is no %s %q", ch.what(), ch.holder.ID, ch.principalID)
	case !now.held:
		if err := ch.required(now.record); err != nil {
			return false, err
		}
	}
	return ch.write(ctx, ch.Grant, now, true)
}

// revoke makes the revocation. It reports whether the grant was gone already. There is
// no write for a principal that is gone: its id may mean somebody else to the API.
func (ch *change) revoke(ctx context.Context) (already bool, err error) {
	now, err := ch.look(ctx, ch.Revoke)
	if now.gone || err != nil {
		return now.gone, err
	}
	return ch.write(ctx, ch.Revoke, now, false)
}

// state is the present state of a grant.
type state struct {
	held bool
	// record is the principal's, where it was read; gone reports that there is none.
	record mapping.Record
	gone   bool
	// grants are what the record shows, or else holders who is in the list that was read.
	grants  holdings
	holders holderSet
}

// look reads the present state: the principal's record, or the list of holders, and
// then the record only if next, the write that follows, needs it; nil for none.
func (ch *change) look(ctx context.Context, next *mapping.Provision) (state, error) {
	var now state
	var err error
	if ch.Holders != nil {
		now.held, now.holders, err = ch.c.listed(ctx, ch.Entitlement, ch.onID, ch.principalID)
		needsRecord := next != nil && (next.NeedsRecord() || next.Requires != nil && !now.held)
		if err != nil || !needsRecord {
			return now, err
		}
	}
	var ok bool
	if now.record, ok, err = ch.read(ctx); err != nil || !ok {
		now.gone = !ok
		return now, err
	}
	if ch.Holders == nil {
		now.grants, err = ch.holdings(now.record)
		now.held = now.grants.has(ch.Entitlement, ch.onID)
	}
	return now, err
}

// read reads the principal's record, without a cache.
func (ch *change) read(ctx context.Context) (mapping.Record, bool, error) {
	if ch.holder.Get != nil {
		return ch.c.get(ctx, ch.holder, ch.principalID)
	}
	record, ok, err := ch.c.alone(ch.holder).find(ctx, ch.principalID)
	return record, ok, err
}

// required checks that the principal holds what the grant requires.
func (ch *change) required(r mapping.Record) error {
	requires := ch.Grant.Requires
	if requires == nil {
		return nil
	}
	on := requires.On(ch.onID)
	if on == nil {
		return nil
	}
	held, err := ch.holdings(r)
	if err != nil || held.has(requires.Entitlement, on) {
		return err
	}
	return errorf(codes.FailedPrecondition, "%s: the %s does not hold %s on %q; grant %q first",
		ch.what(), ch.holder.ID, requires.Entitlement.Name(), on, entitlementID(requires.Entitlement, resourceID(requires.Entitlement.On, on)))
}

// How long a change takes at most.
const (
	// writing is how long writes are tried, from the first on.
	writing = 30 * time.Second
	// lag is how long reads may lag behind a write that succeeded.
	lag = 6 * time.Second
	// pauseBetween is how long it waits between two writes or reads, times their number.
	pauseBetween = time.Second
)

// write calls the operation and verifies the result. It reports whether that was so
// before: the look before the write says so, or the API refuses to do what the look
// after the write finds done.
func (ch *change) write(ctx context.Context, p *mapping.Provision, before state, want bool) (already bool, err error) {
	request, err := p.Request(ch.principalID, ch.onID, before.record)
	if err != nil {
		return false, errorf(codes.InvalidArgument, "%s: %w", ch.what(), err)
	}
	if before.held == want && p.OnlyIfNeeded {
		return true, nil
	}
	ch.c.own.add(ch, p, want)
	start := time.Now()
	for try := 1; ; try++ {
		reply, err := ch.c.write(ctx, p.Operation, max(writing-time.Since(start), time.Second), request)
		if ctx.Err() != nil {
			return false, ctx.Err()
		}
		if err == nil {
			return before.held == want, ch.confirm(ctx, p, reply, before, want)
		}
		if !transport.IsRefusal(err) && !transport.IsUnclear(err) {
			return false, ch.failed(err)
		}
		now, lookErr := ch.look(ctx, nil)
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case lookErr != nil:
			return false, ch.failed(fmt.Errorf("%w; reading the present state failed as well: %w", err, lookErr))
		case now.held == want && transport.IsRefusal(err):
			return true, nil
		case now.held == want && before.held != want:
			ctxzap.Extract(ctx).Info("the answer to a write was lost; reading shows that it was done", zap.String("operation", p.Operation.Name), zap.Error(err))
			return false, ch.onlyChange(ctx, p, before, now, false)
		}
		wait := time.Duration(try) * pauseBetween
		if !transport.IsUnanswered(err) || time.Since(start)+wait >= writing {
			return false, ch.failed(err)
		}
		if err := pause(ctx, wait); err != nil {
			return false, err
		}
	}
}

func (ch *change) failed(err error) error {
	return failedWrite(ch.what()+": ", err, "; the change may have been made: a sync shows it, and doing it again does no harm")
}

// confirm verifies that a successful write has made the change, and no other: by the
// principal's record in the reply, or else by reading, which may lag behind.
func (ch *change) confirm(ctx context.Context, p *mapping.Provision, reply any, before state, want bool) error {
	now, shown, err := ch.shownBy(p, reply, before)
	if err != nil {
		return fmt.Errorf("%s: %w", ch.what(), err)
	}
	start, replied := time.Now(), shown
	for try := 1; !shown; try++ {
		now, err = ch.look(ctx, nil)
		if err != nil {
			return fmt.Errorf("%s: %s reported success, but reading it back failed: %w", ch.what(), p.Operation.Name, err)
		}
		if now.held == want || time.Since(start) >= lag {
			break
		}
		if err := pause(ctx, time.Duration(try)*pauseBetween); err != nil {
			return err
		}
	}
	switch {
	case now.held == want:
		return ch.onlyChange(ctx, p, before, now, replied)
	case now.gone:
		return errorf(codes.FailedPrecondition, "%s: there is no %s %q any more", ch.what(), ch.holder.ID, ch.principalID)
	}
	return errorf(codes.Internal, "%s: %s reported success, but the change is not visible", ch.what(), p.Operation.Name)
}

// shownBy returns what the reply to a write shows, if it shows whether the entitlement
// is held and what else has changed. The record of somebody else in it is an error.
func (ch *change) shownBy(p *mapping.Provision, reply any, before state) (now state, shown bool, err error) {
	record, ok := p.Record(reply)
	if !ok {
		return state{}, false, nil
	}
	id, err := ch.holder.IDOf(record)
	if err != nil {
		return state{}, false, nil //nolint:nilerr // A record that names nobody shows nothing.
	}
	if id.String() != ch.principalID.String() {
		return state{}, false, errorf(codes.Internal,
			"%s answered with the %s %q: the change may have been made to %q, and not to %q; look at both, and undo what is wrong",
			p.Operation.Name, ch.holder.ID, id, id, ch.principalID)
	}
	if ch.Holders != nil {
		return state{}, false, nil
	}
	now.record = record
	if now.grants, err = ch.holdings(record); err != nil {
		return state{}, false, err
	}
	now.held = now.grants.has(ch.Entitlement, ch.onID)
	shown = now.held || ch.conclusive(record, ch.Entitlement, ch.onID)
	for h, on := range ch.effect(p, before, now).lost {
		shown = shown && ch.conclusive(record, h.entitlement, on)
	}
	return now, shown, nil
}

// conclusive reports whether a record that does not show an entitlement on a resource
// shows that it is not held.
func (ch *change) conclusive(record mapping.Record, e *mapping.Entitlement, on mapping.ID) bool {
	return !slices.ContainsFunc(ch.holder.Grants, func(rule *mapping.GrantRule) bool {
		return rule.Entitlement == e && !rule.Conclusive(record, on)
	})
}

// pause waits, unless the context is over before.
func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// principal names the principal: TYPE:ID.
func (ch *change) principal() string { return ch.holder.ID + ":" + ch.principalID.String() }

// what names the grant in messages.
func (ch *change) what() string {
	return fmt.Sprintf("%s on %q for %s %q", ch.Name(), ch.onID, ch.holder.ID, ch.principalID)
}
