package oneshot

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorclient"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/ugrpc"
	grpc_validator "github.com/grpc-ecosystem/go-grpc-middleware/validator"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Interceptor makes a call of the named method, such as "ListGrants", and returns the
// caller's result. Calls are concurrent.
type Interceptor func(ctx context.Context, method string, call func(context.Context) error) error

// NewClient returns a client that calls the server in this process, as the SDK's client
// does over gRPC. The first interceptor calls the next.
func NewClient(ctx context.Context, server types.ConnectorServer, interceptors ...Interceptor) types.ConnectorClient {
	c := conn{methods{}, interceptors}
	v2.RegisterConnectorServiceServer(c, server)
	v2.RegisterResourceTypesServiceServer(c, server)
	v2.RegisterResourcesServiceServer(c, server)
	v2.RegisterResourceGetterServiceServer(c, server)
	v2.RegisterEntitlementsServiceServer(c, server)
	v2.RegisterGrantsServiceServer(c, server)
	v2.RegisterGrantManagerServiceServer(c, server)
	v2.RegisterResourceManagerServiceServer(c, server)
	v2.RegisterActionServiceServer(c, server)
	v2.RegisterAccountManagerServiceServer(c, server)
	return connectorclient.NewConnectorClient(ctx, c)
}

// conn is a connection to services in this process.
type conn struct {
	methods      methods
	interceptors []Interceptor
}

// methods are those of the registered services, by their full names.
type methods map[string]method

type method struct {
	service any
	desc    grpc.MethodDesc
}

// RegisterService makes a service known, as to a gRPC server.
func (c conn) RegisterService(desc *grpc.ServiceDesc, service any) {
	for _, m := range desc.Methods {
		c.methods["/"+desc.ServiceName+"/"+m.MethodName] = method{service, m}
	}
}

// interceptor runs before every call, as in the SDK's server: it turns a panic into an
// error, and validates the request.
var interceptor = ugrpc.ChainUnaryInterceptors(ugrpc.RecoveryUnaryInterceptor(), grpc_validator.UnaryServerInterceptor())

// Invoke calls a method. Its errors have a gRPC code and a text, as over the network.
func (c conn) Invoke(ctx context.Context, name string, args, reply any, _ ...grpc.CallOption) error {
	call := func(ctx context.Context) error { return c.invoke(ctx, name, args, reply) }
	for _, intercept := range slices.Backward(c.interceptors) {
		inner := call
		call = func(ctx context.Context) error { return intercept(ctx, path.Base(name), inner) }
	}
	return call(ctx)
}

func (c conn) invoke(ctx context.Context, name string, args, reply any) error {
	m, ok := c.methods[name]
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
	}, interceptor)
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return status.FromContextError(err).Err()
		}
		converted, _ := status.FromError(err)
		return converted.Err()
	}
	hand(into.ProtoReflect(), result.(proto.Message).ProtoReflect())
	return nil
}

// hand moves the fields of a reply to another message of its type. It is a shallow copy:
// the server makes a new reply for each call.
func hand(into, answer protoreflect.Message) {
	answer.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		into.Set(field, value)
		return true
	})
}

// NewStream implements the interface; no service of a connector streams.
func (c conn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unimplemented, "streams are not served")
}
