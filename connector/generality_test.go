package connector_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// The tests in the generality files run the connector on Workbench, an API of
// which neither it nor the mapping language knows anything.

// workbench returns a connector's options for a Workbench.
func workbench(t testing.TB, s *secondapi.Server) connector.Options {
	t.Helper()
	plan, err := secondapi.Plan()
	if err != nil {
		t.Fatal(err)
	}
	return connector.Options{Name: "baton-workbench", Plan: plan, BaseURL: s.URL, Token: secondapi.Token}
}

var demoResources = []string{
	`group:31 Optics of Lab | in workspace:7 | GroupTrait`,
	`group:32 Optics of Annex | in workspace:9007199254740993 | GroupTrait`,
	`group:33 Night shift | GroupTrait`,
	`group:34 Archive of Lab | in workspace:7 | GroupTrait`,
	`person:101 Ada Byron | created 2024-03-01T07:30:00Z | ENABLED true | {"desk":12,"phones":["+44 1","+44 2"]} | login ada | also countess | mail ada@workbench.example | seen 2025-01-02T03:04:05.5Z | mfa true | UserTrait`,
	`person:102 bob | created 2024-03-02T00:00:00Z | DISABLED false | login bob | mfa false | UserTrait`,
	`person:103 103 | created 2024-03-03T00:00:00Z | ENABLED true | mfa false | UserTrait`,
	`person:104 dee | created 2024-03-04T00:00:00Z | ENABLED true | login dee | mfa false | UserTrait`,
	`person:105 eve | created 2024-03-05T00:00:00Z | ENABLED true | login eve | mfa false | UserTrait`,
	`role:1/keeper keeper (level 1) | Holds the keys | RoleTrait`,
	`role:2/keeper keeper (level 2) | RoleTrait`,
	`role:3/a%2Fb %25 a/b % (level 3) | RoleTrait`,
	`workspace:7 Lab | created 2020-05-01T08:00:00Z | ENABLED open | AppTrait`,
	`workspace:8 Attic | DISABLED frozen | AppTrait`,
	`workspace:9007199254740993 Annex | AppTrait`,
}

var demoEntitlements = []string{
	`group:31:member Optics of Lab member | Is in Optics | ASSIGNMENT to person`,
	`group:32:member Optics of Annex member | Is in Optics | ASSIGNMENT to person`,
	`group:33:member Night shift member | Is in Night shift | ASSIGNMENT to person`,
	`group:34:member Archive of Lab member | Is in Archive | ASSIGNMENT to person`,
	`role:1/keeper:held keeper (level 1) held | ASSIGNMENT to person`,
	`role:2/keeper:held keeper (level 2) held | ASSIGNMENT to person`,
	`role:3/a%2Fb %25:held a/b % (level 3) held | ASSIGNMENT to person`,
	`workspace:7:member Lab member | ASSIGNMENT to person | EntitlementImmutable`,
	`workspace:7:reader Lab reader | PERMISSION to group | EntitlementImmutable`,
	`workspace:8:member Attic member | ASSIGNMENT to person | EntitlementImmutable`,
	`workspace:8:reader Attic reader | PERMISSION to group | EntitlementImmutable`,
	`workspace:9007199254740993:member Annex member | ASSIGNMENT to person | EntitlementImmutable`,
	`workspace:9007199254740993:reader Annex reader | PERMISSION to group | EntitlementImmutable`,
}

var demoGrants = []string{
	`group:31:member:person:101`,
	`group:32:member:person:101`,
	`group:32:member:person:105`,
	`group:33:member:person:105`,
	`group:34:member:person:101`,
	`role:1/keeper:held:person:101`,
	`role:2/keeper:held:person:104`,
	`role:3/a%2Fb %25:held:person:101`,
	`workspace:7:member:person:101 | GrantImmutable`,
	`workspace:7:reader:group:32 | GrantImmutable`,
	`workspace:8:member:person:102 | GrantImmutable`,
	`workspace:8:reader:group:32 | GrantImmutable`,
	`workspace:9007199254740993:member:person:101 | GrantImmutable`,
	`workspace:9007199254740993:member:person:105 | GrantImmutable`,
	`workspace:9007199254740993:reader:group:34 | GrantImmutable`,
}

func TestSecondAPISyncsExactly(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	wantDemo(t, harness.Sync(t, workbench(t, server)))
}

func TestSecondAPIIsReadOnce(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{WithTotal: true})
	harness.Sync(t, workbench(t, server))
	wantRequests(t, server, map[string]int{
		"GET /people?limit=4":                                  1,
		"GET /people?after=NA&limit=4":                         1,
		"GET /groups?page=1&per_page=3":                        1,
		"GET /groups?page=2&per_page=3":                        1,
		"GET /workspaces":                                      1,
		"GET /roles?archived=false&levels=1&levels=2&levels=3": 1,
	})
}

