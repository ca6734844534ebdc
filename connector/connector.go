// Package connector runs a mapping on the Baton SDK: it calls the operations
// that a [mapping.Plan] names, makes resources, entitlements and grants of the
// records they return, grants and revokes, creates accounts, deletes resources and
// runs actions. It knows nothing of any particular API.
//
//	plan, err := mapping.Load("descope.yaml", src, environment)
//	c, err := connector.New(ctx, connector.Options{
//		Name: "baton-descope", Plan: plan, BaseURL: "https://api.descope.com", Token: key,
//	})
//	server, err := connector.NewServer(ctx, c)
//
// Three ideas carry it. Every record is read once for each sync: what later
// phases need of a paged record is kept in the SDK's session store (cache.go), and
// lists that come in one reply stay in memory for the sync (sync.go). Nothing
// depends on this cache: whatever is missing is read again. And an error never
// looks like an empty list: a list proves that it is complete (package paging), or the sync
// fails.
package connector

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// Options say what to run and on what.
type Options struct {
	// Name starts the connector's errors and its user agent.
	Name    string
	Version string
	Plan    *mapping.Plan

	// BaseURL is the API's, and Token the bearer token that it takes. Without a
	// BaseURL the connector describes itself and calls nothing.
	BaseURL string
	Token   string
	// Expand marks the grants that the mapping calls expandable as such, so
	// that holders of the one entitlement are shown to hold the other.
	Expand bool
	// WillSync reports whether a resource type takes part in the sync; nil for all.
	WillSync func(resourceTypeID string) bool

	// Impatient reports that a person waits: when the API is unreachable, validate, grant
	// and revoke fail after the transport's retries, without those of the SDK, which
	// take minutes. Errors are shown at the end of the run, and are not in
	// its log.
	Impatient bool
	// Sequential sends one request at a time and reads nothing ahead, so that
	// requests come in the same order each time.
	Sequential bool
	// Base sends the requests in the end; nil for a transport of the connector's own.
	Base http.RoundTripper
	// Dangling is called with every grant that a sync leaves out; nil for nobody. A
	// record that is read twice is reported twice.
	Dangling func(Dangling)
	// Progress receives the progress of a sync; nil for none.
	Progress Progress
}

// Connector runs a mapping.
type Connector struct {
	options   Options
	plan      *mapping.Plan
	transport *transport.Transport
	conn      api.Connection
	syncs     syncs
	own       ownWrites
}

// New returns a connector. It calls nothing.
func New(ctx context.Context, o Options) (*Connector, error) {
	c := &Connector{options: o, plan: o.Plan}
	if o.BaseURL == "" {
		return c, nil
	}
	inFlight := o.Plan.ParallelRequests
	if o.Sequential {
		inFlight = 1
	}
	var waiting func(transport.Wait)
	if o.Progress != nil {
		waiting = func(w transport.Wait) { o.Progress.Wait(w.Until, reasonOf(o.Plan, w)) }
	}
	t, err := transport.New(ctx, transport.Options{
		Token:       o.Token,
		UserAgent:   strings.TrimSuffix(o.Name+"/"+o.Version, "/"),
		MaxInFlight: inFlight,
		PerMinute:   o.Plan.PerMinute,
		ReadError:   o.Plan.Errors.Read,
		Fails:       o.Plan.Errors.InSuccess,
		Waiting:     waiting,
		Quiet:       o.Impatient,
		Base:        o.Base,
	})
	if err != nil {
		return nil, c.wrap(err)
	}
	c.transport, c.conn = t, api.NewConnection(o.BaseURL, t)
	return c, nil
}

// Metadata describes the connector.
func (c *Connector) Metadata(context.Context) (*v2.ConnectorMetadata, error) {
	return v2.ConnectorMetadata_builder{
		DisplayName:           c.plan.DisplayName,
		Description:           c.plan.Description,
		HelpUrl:               c.plan.HelpURL,
		AccountCreationSchema: accountSchema(c.plan),
	}.Build(), nil
}

// Validate proves that the token can list every resource type, with one small
// request for each, and names all that it cannot.
func (c *Connector) Validate(ctx context.Context) (annotations.Annotations, error) {
	var errs []error
	ctx = context.WithValue(ctx, probing{}, true)
	for _, t := range c.plan.Types {
		if !c.willSync(t) {
			continue
		}
		if _, err := c.readPage(ctx, t, mapping.Position{}, 1); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			errs = append(errs, fmt.Errorf("cannot read %ss: %w", strings.ToLower(t.DisplayName), err))
			if code := status.Code(err); code == codes.Unauthenticated || code == codes.Unavailable || code == codes.DeadlineExceeded || transport.IsUnmet(err) {
				break // The others would say the same.
			}
		}
	}
	if len(errs) == 0 {
		return nil, nil
	}
	return nil, c.wrapLast(statusOf(errs))
}

