package descope_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/mapping"
)

func entitlement(resourceType, resource, slug string) *v2.Entitlement {
	return v2.Entitlement_builder{
		Id:       resourceType + ":" + resource + ":" + slug,
		Slug:     slug,
		Resource: v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: resourceType, Resource: resource}.Build()}.Build(),
	}.Build()
}

func user(id string) *v2.Resource {
	return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: "user", Resource: id}.Build()}.Build()
}

func grant(t *testing.T, c types.ConnectorClient, e *v2.Entitlement, userID string) (*v2.GrantManagerServiceGrantResponse, error) {
	t.Helper()
	return c.Grant(t.Context(), v2.GrantManagerServiceGrantRequest_builder{Entitlement: e, Principal: user(userID)}.Build())
}

func revoke(t *testing.T, c types.ConnectorClient, e *v2.Entitlement, userID string) (*v2.GrantManagerServiceRevokeResponse, error) {
	t.Helper()
	g := v2.Grant_builder{Id: e.GetId() + ":user:" + userID, Entitlement: e, Principal: user(userID)}.Build()
	return c.Revoke(t.Context(), v2.GrantManagerServiceRevokeRequest_builder{Grant: g}.Build())
}

func has(annos []*anypb.Any, already *anypb.Any) bool {
	for _, a := range annos {
		if a.GetTypeUrl() == already.GetTypeUrl() {
			return true
		}
	}
	return false
}

// member is a user of company who belongs to T1 and T2.
func member() emulator.User {
	return emulator.User{UserID: "U1", LoginIDs: []string{"u1"}, Tenants: []emulator.Membership{{TenantID: "T1"}, {TenantID: "T2"}}}
}

