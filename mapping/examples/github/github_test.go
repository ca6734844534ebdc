package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	sdksync "github.com/conductorone/baton-sdk/pkg/sync"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
)

// options are those of a connector for an organization.
func options(t testing.TB, o *organization) connector.Options {
	t.Helper()
	plan, err := loadPlan()
	if err != nil {
		t.Fatal(err)
	}
	return connector.Options{Name: name, Plan: plan, BaseURL: organizationURL(o.URL, "acme"), Token: demoToken}
}

// demo is a small organization.
func demo() *organization {
	what := "Builds things"
	builders := &team{ID: 71, Name: "Builders", Slug: "builders", Description: &what, Privacy: "closed", in: []membership{{"ada", "maintainer"}, {"bob", "member"}}}
	return &organization{
		members: []*user{{Login: "ada", ID: 1, Type: "User", SiteAdmin: true}, {Login: "bob", ID: 2, Type: "User"}, {Login: "ci-bot", ID: 3, Type: "Bot"}},
		teams: []*team{
			builders,
			{ID: 72, Name: "Night Shift", Slug: "night-shift", Privacy: "secret", Parent: builders, in: []membership{{"bob", "member"}}},
			{ID: 73, Name: "Nobody", Slug: "nobody", Privacy: "closed"},
		},
		roles: []*orgRole{
			{ID: 8132, Name: "security_manager", Description: "Sees every alert", holders: []string{"ada", "ci-bot"}},
			{ID: 8133, Name: "all_repo_read"},
		},
	}
}

func TestExactSets(t *testing.T) {
	got := harness.Sync(t, options(t, start(t, demo())))
	same(t, "resources", sorted(got.Resources),
		"role:8132", "role:8133",
		"team:builders", "team:night-shift", "team:nobody",
		"user:ada", "user:bob", "user:ci-bot")
	same(t, "entitlements", sorted(got.Entitlements),
		"role:8132:assigned", "role:8133:assigned",
		"team:builders:maintainer", "team:builders:member",
		"team:night-shift:maintainer", "team:night-shift:member",
		"team:nobody:maintainer", "team:nobody:member")
	same(t, "grants", sorted(got.Grants),
		"role:8132:assigned:user:ada", "role:8132:assigned:user:ci-bot",
		"team:builders:maintainer:user:ada",
		"team:builders:member:user:ada", "team:builders:member:user:bob",
		"team:night-shift:member:user:bob")

	shift := got.Resources["team:night-shift"]
	if got := shift.GetDisplayName() + " in " + shift.GetParentResourceId().GetResource(); got != "Night Shift in builders" {
		t.Error(got)
	}
	if profile := fmt.Sprint(got.Resources["user:ada"].GetProfile().AsMap()); profile != "map[github_id:1 site_admin:true type:User]" {
		t.Error(profile)
	}
}

