package descope_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"github.com/conductorone/baton-sdk/pkg/types"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/oneshot"
)

// answers is a server that counts what it returns.
type answers struct {
	types.ConnectorServer
	mu      sync.Mutex
	largest int            // in bytes
	times   map[string]int // by the ids of resources, entitlements and grants
}

func (a *answers) count(answer proto.Message, ids []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.largest = max(a.largest, proto.Size(answer))
	for _, id := range ids {
		a.times[id]++
	}
}

func idsOf[T any](list []T, id func(T) string) []string {
	ids := make([]string, len(list))
	for i, item := range list {
		ids[i] = id(item)
	}
	return ids
}

func (a *answers) ListResources(ctx context.Context, request *v2.ResourcesServiceListResourcesRequest) (*v2.ResourcesServiceListResourcesResponse, error) {
	answer, err := a.ConnectorServer.ListResources(ctx, request)
	a.count(answer, idsOf(answer.GetList(), func(r *v2.Resource) string { return r.GetId().GetResourceType() + ":" + r.GetId().GetResource() }))
	return answer, err
}

func (a *answers) ListEntitlements(ctx context.Context, request *v2.EntitlementsServiceListEntitlementsRequest) (*v2.EntitlementsServiceListEntitlementsResponse, error) {
	answer, err := a.ConnectorServer.ListEntitlements(ctx, request)
	a.count(answer, idsOf(answer.GetList(), (*v2.Entitlement).GetId))
	return answer, err
}

func (a *answers) ListGrants(ctx context.Context, request *v2.GrantsServiceListGrantsRequest) (*v2.GrantsServiceListGrantsResponse, error) {
	answer, err := a.ConnectorServer.ListGrants(ctx, request)
	a.count(answer, idsOf(answer.GetList(), (*v2.Grant).GetId))
	return answer, err
}