func TestGrantAndRevoke(t *testing.T) {
	for name, test := range map[string]struct {
		entitlement *v2.Entitlement
		held        emulator.Assignment
		add, remove string
		body        string
	}{
		"a role of the project": {
			entitlement("role", "Viewer", "assigned"), emulator.Assignment{UserID: "U1", RoleName: "Viewer"},
			"AddUserRoles", "RemoveUserRoles", `{"loginId":"U1","roleNames":["Viewer"]}`,
		},
		"a tenant's own role": {
			entitlement("role", "T2/Local", "assigned"), emulator.Assignment{UserID: "U1", TenantID: "T2", RoleName: "Local"},
			"AddUserRoles", "RemoveUserRoles", `{"loginId":"U1","tenantId":"T2","roleNames":["Local"]}`,
		},
		"a role of the project, inside a tenant": {
			entitlement("role", "T2/Viewer", "assigned"), emulator.Assignment{UserID: "U1", TenantID: "T2", RoleName: "Viewer"},
			"AddUserRoles", "RemoveUserRoles", `{"loginId":"U1","tenantId":"T2","roleNames":["Viewer"]}`,
		},
		"a membership": {
			entitlement("tenant", "T3", "member"), emulator.Assignment{UserID: "U1", TenantID: "T3"},
			"AddUserTenant", "RemoveUserTenant", `{"loginId":"U1","tenantId":"T3"}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := emulatortest.Start(t, company(member()), emulator.Options{})
			c, _ := harness.Client(t, options(t, d))
			for i, step := range []struct {
				grant, already bool
			}{{true, false}, {true, true}, {false, false}, {false, true}, {true, false}} {
				d.ResetRequests()
				operation, annos := test.remove, []*anypb.Any(nil)
				alreadyThere, err := anypb.New(&v2.GrantAlreadyRevoked{})
				if err != nil {
					t.Fatal(err)
				}
				if step.grant {
					operation = test.add
					alreadyThere, _ = anypb.New(&v2.GrantAlreadyExists{})
					reply, err := grant(t, c, test.entitlement, "U1")
					if err != nil {
						t.Fatalf("step %d: %v", i, err)
					}
					if len(reply.GetGrants()) != 1 || reply.GetGrants()[0].GetId() != test.entitlement.GetId()+":user:U1" {
						t.Errorf("step %d: grants %v", i, reply.GetGrants())
					}
					annos = reply.GetAnnotations()
				} else {
					reply, err := revoke(t, c, test.entitlement, "U1")
					if err != nil {
						t.Fatalf("step %d: %v", i, err)
					}
					annos = reply.GetAnnotations()
				}
				if has(annos, alreadyThere) != step.already {
					t.Errorf("step %d: annotations %v", i, annos)
				}
				if got := d.Store().Assignments()[test.held]; got != step.grant {
					t.Errorf("step %d: held is %v", i, got)
				}
				checkWrites(t, d, operation, test.body)
			}
		})
	}
}

// checkWrites verifies that exactly one write with this body was sent.
func checkWrites(t *testing.T, d *emulatortest.Running, operation, body string) {
	t.Helper()
	var bodies []string
	for _, r := range d.Requests() {
		if r.Method == http.MethodPost {
			bodies = append(bodies, r.Operation+" "+string(r.Body))
		}
	}
	want := operation + " " + body
	if len(bodies) != 1 || !sameJSON(t, bodies[0], want) {
		t.Errorf("writes are %v, not %s", bodies, want)
	}
}

func sameJSON(t *testing.T, a, b string) bool {
	t.Helper()
	normal := func(s string) string {
		operation, body, _ := strings.Cut(s, " ")
		var v any
		if err := json.Unmarshal([]byte(body), &v); err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return operation + " " + string(out)
	}
	return normal(a) == normal(b)
}

func TestSameRoleNameInProjectAndTenant(t *testing.T) {
	u := member()
	u.RoleNames = []string{"Viewer"}
	u.Tenants[1].RoleNames = []string{"Viewer"}
	d := emulatortest.Start(t, company(u), emulator.Options{})
	c, _ := harness.Client(t, options(t, d))
	if _, err := revoke(t, c, entitlement("role", "T2/Viewer", "assigned"), "U1"); err != nil {
		t.Fatal(err)
	}
	held := d.Store().Assignments()
	if held[emulator.Assignment{UserID: "U1", TenantID: "T2", RoleName: "Viewer"}] || !held[emulator.Assignment{UserID: "U1", RoleName: "Viewer"}] {
		t.Errorf("held: %v", held)
	}
}

func TestRevokingMembershipRevokesItsRoles(t *testing.T) {
	u := member()
	u.Tenants[1].RoleNames = []string{"Viewer", "Local"}
	d := emulatortest.Start(t, company(u), emulator.Options{})
	c, _ := harness.Client(t, options(t, d))
	if _, err := revoke(t, c, entitlement("tenant", "T2", "member"), "U1"); err != nil {
		t.Fatal(err)
	}
	for held := range d.Store().Assignments() {
		if held.TenantID == "T2" {
			t.Errorf("still held: %v", held)
		}
	}
	reply, err := revoke(t, c, entitlement("role", "T2/Local", "assigned"), "U1")
	if err != nil {
		t.Fatal(err)
	}
	annos := annotations.Annotations(reply.GetAnnotations())
	if !annos.Contains(&v2.GrantAlreadyRevoked{}) {
		t.Errorf("annotations: %v", annos)
	}
}

func TestRefusedChanges(t *testing.T) {
	outsider := emulator.User{UserID: "U2"}
	for name, test := range map[string]struct {
		entitlement *v2.Entitlement
		user        string
		code        codes.Code
		says        []string
	}{
		"a tenant's role for someone who is not in the tenant": {
			entitlement("role", "T2/Viewer", "assigned"), "U2", codes.FailedPrecondition,
			[]string{"baton-descope: ", "tenant.member", `grant "tenant:T2:member" first`, `"U2"`},
		},
		"a permission": {
			entitlement("permission", "read", "granted"), "U1", codes.FailedPrecondition,
			[]string{"baton-descope: ", "read-only", "Authorization"},
		},
		"an unknown user":          {entitlement("role", "Viewer", "assigned"), "U9", codes.FailedPrecondition, []string{`no user "U9"`}},
		"an unknown role":          {entitlement("role", "Nope", "assigned"), "U1", codes.InvalidArgument, []string{"AddUserRoles", "Nope"}},
		"an unknown slug":          {entitlement("role", "Viewer", "owned"), "U1", codes.InvalidArgument, []string{`"role:Viewer:owned"`}},
		"an id that is not one":    {entitlement("role", "a/b/c", "assigned"), "U1", codes.InvalidArgument, []string{"a/b/c"}},
		"an unknown resource type": {entitlement("team", "x", "member"), "U1", codes.Unimplemented, []string{"team"}},
	} {
		t.Run(name, func(t *testing.T) {
			d := emulatortest.Start(t, company(member(), outsider), emulator.Options{})
			before := d.Store().Assignments()
			c, _ := harness.Client(t, options(t, d))
			_, err := grant(t, c, test.entitlement, test.user)
			if status.Code(err) != test.code {
				t.Errorf("%v: %v", status.Code(err), err)
			}
			for _, part := range test.says {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
			if after := d.Store().Assignments(); len(after) != len(before) {
				t.Errorf("held before %v, after %v", before, after)
			}
		})
	}
	t.Run("revoking a permission", func(t *testing.T) {
		d := emulatortest.Start(t, company(member()), emulator.Options{})
		c, _ := harness.Client(t, options(t, d))
		if _, err := revoke(t, c, entitlement("permission", "read", "granted"), "U1"); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "Authorization") {
			t.Error(err)
		}
	})
}

func TestRevokeFromDeletedUser(t *testing.T) {
	d := emulatortest.Start(t, company(), emulator.Options{})
	c, _ := harness.Client(t, options(t, d))
	reply, err := revoke(t, c, entitlement("role", "Viewer", "assigned"), "U1")
	if err != nil {
		t.Fatal(err)
	}
	annos := annotations.Annotations(reply.GetAnnotations())
	if !annos.Contains(&v2.GrantAlreadyRevoked{}) {
		t.Errorf("annotations: %v", annos)
	}
}

// TestLostReplyIsSettledByReading cuts the connection after the write was applied.
func TestLostReplyIsSettledByReading(t *testing.T) {
	d := emulatortest.Start(t, company(member()), emulator.Options{})
	d.Intercept(func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
		if operation != "AddUserRoles" {
			return false
		}
		d.Answer(discard{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	})
	c, _ := harness.Client(t, options(t, d))
	if _, err := grant(t, c, entitlement("role", "Viewer", "assigned"), "U1"); err != nil {
		t.Fatal(err)
	}
	if n := d.Count("AddUserRoles"); n != 1 {
		t.Errorf("written %d times", n)
	}
}

// discard is a reply that nobody receives.
type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

// TestReplyWithoutTheGrant: the API reports success and does nothing.
func TestReplyWithoutTheGrant(t *testing.T) {
	d := emulatortest.Start(t, company(member()), emulator.Options{})
	d.Intercept(func(operation string, _ int, w http.ResponseWriter, _ *http.Request) bool {
		if operation != "AddUserRoles" {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"user":{"userId":"U1"}}`))
		return true
	})
	c, _ := harness.Client(t, options(t, d))
	_, err := grant(t, c, entitlement("role", "Viewer", "assigned"), "U1")
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "is not visible") {
		t.Error(err)
	}
}