// A list of n records takes ⌈n/100⌉ requests and one more for an empty page, which
// alone shows its end. A short first page may be a cap, so the next request has its
// size. There is a list for each entitlement of each team, and one for each role.
func TestRequests(t *testing.T) {
	o := &organization{teams: []*team{{ID: 1, Name: "Big", Slug: "big"}, {ID: 2, Name: "Full", Slug: "full"}, {ID: 3, Name: "Empty", Slug: "empty"}}, roles: []*orgRole{{ID: 9, Name: "r"}}}
	for i := range 250 {
		login := fmt.Sprintf("u%03d", i)
		o.members = append(o.members, &user{Login: login, ID: int64(i + 1), Type: "User"})
		o.teams[0].in = append(o.teams[0].in, membership{login, "member"})
		if i < 100 {
			o.teams[1].in = append(o.teams[1].in, membership{login, "maintainer"})
		}
	}
	for i := range 25 {
		o.teams = append(o.teams, &team{ID: int64(100 + i), Name: "Small", Slug: fmt.Sprintf("small-%d", i), in: []membership{{"u000", "member"}}})
	}
	start(t, o)
	got := harness.Sync(t, options(t, o))
	if len(got.Grants) != 250+100+100+25 {
		t.Errorf("%d grants", len(got.Grants))
	}
	want := map[string]int{"GET /orgs/acme/organization-roles": 1}
	pages := func(list, query string, records int) {
		size, filled := 100, (records+99)/100
		for i := range filled + 1 {
			if i == 1 {
				size = min(size, records)
			}
			want[fmt.Sprintf("GET /orgs/acme/%s?page=%d&per_page=%d%s", list, i+1, size, query)] = 1
		}
	}
	pages("members", "", 250)
	pages("teams", "", 28)
	pages("teams/big/members", "", 250)
	pages("teams/big/members", "&role=maintainer", 0)
	pages("teams/full/members", "", 100)
	pages("teams/full/members", "&role=maintainer", 100)
	pages("teams/empty/members", "", 0)
	pages("teams/empty/members", "&role=maintainer", 0)
	for i := range 25 {
		pages(fmt.Sprintf("teams/small-%d/members", i), "", 1)
		pages(fmt.Sprintf("teams/small-%d/members", i), "&role=maintainer", 0)
	}
	pages("organization-roles/9/users", "", 0)

	seen := o.seen()
	for _, validation := range []string{"GET /orgs/acme/members?page=1&per_page=1", "GET /orgs/acme/teams?page=1&per_page=1", "GET /orgs/acme/organization-roles"} {
		if seen[validation]--; seen[validation] == 0 {
			delete(seen, validation)
		}
	}
	if !maps.Equal(seen, want) {
		t.Errorf("requests:\ngot  %v\nwant %v", seen, want)
	}
}

func TestGrantAndRevoke(t *testing.T) {
	for _, test := range []struct {
		name, grant, write, undo string
		grantAgain, revokeAgain  bool // are sent
	}{
		{
			"a team", "team:nobody:member:user:ci-bot",
			`PUT /orgs/acme/teams/nobody/memberships/ci-bot {"role":"member"}`, "DELETE /orgs/acme/teams/nobody/memberships/ci-bot", false, true,
		},
		{
			"a role in a team", "team:builders:maintainer:user:bob",
			`PUT /orgs/acme/teams/builders/memberships/bob {"role":"maintainer"}`, `PUT /orgs/acme/teams/builders/memberships/bob {"role":"member"}`, true, false,
		},
		{
			"a role, answered with no content", "role:8133:assigned:user:bob",
			"PUT /orgs/acme/organization-roles/users/bob/8133", "DELETE /orgs/acme/organization-roles/users/bob/8133", true, true,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := start(t, demo())
			again := map[bool]int{true: 1}
			for range 2 {
				o.grant(t, test.grant, false)
				same(t, "writes", o.writes(), test.write)
				o.grant(t, test.grant, true)
				same(t, "writes", o.writes(), slices.Repeat([]string{test.write}, again[test.grantAgain])...)
				o.revoke(t, test.grant, false)
				same(t, "writes", o.writes(), test.undo)
				o.revoke(t, test.grant, true)
				same(t, "writes", o.writes(), slices.Repeat([]string{test.undo}, again[test.revokeAgain])...)
			}
		})
	}
}

// Changes that would do harm are not sent: a maintainer is a member already, and a user
// outside a team does not maintain it.
func TestChangesThatWouldDoHarm(t *testing.T) {
	o := start(t, demo())
	o.grant(t, "team:builders:maintainer:user:bob", false)
	o.grant(t, "team:builders:member:user:bob", true)
	o.grant(t, "team:builders:maintainer:user:bob", true)
	o.revoke(t, "team:nobody:maintainer:user:ci-bot", true)
	o.revoke(t, "team:nobody:member:user:ci-bot", true)
}

