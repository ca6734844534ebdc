package connector

import (
	"context"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"google.golang.org/protobuf/types/known/anypb"
)

// The SDK's statistics of a sync tell how long it was held up by limits. Only
// the connector knows, so every answer of a list says how much of its time
// requests were waiting for the API's leave. An error says when to come back
// (see [transport.Transport.Error]).

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
