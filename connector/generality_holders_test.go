package connector_test

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

// workbenchHolders returns options for a Workbench whose members of groups are listed
// for each group, and not read from the people.
func workbenchHolders(t testing.TB, s *secondapi.Server) connector.Options {
	t.Helper()
	src := secondapi.Mapping
	for old, replacement := range map[string]string{
		"      - {entitlement: group.member, on: {group_id: workspaces.groups.id}}\n": "",
		`        description: "Is in {label}"
`: `        description: "Is in {label}"
        holders:
          operation: ListGroupMembers
          with: {group_id: group_id}
          request: {kind: direct}
          pages: {page: page, first: 1, limit: per_page, size: 2}
          principal: id
`,
	} {
		if !bytes.Contains(src, []byte(old)) {
			t.Fatalf("the mapping has no %q", old)
		}
		src = bytes.Replace(src, []byte(old), []byte(replacement), 1)
	}
	plan, err := mapping.Load("mapping.yaml", src, mapping.Environment{Operations: client.Operations})
	if err != nil {
		t.Fatal(err)
	}
	o := workbench(t, s)
	o.Plan = plan
	return o
}

// The same people are in the same groups, whichever of the two lists says so.
func TestHoldersSyncExactly(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	wantDemo(t, harness.Sync(t, workbenchHolders(t, server)))
	got := server.Requests()
	maps.DeleteFunc(got, func(request string, _ int) bool { return !strings.Contains(request, "/members") })
	// A page that is not full does not end the list, and the next request has its size.
	want := map[string]int{
		"GET /groups/31/members?kind=direct&page=1&per_page=2": 1,
		"GET /groups/31/members?kind=direct&page=2&per_page=1": 1,
		"GET /groups/32/members?kind=direct&page=1&per_page=2": 1,
		"GET /groups/32/members?kind=direct&page=2&per_page=2": 1,
		"GET /groups/33/members?kind=direct&page=1&per_page=2": 1,
		"GET /groups/33/members?kind=direct&page=2&per_page=1": 1,
		"GET /groups/34/members?kind=direct&page=1&per_page=2": 1,
		"GET /groups/34/members?kind=direct&page=2&per_page=1": 1,
	}
	if !maps.Equal(got, want) {
		t.Errorf("requests:\ngot  %v\nwant %v", got, want)
	}
}

// A sync without people asks for no holders.
func TestHoldersThatAreNotSynced(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	o := workbenchHolders(t, server)
	o.WillSync = func(id string) bool { return id != "person" }
	harness.Sync(t, o)
	for request := range server.Requests() {
		if strings.Contains(request, "/members") {
			t.Error(request)
		}
	}
}

// Holders are complete with several workers, and with a session store that loses all.
func TestHoldersWithoutSession(t *testing.T) {
	for _, workers := range []int{1, 4} {
		server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
		client := clientWith(t, workbenchHolders(t, server), &memory{forgets: true})
		wantDemo(t, syncWith(t, client, sdksync.WithWorkerCount(workers)))
	}
}

// A list of holders over many answers has each of them once.
func TestManyHolders(t *testing.T) {
	const people = 90 // more pages than one answer reads
	data := secondapi.Demo()
	data.People = nil
	for i := range people {
		data.People = append(data.People, &secondapi.Person{
			ID: int64(1000 + i), Active: true, CreatedAt: "2024-03-01T00:00:00Z", Handles: []string{fmt.Sprintf("p%d", i)},
			Workspaces: []secondapi.Membership{{ID: 7, Groups: []secondapi.GroupMember{{ID: 31}}}},
		})
	}
	got := harness.Sync(t, workbenchHolders(t, secondapi.Start(t, data, secondapi.Options{})))
	for i := range people {
		if id := fmt.Sprintf("group:31:member:person:%d", 1000+i); got.Grants[id] == nil {
			t.Errorf("%s is missing", id)
		}
	}
	data.People[0].Workspaces[0].Groups = nil // The list is not read on after the one who joins.
	server := secondapi.Start(t, data, secondapi.Options{})
	c, _ := harness.Client(t, workbenchHolders(t, server))
	desk{t, server, c}.wantGrant("group:31:member:person:1000", false)
}

// A change looks into the list of holders before and after it.
func TestHoldersAreChanged(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	c, _ := harness.Client(t, workbenchHolders(t, server))
	d := desk{t, server, c}
	const grant = "group:31:member:person:105"
	d.wantGrant(grant, false)
	d.wantWrites("PUT /groups/31/members/105")
	d.wantGrant(grant, true)
	d.wantRevoke(grant, false)
	d.wantRevoke(grant, true)
}

// A success after which the list is as before is an error.
func TestHoldersThatDoNotChange(t *testing.T) {
	ignored := func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	}
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{Fault: ignored})
	c, _ := harness.Client(t, workbenchHolders(t, server))
	_, err := desk{t, server, c}.grant("group:31:member:person:105")
	wantError(t, err, "AddGroupMember", "the change is not visible")
}
