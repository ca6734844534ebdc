package preview_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/preview"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

func workbench(t *testing.T, o secondapi.Options) connector.Options {
	t.Helper()
	server := secondapi.Start(t, secondapi.Demo(), o)
	plan, err := secondapi.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return connector.Options{Name: "baton-workbench", Plan: plan, BaseURL: server.URL, Token: secondapi.Token}
}

// A preview has what the SDK's syncer stores, and nothing else.
func TestPreviewIsWhatASyncStores(t *testing.T) {
	o := workbench(t, secondapi.Options{})
	got, err := preview.Sync(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	want := harness.Sync(t, o)
	if len(got.Resources) != len(want.Resources) || len(got.Entitlements) != len(want.Entitlements) || len(got.Grants) != len(want.Grants) {
		t.Errorf("%d resources, %d entitlements and %d grants; a sync stores %d, %d and %d", len(got.Resources), len(got.Entitlements), len(got.Grants),
			len(want.Resources), len(want.Entitlements), len(want.Grants))
	}
	for _, r := range got.Resources {
		if want.Resources[r.ID] == nil {
			t.Errorf("%s is not stored", r.ID)
		}
	}
	for _, e := range got.Entitlements {
		if want.Entitlements[e.ID] == nil {
			t.Errorf("%s is not stored", e.ID)
		}
	}
	for _, g := range got.Grants {
		if want.Grants[g.Entitlement+":"+g.Principal] == nil {
			t.Errorf("%v is not stored", g)
		}
	}
}

// The file of a sync is removed, and so is that of a sync that fails.
func TestNoFileIsLeft(t *testing.T) {
	for token, fails := range map[string]bool{secondapi.Token: false, "another": true} {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		o := workbench(t, secondapi.Options{})
		o.Token = token
		if _, err := preview.Sync(t.Context(), o); (err != nil) != fails {
			t.Errorf("with the token %q: %v", token, err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("with the token %q: %v, %v", token, left, err)
		}
	}
}

// The first error of the connector is the error of the sync, in its own words. The
// syncer would repeat the call without end.
func TestAnErrorEndsTheSync(t *testing.T) {
	o := workbench(t, secondapi.Options{})
	o.Base = roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if _, err := preview.Sync(ctx, o); err == nil || !strings.HasPrefix(err.Error(), "ListWorkspaces: no route") {
			t.Error(err)
		}
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPlain(t *testing.T) {
	for text, err := range map[string]error{
		"ListRoles: HTTP 403": status.Error(codes.PermissionDenied, "error: listing resources failed: baton-workbench: ListRoles: HTTP 403"),
		"something else":      errors.New("something else"),
	} {
		if got := preview.Plain("baton-workbench", err).Error(); got != text {
			t.Errorf("%q, want %q", got, text)
		}
	}
}

var no = false

var outcome = &preview.Outcome{
	Resources: []preview.Resource{
		{ID: "role:Editor", Name: "Editor\twith\na tab"},
		{
			ID: "user:U1", Name: "Ann", Parent: "tenant:T1", Status: "disabled (expired)", Login: "ann", LoginAliases: []string{"a", "b"},
			MFA: &no, Profile: map[string]any{"phone": "+1", "age": 3.0},
		},
	},
	Entitlements: []preview.Entitlement{{ID: "role:Editor:assigned", Name: "Editor assigned", Purpose: "assignment", GrantableTo: []string{"user"}, ReadOnly: true}},
	Grants:       []preview.Grant{{Entitlement: "role:Editor:assigned", Principal: "user:U1", Expands: []string{"group:G:member"}}},
	LeftOut:      []preview.LeftOut{{Entitlement: "role:<gone>:assigned", Principal: "user:U1", Reason: "there is no role:<gone>"}},
}

func TestTable(t *testing.T) {
	var b strings.Builder
	if err := preview.Table(&b, outcome); err != nil {
		t.Fatal(err)
	}
	want := `RESOURCES: 2

ID           NAME               PARENT     STATUS              MORE
role:Editor  Editor with a tab  -          -                   -
user:U1      Ann                tenant:T1  disabled (expired)  login=ann login_aliases=a,b mfa=false age=3 phone="+1"

ENTITLEMENTS: 1

ID                    NAME             FOR         HELD BY
role:Editor:assigned  Editor assigned  assignment  user (read-only)

GRANTS: 1

ENTITLEMENT           HELD BY  AND WHO HOLDS
role:Editor:assigned  user:U1  group:G:member

GRANTS LEFT OUT: 1

ENTITLEMENT           OF       WHY
role:<gone>:assigned  user:U1  there is no role:<gone>
`
	if b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}

func TestJSON(t *testing.T) {
	var b strings.Builder
	if err := preview.JSON(&b, outcome); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"id": "user:U1"`, `"status": "disabled (expired)"`, `"mfa": false`, `"read_only": true`, `"reason": "there is no role:<gone>"`} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is not in\n%s", want, b.String())
		}
	}
	b.Reset()
	if err := preview.JSON(&b, &preview.Outcome{}); err != nil || strings.Contains(b.String(), "null") {
		t.Errorf("nothing is %s, %v", b.String(), err)
	}
}
