package connector

import (
	"context"
	"fmt"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// deleter deletes resources of a type. It looks first, and verifies afterwards that the
// resource is gone.
type deleter struct{ s *syncer }

// Delete deletes the resource with an id. That there is none is success, with an
// annotation.
func (d *deleter) Delete(ctx context.Context, id, _ *v2.ResourceId) (annotations.Annotations, error) {
	c := d.s.Connector
	of, err := c.subjectOf(d.s.typ, id)
	if err != nil {
		return nil, c.wrap(err)
	}
	already, err := (&deletion{of}).run(ctx)
	if err != nil {
		return nil, c.wrap(err)
	}
	var annos annotations.Annotations
	if already {
		annos.Append(&v2.ResourceDoesNotExist{})
	}
	return annos, nil
}

// subjectOf returns the resource of a type with an id of the SDK.
func (c *Connector) subjectOf(t *mapping.ResourceType, id *v2.ResourceId) (*subject, error) {
	if id.GetResourceType() != t.ID {
		return nil, errorf(codes.InvalidArgument, "a %s is expected, not the %s %q", t.ID, id.GetResourceType(), id.GetResource())
	}
	parsed, err := t.ParseID(id.GetResource())
	if err != nil {
		return nil, errorf(codes.InvalidArgument, "%w", err)
	}
	return &subject{c, t, parsed}, nil
}

// deletion deletes one resource.
type deletion struct{ *subject }

// run deletes the resource. It reports whether there was none.
func (d *deletion) run(ctx context.Context) (already bool, err error) {
	gone, err := d.gone(ctx)
	if gone || err != nil {
		return gone, d.named(err)
	}
	request, err := d.typ.Delete.Request(mapping.Inputs{Resource: d.id})
	if err != nil {
		return false, errorf(codes.InvalidArgument, "%w", d.named(err))
	}
	reply, err := d.send(ctx, attempt{call: d.typ.Delete, request: request, done: d.gone}, writing)
	if err != nil || reply == nil {
		return false, d.named(err)
	}
	return false, d.named(d.confirm(ctx))
}

// gone reports whether there is no such resource.
func (d *deletion) gone(ctx context.Context) (bool, error) {
	_, there, err := d.read(ctx)
	return !there && err == nil, err
}

// confirm verifies by reading, which may lag behind, that the resource is gone.
func (d *deletion) confirm(ctx context.Context) error {
	name := d.typ.Delete.Operation.Name
	for try := 1; ; try++ {
		gone, err := d.gone(ctx)
		switch {
		case err != nil:
			return fmt.Errorf("%s reported success, but reading it back failed: %w", name, err)
		case gone:
			return nil
		case try == maxReads:
			return errorf(codes.Internal, "%s reported success, but it is still there", name)
		}
		if err := pause(ctx, time.Duration(try)*pauseBetween); err != nil {
			return err
		}
	}
}

// maxReads is how often a resource is read that should be gone.
const maxReads = 3

// named says in an error what was to be deleted.
func (d *deletion) named(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("deleting %s: %w", d.subject, err)
}