// syncCounted syncs, and returns what was stored and what the connector returned.
func syncCounted(t *testing.T, o connector.Options, opts ...sdksync.SyncOpt) (*harness.Snapshot, *answers) {
	t.Helper()
	c, err := connector.New(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	session := &oneshot.Session{}
	server, err := connector.NewServer(t.Context(), c, connectorbuilder.WithSessionStore(session))
	if err != nil {
		t.Fatal(err)
	}
	counted := &answers{ConnectorServer: server, times: map[string]int{}}
	got, err := harness.TrySyncWith(t, t.Context(), oneshot.NewClient(t.Context(), counted), session, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return got, counted
}

// A project role that users hold inside a tenant is returned once, and so are its
// permissions, however many steps of the list of users show it.
func TestDerivedRolesAreReturnedOnce(t *testing.T) {
	var users []emulator.User
	for i := range 300 {
		users = append(users, emulator.User{UserID: fmt.Sprintf("U2%03d", i), Tenants: []emulator.Membership{
			{TenantID: "T1", RoleNames: []string{"Viewer"}}, {TenantID: fmt.Sprintf("T%d", 2+i%2), RoleNames: []string{"Editor"}},
		}})
	}
	d := emulatortest.Start(t, company(users...), emulator.Options{})
	for _, workers := range []int{1, 4} {
		got, counted := syncCounted(t, options(t, d, small(t)), sdksync.WithWorkerCount(workers))
		compare(t, expected(project(d), false), got)
		for id, times := range counted.times {
			if times != 1 {
				t.Errorf("%d workers: %s was returned %d times", workers, id, times)
			}
		}
		for _, id := range []string{"role:T1/Viewer", "role:T2/Editor:assigned", "permission:write:granted:role:T3/Editor"} {
			if counted.times[id] == 0 {
				t.Errorf("%s was not returned", id)
			}
		}
	}
}

// The first step to show a role is lost, and users of other steps hold the role: it is
// found again, even if no record shows it any more.
func TestDerivedRolesOfALostStep(t *testing.T) {
	var users []emulator.User
	for i := range 300 {
		users = append(users, emulator.User{UserID: fmt.Sprintf("U2%03d", i), Tenants: []emulator.Membership{{TenantID: "T1", RoleNames: []string{"Viewer"}}}})
	}
	d := emulatortest.Start(t, company(users...), emulator.Options{})
	got := syncLossy(t, options(t, d, small(t)), func(key string) bool {
		if key != "page/user/0" {
			return false
		}
		for i := range 300 { // No record shows it any more when the list is read again.
			d.Store().DeleteUser(fmt.Sprintf("U2%03d", i))
		}
		return true
	}, 1)
	if got.Entitlements["role:T1/Viewer:assigned"] == nil || got.Grants["role:T1/Viewer:assigned:user:U2299"] == nil {
		t.Error("the role in the tenant has no entitlement, or no grants")
	}
}

// TestHeavyUser: however much one record holds, no answer exceeds the limit of gRPC, and
// the cached page fits into the session store.
func TestHeavyUser(t *testing.T) {
	tenants := 5000
	if testing.Short() {
		tenants = 1500
	}
	p := company(emulator.User{UserID: "U2light", RoleNames: []string{"Editor"}})
	heavy := emulator.User{UserID: "U2heavy"}
	var roles []string
	for i := range 5 {
		roles = append(roles, fmt.Sprintf("role %d of a name that is as long as others", i))
		p.Roles = append(p.Roles, emulator.Role{Name: roles[i], PermissionNames: []string{"read"}})
	}
	for i := range tenants {
		id := fmt.Sprintf("T2%025d", i)
		p.Tenants = append(p.Tenants, emulator.Tenant{ID: id})
		heavy.Tenants = append(heavy.Tenants, emulator.Membership{TenantID: id, RoleNames: roles})
	}
	p.Users = append(p.Users, heavy)
	d := emulatortest.Start(t, p, emulator.Options{})
	got, counted := syncCounted(t, options(t, d))
	compare(t, expected(project(d), false), got)
	if counted.largest > 2<<20 {
		t.Errorf("an answer has %d bytes", counted.largest)
	}
	for id, times := range counted.times {
		if times != 1 {
			t.Errorf("%s was returned %d times", id, times)
		}
	}
	if n := d.Count("SearchUsers"); n != 2 { // one of them to validate
		t.Errorf("%d searches", n)
	}
	counted.times = map[string]int{}
	grants := 0
	for token, more := "", true; more; more = token != "" {
		answer, err := counted.ListGrants(t.Context(), v2.GrantsServiceListGrantsRequest_builder{Resource: got.Resources["user:U2heavy"], PageToken: token}.Build())
		if err != nil {
			t.Fatal(err)
		}
		grants += len(answer.GetList())
		token = answer.GetNextPageToken()
	}
	if grants != 6*tenants || len(counted.times) != grants || counted.largest > 2<<20 {
		t.Errorf("of the user alone %d grants came, %d different ones; the largest answer has %d bytes", grants, len(counted.times), counted.largest)
	}
}

// ofType requests the entitlements or grants of a type, with typeScoped.
func ofType(id string) *v2.Resource {
	return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: id, Resource: id}.Build()}.Build()
}

var typeScoped = annotations.New(&v2.TypeScopedEntitlements{}, &v2.TypeScopedGrants{})

// No answer exceeds the number of rows that the SDK stores efficiently.
func TestAnswersHaveLimits(t *testing.T) {
	p := company(emulator.User{UserID: "U1"})
	for i := range 4500 {
		p.Roles = append(p.Roles, emulator.Role{Name: fmt.Sprint("role ", i), PermissionNames: []string{"read", "write"}})
	}
	client, _ := harness.Client(t, options(t, emulatortest.Start(t, p, emulator.Options{})))
	const one = "one"
	count := func(limit, atLeast int, ask func(token string) (items int, next string, err error)) {
		t.Helper()
		all := 0
		for token, more := "", true; more; more = token != "" {
			items, next, err := ask(token)
			if err != nil {
				t.Fatal(err)
			}
			if items > limit {
				t.Errorf("an answer has %d, of at most %d", items, limit)
			}
			all, token = all+items, next
		}
		if all < atLeast {
			t.Errorf("%d in all, of at least %d", all, atLeast)
		}
	}
	count(2000, 4500, func(token string) (int, string, error) {
		page, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "role", PageToken: token, ActiveSyncId: one}.Build())
		return len(page.GetList()), page.GetNextPageToken(), err
	})
	count(4000, 4500, func(token string) (int, string, error) {
		page, err := client.ListEntitlements(t.Context(), v2.EntitlementsServiceListEntitlementsRequest_builder{Resource: ofType("role"), Annotations: typeScoped, PageToken: token, ActiveSyncId: one}.Build())
		return len(page.GetList()), page.GetNextPageToken(), err
	})
	count(8000, 9000, func(token string) (int, string, error) {
		page, err := client.ListGrants(t.Context(), v2.GrantsServiceListGrantsRequest_builder{Resource: ofType("role"), Annotations: typeScoped, PageToken: token, ActiveSyncId: one}.Build())
		return len(page.GetList()), page.GetNextPageToken(), err
	})
}