// TestReplyWithPartialRecord: such a reply proves nothing, so the record is read.
func TestReplyWithPartialRecord(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct{ record, says string }{
		"no list":                  {`{"userId":"U1"}`, "is not visible"},
		"a list that is null":      {`{"userId":"U1","roleNames":[],"userTenants":null}`, "is not visible"},
		"a tenant without its own": {`{"userId":"U1","roleNames":[],"userTenants":[{"tenantId":"T2"}]}`, "is not visible"},
		"no id":                    {`{"roleNames":[],"userTenants":[]}`, "the change may have been made"},
		"no record":                {`null`, "the change may have been made"},
	} {
		for _, done := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, done is %v", name, done), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					u := member()
					u.Tenants[1].RoleNames = []string{"Viewer"}
					d := emulatortest.StartInMemory(t, company(u), emulator.Options{})
					d.Intercept(func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
						if operation != "RemoveUserRoles" {
							return false
						}
						if done {
							d.Answer(discard{http.Header{}}, r)
						}
						w.Header().Set("Content-Type", "application/json")
						_, _ = w.Write([]byte(`{"user":` + answer.record + `}`))
						return true
					})
					c, _ := harness.Client(t, options(t, d))
					_, err := revoke(t, c, entitlement("role", "T2/Viewer", "assigned"), "U1")
					if done && err != nil || !done && (status.Code(err) != codes.Internal || !strings.Contains(err.Error(), answer.says)) {
						t.Error(err)
					}
				})
			})
		}
	}
}

