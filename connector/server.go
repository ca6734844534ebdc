package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-descope/mapping"
)

// sdkServer is what the SDK builds from a connector. It has more than the interface, since
// the SDK looks for these two methods with a type assertion.
type sdkServer interface {
	types.ConnectorServer
	GetCapabilities(ctx context.Context) (*v2.ConnectorCapabilities, error)
	Close(ctx context.Context) error
}

// NewServer returns the SDK's server of a connector. For the SDK, a type whose
// entitlements are all read-only has no provisioner, so that no missing capability is
// reported. This server answers for such a type, with an error that says where to make
// the change instead.
func NewServer(ctx context.Context, c *Connector, opts ...connectorbuilder.Opt) (types.ConnectorServer, error) {
	built, err := connectorbuilder.NewConnector(ctx, c, opts...)
	if err != nil {
		return nil, c.wrap(err)
	}
	inner, ok := built.(sdkServer)
	if !ok {
		return built, nil
	}
	return &server{sdkServer: inner, connector: c}, nil
}

type server struct {
	sdkServer
	connector *Connector
}

// Validate validates the connector. The SDK calls it at the start of each sync, so
// this is where the log gets the warnings of the mapping.
func (s *server) Validate(ctx context.Context, request *v2.ConnectorServiceValidateRequest) (*v2.ConnectorServiceValidateResponse, error) {
	s.connector.logMapping(ctx)
	return answered(s.sdkServer.Validate(ctx, request))
}

// logMapping logs the warnings of the mapping, and what it leaves out on purpose.
func (c *Connector) logMapping(ctx context.Context) {
	log := ctxzap.Extract(ctx)
	for _, w := range c.plan.Warnings {
		log.Warn("the mapping is probably wrong here", zap.String("place", w.Place()), zap.String("warning", w.What))
	}
	for _, t := range c.plan.Types {
		for _, l := range t.Lists() {
			for _, n := range l.Narrowed {
				log.Info("the mapping asks for a part of a list", zap.String("resource_type", t.ID), zap.String("operation", l.Operation.Name),
					zap.String("field", n.Field), zap.String("value", n.Value), zap.String("reason", n.Reason))
			}
		}
	}
}

// Cleanup is called at the end of a sync, and logs what the sync left out.
func (s *server) Cleanup(ctx context.Context, request *v2.ConnectorServiceCleanupRequest) (*v2.ConnectorServiceCleanupResponse, error) {
	ended := s.connector.syncs.end(request.GetActiveSyncId())
	ended.dangling.report(ctx, s.connector.options.Progress)
	ended.statuses.report(ctx)
	return s.sdkServer.Cleanup(ctx, request)
}

// Close cancels the requests in progress for syncs that did not end.
func (s *server) Close(ctx context.Context) error {
	s.connector.syncs.endAll()
	return s.sdkServer.Close(ctx)
}

// The SDK's statistics of a sync include the time that requests waited for rate limits.
// Only the connector knows it, so every answer of a list reports the wait. An error says
// when to retry (see [transport.Transport.Error]).

func (s *server) ListResources(ctx context.Context, request *v2.ResourcesServiceListResourcesRequest) (*v2.ResourcesServiceListResourcesResponse, error) {
	return answerWithWait(ctx, s.connector, s.sdkServer.ListResources, request)
}

func (s *server) GetResource(ctx context.Context, request *v2.ResourceGetterServiceGetResourceRequest) (*v2.ResourceGetterServiceGetResourceResponse, error) {
	return answerWithWait(ctx, s.connector, s.sdkServer.GetResource, request)
}

func (s *server) ListEntitlements(ctx context.Context, request *v2.EntitlementsServiceListEntitlementsRequest) (*v2.EntitlementsServiceListEntitlementsResponse, error) {
	return answerWithWait(ctx, s.connector, s.sdkServer.ListEntitlements, request)
}

func (s *server) ListGrants(ctx context.Context, request *v2.GrantsServiceListGrantsRequest) (*v2.GrantsServiceListGrantsResponse, error) {
	return answerWithWait(ctx, s.connector, s.sdkServer.ListGrants, request)
}

type annotated interface {
	GetAnnotations() []*anypb.Any
	SetAnnotations([]*anypb.Any)
}

func answerWithWait[Request any, Answer annotated](ctx context.Context, c *Connector, call func(context.Context, Request) (Answer, error), request Request) (Answer, error) {
	if c.transport == nil {
		return call(ctx, request)
	}
	before := c.transport.Waited()
	answer, err := call(ctx, request)
	if err != nil {
		return answer, err
	}
	annos := annotations.Annotations(answer.GetAnnotations())
	annos.WithRateLimitWaitReport((c.transport.Waited() - before).Milliseconds())
	answer.SetAnnotations(annos)
	return answer, nil
}

func (s *server) Grant(ctx context.Context, request *v2.GrantManagerServiceGrantRequest) (*v2.GrantManagerServiceGrantResponse, error) {
	if err := s.connector.refuseReadOnly(request.GetEntitlement()); err != nil {
		return nil, s.connector.wrap(err)
	}
	return answered(s.sdkServer.Grant(ctx, request))
}

func (s *server) Revoke(ctx context.Context, request *v2.GrantManagerServiceRevokeRequest) (*v2.GrantManagerServiceRevokeResponse, error) {
	if err := s.connector.refuseReadOnly(request.GetGrant().GetEntitlement()); err != nil {
		return nil, s.connector.wrap(err)
	}
	return answered(s.sdkServer.Revoke(ctx, request))
}

// CreateAccount creates an account.
func (s *server) CreateAccount(ctx context.Context, request *v2.CreateAccountRequest) (*v2.CreateAccountResponse, error) {
	if err := s.connector.refuseLostPassword(request); err != nil {
		return nil, s.connector.wrap(err)
	}
	return answered(s.sdkServer.CreateAccount(ctx, request))
}

// refuseReadOnly returns the error for an entitlement that cannot be granted or
// revoked; nil for any other.
func (c *Connector) refuseReadOnly(e *v2.Entitlement) error {
	target, err := c.entitlementOf(e)
	if err != nil || !target.ReadOnly {
		return nil //nolint:nilerr // The provisioner reports what it does not know.
	}
	return readOnlyError(target.Entitlement)
}

func readOnlyError(e *mapping.Entitlement) error {
	hint := ""
	if e.Hint != "" {
		hint = ": " + e.Hint
	}
	return errorf(codes.FailedPrecondition, "%s is read-only and cannot be granted or revoked here%s", e.Name(), hint)
}