// The grants of a long list are returned in parts that the SDK reads in parallel: at most
// 64, each of at least eight batches.
func TestGrantsComeInBatches(t *testing.T) {
	for batches, want := range map[int]int{7: 0, 8: 7, 70: 63} {
		p := company()
		for i := range 60*batches - 10 { // Ten pages of seven users, of which one was on the page before.
			p.Users = append(p.Users, emulator.User{UserID: fmt.Sprintf("U2%04d", i), RoleNames: []string{"Viewer"}})
		}
		client, _ := harness.Client(t, options(t, emulatortest.Start(t, p, emulator.Options{}), small(t)))
		steps := 0
		for token, more := "", true; more; more = token != "" {
			page, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "user", PageToken: token, ActiveSyncId: "one"}.Build())
			if err != nil {
				t.Fatal(err)
			}
			steps++
			token = page.GetNextPageToken()
		}
		page, err := client.ListGrants(t.Context(), v2.GrantsServiceListGrantsRequest_builder{Resource: ofType("user"), Annotations: typeScoped, ActiveSyncId: "one"}.Build())
		if err != nil {
			t.Fatal(err)
		}
		annos, parts := annotations.Annotations(page.GetAnnotations()), &v2.EnqueuePageTokens{}
		if _, err := annos.Pick(parts); err != nil || len(parts.GetPageTokens()) != want || steps != batches {
			t.Errorf("%d batches: %d parts beside the first, want %d, %v", steps, len(parts.GetPageTokens()), want, err)
		}
	}
}

// The state of the four most recent syncs is kept.
func TestOldSyncStatesAreDropped(t *testing.T) {
	d := emulatortest.Start(t, company(), emulator.Options{})
	client, _ := harness.Client(t, options(t, d))
	for i, want := range []int{1, 2, 3, 4, 4, 5, 6} {
		id := []string{"1", "2", "3", "4", "1", "5", "1"}[i] // The first is the oldest when the fifth comes.
		if _, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "role", ActiveSyncId: id}.Build()); err != nil {
			t.Fatal(err)
		}
		if got := d.Count("LoadAllRoles"); got != want {
			t.Errorf("call %d: %d lists of roles, want %d", i+1, got, want)
		}
	}
}

// An answer covers at most a hundred batches, even if they are empty: a call must not
// take as long as the whole list.
func TestAnswerCoversAtMostAHundredBatches(t *testing.T) {
	p := company()
	for i := range 60 * 150 {
		p.Users = append(p.Users, emulator.User{UserID: fmt.Sprintf("U2%05d", i)})
	}
	client, _ := harness.Client(t, options(t, emulatortest.Start(t, p, emulator.Options{}), small(t)))
	for token, more := "", true; more; more = token != "" {
		page, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "user", PageToken: token, ActiveSyncId: "one"}.Build())
		if err != nil {
			t.Fatal(err)
		}
		token = page.GetNextPageToken()
	}
	var answers []int
	for token, more := "", true; more; more = token != "" {
		page, err := client.ListEntitlements(t.Context(), v2.EntitlementsServiceListEntitlementsRequest_builder{
			Resource: ofType("role"), Annotations: typeScoped, PageToken: token, ActiveSyncId: "one",
		}.Build())
		if err != nil {
			t.Fatal(err)
		}
		answers, token = append(answers, len(page.GetList())), page.GetNextPageToken()
	}
	if len(answers) != 2 || answers[1] != 0 {
		t.Errorf("answers of %d entitlements", answers)
	}
}