func TestGet(t *testing.T) {
	u := member()
	u.Tenants[1].RoleNames = []string{"Viewer"}
	d := emulatortest.Start(t, company(u), emulator.Options{})
	synced := harness.Sync(t, options(t, d)).Resources
	c, _ := harness.Client(t, options(t, d))
	for id := range synced {
		resourceType, resource, _ := strings.Cut(id, ":")
		reply, err := c.GetResource(t.Context(), v2.ResourceGetterServiceGetResourceRequest_builder{
			ResourceId: v2.ResourceId_builder{ResourceType: resourceType, Resource: resource}.Build(),
		}.Build())
		if err != nil {
			t.Errorf("%s: %v", id, err)
			continue
		}
		if got := reply.GetResource(); got.GetDisplayName() != synced[id].GetDisplayName() || got.GetParentResourceId().GetResource() != synced[id].GetParentResourceId().GetResource() {
			t.Errorf("%s is %v, and %v in a sync", id, got, synced[id])
		}
	}
	for _, id := range []string{"user:U9", "role:T9/Viewer", "role:Nope", "tenant:T9"} {
		resourceType, resource, _ := strings.Cut(id, ":")
		_, err := c.GetResource(t.Context(), v2.ResourceGetterServiceGetResourceRequest_builder{
			ResourceId: v2.ResourceId_builder{ResourceType: resourceType, Resource: resource}.Build(),
		}.Build())
		if status.Code(err) != codes.NotFound {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestValidateNamesUnreadableLists(t *testing.T) {
	d := emulatortest.Start(t, company(), emulator.Options{})
	c, _ := harness.Client(t, options(t, d))
	validate := func() error {
		_, err := c.Validate(t.Context(), &v2.ConnectorServiceValidateRequest{})
		return err
	}
	if err := validate(); err != nil {
		t.Fatal(err)
	}
	if n := len(d.Requests()); n != 4 {
		t.Errorf("%d requests", n)
	}
	d.Deny("LoadAllRoles", "LoadAllTenants")
	err := validate()
	if status.Code(err) != codes.PermissionDenied || !strings.Contains(err.Error(), "cannot read roles") || !strings.Contains(err.Error(), "cannot read tenants") {
		t.Error(err)
	}
}

// troublesOfChanges is troubles for grants and revocations.
func troublesOfChanges(t *testing.T) map[string][]trouble {
	t.Helper()
	u := member()
	u.RoleNames, u.Tenants[1].RoleNames = []string{"Viewer"}, []string{"Viewer"}
	held := company(u)
	file, tenant := ownSync(t)
	member := "tenant:" + tenant + ":member"
	says := regexp.MustCompile(` *also_revokes: .*\n`).ReplaceAllString(string(mapping.Descope), "")
	return map[string][]trouble{
		"A change has changed more": {{
			project: &held, synced: true, files: map[string]string{"own.yaml": says},
			args: []string{"--mapping", "own.yaml", "-p", "--revoke-grant", "tenant:T2:member:user:U1"},
		}},
		"A revocation has deleted the user": {{
			project: &held, synced: true, faults: []string{"502 on=RemoveUserRoles taken", "delete:U1 on=LoadUser call=2-"}, args: []string{"-p", "--revoke-grant", "role:Viewer:assigned:user:U1"},
		}},
		"The temporary folder does not exist": {{args: []string{"-p", "--revoke-grant", "x", "--c1z-temp-dir", "nowhere"}}},
		"Provisioning is off":                 {{args: []string{"--revoke-grant", member + ":user:U1"}}},
		"The file to read does not exist":     {{args: []string{"-p", "--revoke-grant", member + ":user:U1"}}},
		"The entitlement does not exist":      {{files: file, args: []string{"-p", "--grant-entitlement", "role:T9/Nope:assigned", "--grant-principal", "U1"}}},
		"The principal does not exist":        {{files: file, args: []string{"-p", "--grant-entitlement", member, "--grant-principal", "U1"}}},
		"The grant does not exist":            {{files: file, args: []string{"-p", "--revoke-grant", member + ":user:U1"}}},
		"Accounts need provisioning":          {{args: []string{"--create-account-email", "ann@example.com"}}},
		"A field of the account is wrong":     {{args: []string{"-p", "--create-account-profile", `{"emial": "ann@example.com"}`}}},
		"The profile is not JSON":             {{args: []string{"-p", "--create-account-profile", "{email: ann@example.com}"}}},
		"An account may have been created":    {{args: []string{"-p", "--create-account-email", "ann@example.com"}, faults: []string{"500 on=CreateUser"}}},
	}
}

// ownSync is a file with a sync of the project of troubles, and a tenant in it.
func ownSync(t *testing.T) (files map[string]string, tenant string) {
	t.Helper()
	d := emulatortest.Start(t, emulator.Generate(emulator.Size{Users: 150}), emulator.Options{})
	path := filepath.Join(t.TempDir(), "own.c1z")
	if _, err := syncOnce(t.Context(), t, d, path, 0); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"sync.c1z": string(file)}, d.Store().Tenants()[0].ID
}
