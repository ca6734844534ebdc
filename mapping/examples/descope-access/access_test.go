// Package descopeaccess_test runs the shipped mapping with access keys and
// applications added, on the local Descope with the two operations added.
package descopeaccess_test

import (
	_ "embed"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/exampleapis/descopeaccess"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/mapping"
)

//go:embed access.yaml
var fragment []byte

// Replies to the two operations. The first key holds a role of the project, the
// second roles in two tenants: the tenant's own in one, the project's in the
// other, where no user has it. The third names a role that is not there.
const (
	keysReply = `{"keys": [
		{"id": "K2ci", "name": "CI", "status": "active", "createdTime": 1736154000, "expireTime": 1767690000, "boundUserId": "U2ann",
		 "roleNames": ["Member"], "keyTenants": [], "permittedIps": ["10.0.0.0/8"]},
		{"id": "K2sync", "name": "", "description": "Nightly", "status": "inactive", "createdTime": 1736154000, "expireTime": 0, "roleNames": [],
		 "keyTenants": [{"tenantId": "T2birch", "roleNames": ["Approver"]}, {"tenantId": "T2dune", "roleNames": ["Support/L2"]}]},
		{"id": "K2old", "name": "Old", "status": "active", "roleNames": ["Gone"]}
	]}`
	applicationsReply = `{"apps": [{"id": "descope-default-oidc", "name": "OIDC", "enabled": true, "appType": "oidc"}, {"id": "wiki", "name": "Wiki", "enabled": false, "appType": "saml"}]}`
)

// project is a local Descope with access keys and applications.
type project struct {
	*emulator.Server
	url string

	mu    sync.Mutex
	added map[string]int // requests of the two operations, by path
}

func start(t testing.TB) *project {
	t.Helper()
	p := &project{Server: emulator.New(emulator.Demo(), emulator.Options{}), added: map[string]int{}}
	mux := http.NewServeMux()
	for pattern, body := range map[string]string{
		"POST /v1/mgmt/accesskey/search": keysReply,
		"GET /v1/mgmt/sso/idp/apps/load": applicationsReply,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			p.mu.Lock()
			p.added[r.URL.Path]++
			p.mu.Unlock()
			if r.Header.Get("Authorization") != "Bearer "+p.token() {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, body) // The client is gone if this fails.
		})
	}
	mux.Handle("/", p.Server)
	listener := httptest.NewServer(mux)
	t.Cleanup(listener.Close)
	p.url = listener.URL
	return p
}

func (p *project) token() string { return p.ProjectID() + ":" + p.ManagementKey() }

// options are those of a connector that runs a mapping on the project.
func (p *project) options(t testing.TB, src []byte, operations api.Operations) connector.Options {
	t.Helper()
	plan, err := mapping.Load("descope.yaml", src, mapping.Environment{
		Operations: operations,
		Options:    map[string]any{"include-test-users": false},
	})
	if err != nil {
		t.Fatal(err)
	}
	return connector.Options{Name: "baton-descope", Plan: plan, BaseURL: p.url, Token: p.token()}
}

// extended are the options with the mapping that has access keys and applications.
func (p *project) extended(t testing.TB) connector.Options {
	t.Helper()
	return p.options(t, merged(t, mapping.Descope, fragment), descopeaccess.Operations)
}

// TestShippedSetsAndTheNewOnes holds that everything of the shipped mapping is
// there, unchanged, and besides it exactly what the keys and applications say.
func TestShippedSetsAndTheNewOnes(t *testing.T) {
	p := start(t)
	shipped := harness.Sync(t, p.options(t, mapping.Descope, descope.Operations))
	got := harness.Sync(t, p.extended(t))

	const dune = "role:T2dune/Support%2FL2"
	wantMore(t, "resources", shipped.Resources, got.Resources,
		"access_key:K2ci", "access_key:K2old", "access_key:K2sync",
		"application:descope-default-oidc", "application:wiki", dune)

	entitlements := []string{dune + ":assigned"}
	for id := range got.Resources {
		switch {
		case strings.HasPrefix(id, "tenant:"):
			entitlements = append(entitlements, id+":key_member")
		case strings.HasPrefix(id, "role:"):
			entitlements = append(entitlements, id+":key_assigned")
		}
	}
	wantMore(t, "entitlements", shipped.Entitlements, got.Entitlements, entitlements...)

	wantMore(t, "grants", shipped.Grants, got.Grants,
		"role:Member:key_assigned:access_key:K2ci",
		"role:T2birch/Approver:key_assigned:access_key:K2sync",
		dune+":key_assigned:access_key:K2sync",
		"tenant:T2birch:key_member:access_key:K2sync",
		"tenant:T2dune:key_member:access_key:K2sync",
		"permission:Impersonate:granted:"+dune,
		"permission:ticket:close:granted:"+dune,
		"permission:ticket:read:granted:"+dune,
		"permission:ticket:reply:granted:"+dune)
}

