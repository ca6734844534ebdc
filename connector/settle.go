package connector

import (
	"context"
	"fmt"
	"time"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// subject is one resource that something is done with.
type subject struct {
	*Connector
	typ *mapping.ResourceType
	id  mapping.ID
}

// String names the resource in messages.
func (s *subject) String() string { return fmt.Sprintf("%s %q", s.typ.ID, s.id) }

// read reads the resource's record, without a cache; false when there is none.
func (s *subject) read(ctx context.Context) (mapping.Record, bool, error) {
	return s.alone(s.typ).find(ctx, s.id)
}

// attempt is a write on a resource and what shows whether it was done: by reading, since
// answers get lost, and since errors do not say what the present state is.
type attempt struct {
	call    *mapping.Call
	request any
	// done reads whether the resource is as the write is to leave it; nil when nothing
	// shows that, so that what is unclear remains so.
	done func(context.Context) (bool, error)
}

// send sends a write, again where nobody answered and reading shows that it was not
// done. The reply is nil when reading showed that it was.
func (s *subject) send(ctx context.Context, a attempt, within time.Duration) (any, error) {
	start := time.Now()
	for try := 1; ; try++ {
		reply, err := s.write(ctx, a.call.Operation, max(within-time.Since(start), time.Second), a.request)
		switch {
		case err == nil:
			return reply, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case a.done == nil, !transport.IsRefusal(err) && !transport.IsUnclear(err) && !transport.IsNotFound(err):
			return nil, s.failed(err)
		}
		done, readErr := a.done(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case readErr != nil:
			return nil, s.failed(fmt.Errorf("%w; reading the present state failed as well: %w", err, readErr))
		case done:
			ctxzap.Extract(ctx).Info("a write was answered with an error or not at all; reading shows that it is done", zap.String("operation", a.call.Operation.Name), zap.Error(err))
			return nil, nil
		}
		wait := time.Duration(try) * pauseBetween
		if !transport.IsUnanswered(err) || time.Since(start)+wait >= within {
			return nil, s.failed(err)
		}
		if err := pause(ctx, wait); err != nil {
			return nil, err
		}
	}
}

func (s *subject) failed(err error) error {
	return failedWrite("", err, "; it may have been done all the same: a sync shows it")
}

// failedWrite is the error of a write that failed for good, of what it was to do; unclear
// is added when it may have been done. The SDK does not come back after its code: all that
// helps was tried.
func failedWrite(what string, err error, unclear string) error {
	code := status.Code(err)
	if code == codes.Unavailable || code == codes.DeadlineExceeded {
		code = codes.Aborted
	}
	if !transport.IsUnclear(err) {
		unclear = ""
	}
	return errorf(code, "%s%w%s", what, err, unclear)
}