// wantRequests compares all requests of one sync. The SDK validates before it,
// which costs one more request for each type.
func wantRequests(t *testing.T, server *secondapi.Server, want map[string]int) {
	t.Helper()
	got := server.Requests()
	for _, validation := range []string{
		"GET /people?limit=1", "GET /groups?page=1&per_page=1", "GET /workspaces", "GET /roles?archived=false&levels=1&levels=2&levels=3",
	} {
		if got[validation]--; got[validation] == 0 {
			delete(got, validation)
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("requests:\ngot  %v\nwant %v", got, want)
	}
}

func TestSecondAPIExpands(t *testing.T) {
	options := workbench(t, secondapi.Start(t, secondapi.Demo(), secondapi.Options{}))
	options.Expand = true
	grants := harness.Sync(t, options).Grants
	for _, follows := range []string{"workspace:7:reader:person:101", "workspace:8:reader:person:105", "workspace:9007199254740993:reader:person:101"} {
		if grants[follows] == nil {
			t.Errorf("%s does not follow from who is in the group", follows)
		}
	}
	if got, want := len(grants), len(demoGrants)+5; got != want {
		t.Errorf("%d grants, want %d", got, want)
	}
}

func TestSecondAPIValidates(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	client, _ := harness.Client(t, workbench(t, server))
	if _, err := client.Validate(t.Context(), &v2.ConnectorServiceValidateRequest{}); err != nil {
		t.Error(err)
	}
	options := workbench(t, server)
	options.Token = "another"
	client, _ = harness.Client(t, options)
	_, err := client.Validate(t.Context(), &v2.ConnectorServiceValidateRequest{})
	wantError(t, err, "ListPeople: HTTP 401 Unauthorized: who_are_you: the token is not known")
	if strings.Contains(err.Error(), "ListGroups") {
		t.Errorf("%v says it again", err)
	}
}

// wantDemo compares a whole sync of the demo data.
func wantDemo(t *testing.T, got *harness.Snapshot) {
	t.Helper()
	wantLines(t, "resources", linesOf(got.Resources, resourceLine), demoResources)
	wantLines(t, "entitlements", linesOf(got.Entitlements, entitlementLine), demoEntitlements)
	wantLines(t, "grants", linesOf(got.Grants, grantLine), demoGrants)
}

func wantLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("%s: not wanted: %s", what, line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("%s: missing: %s", what, line)
		}
	}
}

// wantError wants an error that says all of these.
func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one that says %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %q", err, part)
		}
	}
}

func linesOf[T any](all map[string]T, line func(T) string) []string {
	var lines []string
	for _, one := range all {
		lines = append(lines, line(one))
	}
	slices.Sort(lines)
	return lines
}

// line is what is known of one thing; what is not known is left out.
type line []string

func (l *line) add(format string, value any) {
	if text := fmt.Sprintf(format, value); text != "" {
		*l = append(*l, text)
	}
}

func (l line) String() string { return strings.Join(l, " | ") }

func (l *line) addAnnotations(annos annotations.Annotations) {
	for _, a := range annos {
		if name := string(a.MessageName().Name()); name != "RawId" {
			l.add("%s", name)
		}
	}
}

func resourceLine(r *v2.Resource) string {
	l := line{fmt.Sprintf("%s:%s %s", r.GetId().GetResourceType(), r.GetId().GetResource(), r.GetDisplayName())}
	l.add("%s", r.GetDescription())
	if parent := r.GetParentResourceId(); parent != nil {
		l.add("in %s", parent.GetResourceType()+":"+parent.GetResource())
	}
	if r.HasCreatedAt() {
		l.add("created %s", r.GetCreatedAt().AsTime().Format(time.RFC3339))
	}
	if r.HasStatus() {
		l.add("%s", strings.TrimPrefix(r.GetStatus().GetStatus().String(), "RESOURCE_STATUS_")+" "+r.GetStatus().GetDetails())
	}
	if r.HasProfile() {
		profile, _ := json.Marshal(r.GetProfile().AsMap())
		l.add("%s", string(profile))
	}
	annos := annotations.Annotations(r.GetAnnotations())
	user := &v2.UserTrait{}
	if ok, _ := annos.Pick(user); ok {
		l.addUser(user)
	}
	l.addAnnotations(annos)
	return l.String()
}

func (l *line) addUser(user *v2.UserTrait) {
	if user.GetLogin() != "" {
		l.add("login %s", user.GetLogin())
	}
	for _, alias := range user.GetLoginAliases() {
		l.add("also %s", alias)
	}
	for _, email := range user.GetEmails() {
		l.add("mail %s", email.GetAddress())
	}
	if user.HasLastLogin() {
		l.add("seen %s", user.GetLastLogin().AsTime().Format(time.RFC3339Nano))
	}
	if user.HasMfaStatus() {
		l.add("mfa %t", user.GetMfaStatus().GetMfaEnabled())
	}
}

func entitlementLine(e *v2.Entitlement) string {
	l := line{e.GetId() + " " + e.GetDisplayName()}
	l.add("%s", e.GetDescription())
	var holders []string
	for _, t := range e.GetGrantableTo() {
		holders = append(holders, t.GetId())
	}
	l.add("%s", strings.TrimPrefix(e.GetPurpose().String(), "PURPOSE_VALUE_")+" to "+strings.Join(holders, ", "))
	l.addAnnotations(e.GetAnnotations())
	return l.String()
}

func grantLine(g *v2.Grant) string {
	l := line{g.GetId()}
	l.addAnnotations(g.GetAnnotations())
	return l.String()
}

func keysOf[T any](all map[string]T) []string { return slices.Sorted(maps.Keys(all)) }