// wantMore wants everything as it was, and these besides.
func wantMore[T proto.Message](t *testing.T, what string, before, after map[string]T, more ...string) {
	t.Helper()
	for id, was := range before {
		if is, ok := after[id]; !ok || !proto.Equal(was, is) {
			t.Errorf("%s: %s was\n%v\nand is\n%v", what, id, was, is)
		}
	}
	slices.Sort(more)
	added := slices.DeleteFunc(slices.Sorted(maps.Keys(after)), func(id string) bool { _, ok := before[id]; return ok })
	if !slices.Equal(added, more) {
		t.Errorf("%s are added:\ngot  %q\nwant %q", what, added, more)
	}
}

func TestWhatIsKnownOfAKey(t *testing.T) {
	got := harness.Sync(t, start(t).extended(t))
	ci, nightly := got.Resources["access_key:K2ci"], got.Resources["access_key:K2sync"]
	if ci.GetDisplayName() != "CI" || ci.GetStatus().GetStatus() != v2.Status_RESOURCE_STATUS_ENABLED || ci.GetCreatedAt().GetSeconds() != 1736154000 {
		t.Error(ci)
	}
	if profile := ci.GetProfile().AsMap(); profile["expires"] != 1767690000.0 || profile["acts_for_user"] != "U2ann" {
		t.Error(profile)
	}
	if nightly.GetDisplayName() != "K2sync" || nightly.GetStatus().GetStatus() != v2.Status_RESOURCE_STATUS_DISABLED || nightly.HasProfile() {
		t.Error(nightly)
	}
	if wiki := got.Resources["application:wiki"]; wiki.GetStatus().GetStatus() != v2.Status_RESOURCE_STATUS_DISABLED {
		t.Error(wiki)
	}
	if dune := got.Resources["role:T2dune/Support%2FL2"]; dune.GetDisplayName() != "Support/L2 (Dune Travel)" || dune.GetParentResourceId().GetResource() != "T2dune" {
		t.Error(dune)
	}
}

// TestEachListIsReadOnce counts the requests of a sync, and one more of each
// list for the validation before it. The roles are read again: a user has one
// that is not listed.
func TestEachListIsReadOnce(t *testing.T) {
	p := start(t)
	harness.Sync(t, p.extended(t))
	if want := map[string]int{"/v1/mgmt/accesskey/search": 2, "/v1/mgmt/sso/idp/apps/load": 2}; !maps.Equal(p.added, want) {
		t.Errorf("requests: %v, want %v", p.added, want)
	}
	if want := map[string]int{"SearchUsers": 2, "LoadAllTenants": 2, "LoadAllRoles": 3, "LoadAllPermissions": 2}; !maps.Equal(p.Counts(), want) {
		t.Errorf("requests: %v, want %v", p.Counts(), want)
	}
}

// TestOneResourceTypeIsLeftOut syncs without users, and then without keys: what
// only they show is not there, and nothing refers to it.
func TestOneResourceTypeIsLeftOut(t *testing.T) {
	for leftOut, want := range map[string]bool{"user": true, "access_key": false} {
		o := start(t).extended(t)
		o.WillSync = func(id string) bool { return id != leftOut }
		var others []string
		for _, typ := range o.Plan.Types {
			if typ.ID != leftOut {
				others = append(others, typ.ID)
			}
		}
		got := harness.Sync(t, o, sdksync.WithSyncResourceTypes(others))
		if _, ok := got.Resources["role:T2dune/Support%2FL2"]; ok != want {
			t.Errorf("without %s the role that a key shows is there: %t", leftOut, ok)
		}
		if _, ok := got.Entitlements["role:T2dune/Support%2FL2:key_assigned"]; ok != want {
			t.Errorf("without %s its entitlement is there: %t", leftOut, ok)
		}
	}
}

func TestKeysAreReadOnly(t *testing.T) {
	client, _ := harness.Client(t, start(t).extended(t))
	resource := func(typeID, id string) *v2.Resource {
		return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: typeID, Resource: id}.Build()}.Build()
	}
	_, err := client.Grant(t.Context(), v2.GrantManagerServiceGrantRequest_builder{
		Entitlement: v2.Entitlement_builder{Id: "role:Member:key_assigned", Resource: resource("role", "Member")}.Build(),
		Principal:   resource("access_key", "K2sync"),
	}.Build())
	if err == nil || !strings.Contains(err.Error(), "role.key_assigned is read-only and cannot be granted or revoked here: An access key's roles are changed in Descope") {
		t.Error(err)
	}
}
