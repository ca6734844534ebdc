package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// repeating is a server whose failed answers are requested once more, as the SDK does
// after some errors.
type repeating struct {
	types.ConnectorServer
	failed int
}

func (r *repeating) ListGrants(ctx context.Context, request *v2.GrantsServiceListGrantsRequest) (*v2.GrantsServiceListGrantsResponse, error) {
	answer, err := r.ConnectorServer.ListGrants(ctx, request)
	if err == nil {
		return answer, nil
	}
	r.failed++
	return r.ConnectorServer.ListGrants(ctx, request)
}

// An answer that failed in the middle of a list of holders is complete when it is
// requested again.
func TestRepeatedAnswerIsComplete(t *testing.T) {
	o := &organization{teams: []*team{{ID: 1, Name: "Big", Slug: "big"}}}
	for i := range 2500 {
		login := fmt.Sprintf("u%04d", i)
		o.members = append(o.members, &user{Login: login, ID: int64(i + 1), Type: "User"})
		o.teams[0].in = append(o.teams[0].in, membership{login, "member"})
	}
	fails := true
	o.fault = func(w http.ResponseWriter, r *http.Request) bool {
		if !fails || !strings.HasSuffix(r.URL.Path, "/teams/big/members") || r.URL.Query().Get("page") != "21" {
			return false
		}
		fails = false
		fail(w, http.StatusUnprocessableEntity, "Not now")
		return true
	}
	start(t, o)
	c, err := connector.New(t.Context(), options(t, o))
	if err != nil {
		t.Fatal(err)
	}
	session := &oneshot.Session{}
	server, err := connector.NewServer(t.Context(), c, connectorbuilder.WithSessionStore(session))
	if err != nil {
		t.Fatal(err)
	}
	again := &repeating{ConnectorServer: server}
	got, err := harness.TrySyncWith(t, t.Context(), oneshot.NewClient(t.Context(), again), session)
	if err != nil {
		t.Fatal(err)
	}
	if again.failed != 1 || len(got.Grants) != 2500 {
		t.Errorf("%d answers failed, %d grants", again.failed, len(got.Grants))
	}
}