// probing marks the context of requests whose replies are not used.
type probing struct{}

// statusOf joins errors under the gRPC code of the first; one that another try
// does not help goes before one that it may help.
func statusOf(errs []error) error {
	code := status.Code(errs[0])
	for _, err := range errs {
		if retryable := code == codes.Unavailable || code == codes.DeadlineExceeded; retryable {
			code = status.Code(err)
		}
	}
	return &codedError{code: code, err: errors.Join(errs...)}
}

// codedError is an error with a gRPC code of its own.
type codedError struct {
	code codes.Code
	err  error
}

func (e *codedError) Error() string { return strings.ReplaceAll(e.err.Error(), "\n", "; ") }

func (e *codedError) Unwrap() error { return e.err }

func (e *codedError) GRPCStatus() *status.Status { return status.New(e.code, e.Error()) }

// errorf returns an error with a gRPC code.
func errorf(code codes.Code, format string, args ...any) error {
	return &codedError{code: code, err: fmt.Errorf(format, args...)}
}

// wrap puts the connector's name before an error that leaves it. The error of
// a context that is over goes as it is: the SDK looks for it.
func (c *Connector) wrap(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: %w", c.options.Name, err)
}

// wrapLast is wrap for an error that the SDK would try again after, though somebody
// waits.
func (c *Connector) wrapLast(err error) error {
	wrapped := c.wrap(err)
	if c.options.Impatient && transport.IsUnmet(err) {
		return &final{wrapped}
	}
	return wrapped
}

// final is an error that the SDK does not try again after, whatever its code.
type final struct{ error }

func (f *final) Unwrap() error { return f.error }

// GRPCStatus is not the error's own: see [answered].
func (f *final) GRPCStatus() *status.Status { return status.New(codes.FailedPrecondition, f.Error()) }

// answered gives an error that was final its own code back.
func answered[Reply any](reply Reply, err error) (Reply, error) {
	if f, ok := errors.AsType[*final](err); ok {
		err = f.error
	}
	return reply, err
}

// Each set of methods that a syncer may have is a type, named in the next line.
//go:generate go run shapegen.go getter provisioner deleter creator

// ResourceSyncers returns one syncer for each resource type of the mapping.
// What a syncer implements is what the SDK reports as the type's capabilities.
func (c *Connector) ResourceSyncers(context.Context) []connectorbuilder.ResourceSyncerV2 {
	var all []connectorbuilder.ResourceSyncerV2
	for _, t := range c.plan.Types {
		s := &syncer{Connector: c, typ: t}
		var can methodSets
		if t.Get != nil || t.Unpaged() {
			can.getter = &getter{s}
		}
		if provisionable(t) {
			can.provisioner = &provisioner{c}
		}
		if t.Delete != nil {
			can.deleter = &deleter{s}
		}
		if t.Account != nil {
			can.creator = &creator{c, t}
		}
		all = append(all, s.with(can))
	}
	return all
}

func provisionable(t *mapping.ResourceType) bool {
	for _, e := range t.Entitlements {
		if !e.ReadOnly {
			return true
		}
	}
	return false
}

func (c *Connector) willSync(t *mapping.ResourceType) bool {
	return c.options.WillSync == nil || c.options.WillSync(t.ID)
}

// call calls an operation that reads.
func (c *Connector) call(ctx context.Context, op *api.Operation, request any) (any, error) {
	return c.callOn(ctx, c.conn, op, transport.Call{Reads: true}, request)
}

// write calls an operation that changes something, within a time.
func (c *Connector) write(ctx context.Context, op *api.Operation, within time.Duration, request any) (any, error) {
	return c.writeSecret(ctx, op, within, request, "")
}

// writeSecret is write with a secret in the request, which no log and error shows.
func (c *Connector) writeSecret(ctx context.Context, op *api.Operation, within time.Duration, request any, secret string) (any, error) {
	return c.callOn(ctx, c.conn, op, transport.Call{Within: within, Secret: secret}, request)
}

// callOn is call on a connection other than the connector's own.
func (c *Connector) callOn(ctx context.Context, conn api.Connection, op *api.Operation, call transport.Call, request any) (any, error) {
	if c.transport == nil {
		return nil, errorf(codes.FailedPrecondition, "%s: no base URL is configured", op.Name)
	}
	call.Operation, call.Probes = op.Name, ctx.Value(probing{}) != nil
	ctx = transport.WithCall(ctx, call)
	reply, err := op.Call(ctx, conn, request)
	if odd, ok := errors.AsType[*api.ReplyError](err); ok && len(odd.Misfits) > 0 {
		err = c.plan.CheckReply(op, reply, odd.Misfits)
	}
	if err != nil {
		return nil, c.transport.ErrorOf(call, err)
	}
	return reply, nil
}
