//go:build linux

package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/conductorone/baton-descope/internal/harness"
)

// conductorOne stands in for ConductorOne: it hands out one task, a full sync, and
// takes the file.
type conductorOne struct {
	v1.UnimplementedBatonServiceServer
	host     string // as a connector finds it
	roots    string // the file with its certificate
	tasks    chan *v1.Task
	uploads  chan []byte
	finished chan *v1.BatonServiceFinishTaskRequest
}

func newConductorOne(t *testing.T) *conductorOne {
	t.Helper()
	c := &conductorOne{
		tasks:    make(chan *v1.Task, 1),
		uploads:  make(chan []byte, 1),
		finished: make(chan *v1.BatonServiceFinishTaskRequest, 1),
	}
	c.tasks <- v1.Task_builder{Id: "full sync", SyncFull: &v1.Task_SyncFullTask{}}.Build()
	calls := grpc.NewServer()
	v1.RegisterBatonServiceServer(calls, c)
	c.host, c.roots = harness.ServeTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
			calls.ServeHTTP(w, r)
		case r.URL.Path == "/auth/v1/token":
			io.WriteString(w, `{"access_token":"token","token_type":"Bearer","expires_in":3600}`)
		default:
			http.NotFound(w, r)
		}
	}))
	return c
}

// environment is what a connector needs to find and trust it.
func (c *conductorOne) environment(t *testing.T) []string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := json.Marshal(map[string]string{
		"kty": "OKP", "crv": "Ed25519",
		"x": base64.RawURLEncoding.EncodeToString(public),
		"d": base64.RawURLEncoding.EncodeToString(private.Seed()),
	})
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"BATON_CLIENT_ID=test@" + c.host + "/connector",
		"BATON_CLIENT_SECRET=secret-token:conductorone.com:v1:" + base64.RawURLEncoding.EncodeToString(key),
		"SSL_CERT_FILE=" + c.roots,
	}
}

func (c *conductorOne) Hello(context.Context, *v1.BatonServiceHelloRequest) (*v1.BatonServiceHelloResponse, error) {
	return &v1.BatonServiceHelloResponse{}, nil
}

func (c *conductorOne) GetTask(context.Context, *v1.BatonServiceGetTaskRequest) (*v1.BatonServiceGetTaskResponse, error) {
	response := v1.BatonServiceGetTaskResponse_builder{NextPoll: durationpb.New(time.Second)}
	select {
	case response.Task = <-c.tasks:
	default:
	}
	return response.Build(), nil
}

func (c *conductorOne) Heartbeat(context.Context, *v1.BatonServiceHeartbeatRequest) (*v1.BatonServiceHeartbeatResponse, error) {
	return v1.BatonServiceHeartbeatResponse_builder{NextHeartbeat: durationpb.New(time.Minute)}.Build(), nil
}

func (c *conductorOne) UploadAsset(stream grpc.ClientStreamingServer[v1.BatonServiceUploadAssetRequest, v1.BatonServiceUploadAssetResponse]) error {
	var file []byte
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			c.uploads <- file
			return stream.SendAndClose(&v1.BatonServiceUploadAssetResponse{})
		}
		if err != nil {
			return err
		}
		file = append(file, part.GetData().GetData()...)
	}
}

func (c *conductorOne) FinishTask(_ context.Context, finish *v1.BatonServiceFinishTaskRequest) (*v1.BatonServiceFinishTaskResponse, error) {
	c.finished <- finish
	return &v1.BatonServiceFinishTaskResponse{}, nil
}