// A team that is deleted after it was listed has no members, and grants on it are
// revoked already. A 404 for the members of a team that exists is an error.
func TestDeletedTeam(t *testing.T) {
	gone := func(paths ...string) *organization {
		o := demo()
		o.fault = func(w http.ResponseWriter, r *http.Request) bool {
			at := slices.Contains(paths, strings.TrimPrefix(r.URL.Path, "/orgs/acme/teams/"))
			if at {
				fail(w, http.StatusNotFound, "Not Found")
			}
			return at
		}
		return start(t, o)
	}
	o := gone("builders", "builders/members")
	got := harness.Sync(t, options(t, o))
	same(t, "grants", sorted(got.Grants), "role:8132:assigned:user:ada", "role:8132:assigned:user:ci-bot", "team:night-shift:member:user:bob")
	o.revoke(t, "team:builders:member:user:bob", true)
	same(t, "writes", o.writes(), "DELETE /orgs/acme/teams/builders/memberships/bob")

	_, err := harness.TrySync(t, t.Context(), options(t, gone("builders/members")))
	if err == nil || !strings.Contains(err.Error(), "ListTeamMembers: HTTP 404 Not Found: Not Found") {
		t.Errorf("a team that hides its members: %v", err)
	}
}

// same compares two sorted lists.
func same(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\ngot  %q\nwant %q", what, got, want)
	}
}

// A membership through a team below cannot be revoked on the team above.
func TestMemberOfATeamBelow(t *testing.T) {
	o := demo()
	o.teams[1].in = append(o.teams[1].in, membership{"ci-bot", "member"})
	start(t, o)
	const grant = "team:builders:member:user:ci-bot"
	if harness.Sync(t, options(t, o)).Grants[grant] == nil {
		t.Error("there is no " + grant)
	}
	if _, err := o.tryRevoke(t, grant); err == nil || !strings.Contains(err.Error(), "RemoveTeamMembership reported success, but the change is not visible") {
		t.Error(err)
	}
}

// A sync without users requests no holders.
func TestWithoutUsers(t *testing.T) {
	o := start(t, demo())
	without := options(t, o)
	without.WillSync = func(id string) bool { return id != "user" }
	got := harness.Sync(t, without, sdksync.WithSyncResourceTypes([]string{"team", "role"}))
	same(t, "grants", sorted(got.Grants))
	for request := range o.seen() {
		if strings.Contains(request, "/members") || strings.Contains(request, "/users") {
			t.Error(request)
		}
	}
}

// split splits the id of a grant: TYPE:ID:SLUG:TYPE:ID.
func split(grant string) (*v2.Entitlement, *v2.Resource) {
	parts := strings.Split(grant, ":")
	resource := func(typeID, id string) *v2.Resource {
		return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: typeID, Resource: id}.Build()}.Build()
	}
	return v2.Entitlement_builder{Id: strings.Join(parts[:3], ":"), Resource: resource(parts[0], parts[1])}.Build(), resource(parts[3], parts[4])
}

// grant makes a grant; already reports whether the answer has to be that it exists.
func (o *organization) grant(t *testing.T, id string, already bool) {
	t.Helper()
	client, _ := harness.Client(t, options(t, o))
	entitlement, principal := split(id)
	reply, err := client.Grant(t.Context(), v2.GrantManagerServiceGrantRequest_builder{Entitlement: entitlement, Principal: principal}.Build())
	if err != nil {
		t.Fatal(err)
	}
	annos := annotations.Annotations(reply.GetAnnotations())
	if got := annos.Contains(&v2.GrantAlreadyExists{}); got != already {
		t.Errorf("granting %s: already there is %t, want %t", id, got, already)
	}
}

// revoke revokes a grant; already reports whether the answer has to be that it is gone.
func (o *organization) revoke(t *testing.T, id string, already bool) {
	t.Helper()
	annos, err := o.tryRevoke(t, id)
	if err != nil {
		t.Fatal(err)
	}
	if got := annos.Contains(&v2.GrantAlreadyRevoked{}); got != already {
		t.Errorf("revoking %s: gone already is %t, want %t", id, got, already)
	}
}

func (o *organization) tryRevoke(t *testing.T, id string) (annotations.Annotations, error) {
	t.Helper()
	client, _ := harness.Client(t, options(t, o))
	entitlement, principal := split(id)
	reply, err := client.Revoke(t.Context(), v2.GrantManagerServiceRevokeRequest_builder{
		Grant: v2.Grant_builder{Id: id, Entitlement: entitlement, Principal: principal}.Build(),
	}.Build())
	return reply.GetAnnotations(), err
}
