// Package inprocess calls a connector's server in the same process, as the
// SDK's client would over gRPC.
package inprocess

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
)

// NewClient returns a client of the server.
func NewClient(ctx context.Context, server types.ConnectorServer) types.ConnectorClient {
	c := conn{}
	v2.RegisterConnectorServiceServer(c, server)
	v2.RegisterResourceTypesServiceServer(c, server)
	v2.RegisterResourcesServiceServer(c, server)
	v2.RegisterResourceGetterServiceServer(c, server)
	v2.RegisterEntitlementsServiceServer(c, server)
	v2.RegisterGrantsServiceServer(c, server)
	v2.RegisterGrantManagerServiceServer(c, server)
	return connectorclient.NewConnectorClient(ctx, c)
}

// conn is the methods of the registered services, by their full names.
type conn map[string]method

type method struct {
	service any
	desc    grpc.MethodDesc
}

// RegisterService makes a service known, as to a gRPC server.
func (c conn) RegisterService(desc *grpc.ServiceDesc, service any) {
	for _, m := range desc.Methods {
		c["/"+desc.ServiceName+"/"+m.MethodName] = method{service, m}
	}
}

// Invoke calls a method. Its errors are what a gRPC client would see: a code
// and a text.
func (c conn) Invoke(ctx context.Context, name string, args, reply any, _ ...grpc.CallOption) error {
	m, ok := c[name]
	if !ok {
		if strings.Contains(name, "RateLimiter") {
			return nil
		}
		return status.Errorf(codes.Unimplemented, "%s is not served", name)
	}
	request, ok := args.(proto.Message)
	into, ok2 := reply.(proto.Message)
	if !ok || !ok2 {
		return fmt.Errorf("%s: not protobuf messages", name)
	}
	result, err := m.desc.Handler(m.service, ctx, func(in any) error {
		proto.Merge(in.(proto.Message), request)
		return nil
	}, nil)
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return status.FromContextError(err).Err()
		}
		converted, _ := status.FromError(err)
		return converted.Err()
	}
	proto.Merge(into, result.(proto.Message))
	return nil
}

// NewStream is there for the interface; no service of a connector streams.
func (c conn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unimplemented, "streams are not served")
}
