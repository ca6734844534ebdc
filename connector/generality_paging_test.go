package connector_test

import (
	"fmt"
	"net/http"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"google.golang.org/protobuf/proto"

	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// TestSecondAPIPages lists people by cursor, four a page, and groups by the
// number of the page, three a page.
func TestSecondAPIPages(t *testing.T) {
	for _, test := range []struct {
		name           string
		people, groups int
		options        secondapi.Options
		want           []string
	}{
		{
			"empty lists", 0, 0, secondapi.Options{},
			[]string{"people?limit=4", "groups?page=1&per_page=3"},
		},
		{
			"empty lists, with a total", 0, 0, secondapi.Options{WithTotal: true},
			[]string{"people?limit=4", "groups?page=1&per_page=3"},
		},
		{
			"without a total only an empty page is the end", 1, 1, secondapi.Options{},
			[]string{"people?limit=4", "groups?page=1&per_page=3", "groups?page=2&per_page=1"},
		},
		{
			"full last pages", 8, 6, secondapi.Options{},
			[]string{"people?limit=4", "people?after=NA&limit=4", "groups?page=1&per_page=3", "groups?page=2&per_page=3", "groups?page=3&per_page=3"},
		},
		{
			"full last pages, with a total", 8, 6, secondapi.Options{WithTotal: true},
			[]string{"people?limit=4", "people?after=NA&limit=4", "groups?page=1&per_page=3", "groups?page=2&per_page=3", "groups?page=3&per_page=3"},
		},
		{
			"a full last page that names an empty next one", 4, 0, secondapi.Options{LateEnd: true},
			[]string{"people?limit=4", "people?after=NA&limit=4", "groups?page=1&per_page=3"},
		},
		{
			"many pages", 18, 8, secondapi.Options{WithTotal: true},
			[]string{
				"people?limit=4", "people?after=NA&limit=4", "people?after=OA&limit=4", "people?after=MTI&limit=4", "people?after=MTY&limit=4",
				"groups?page=1&per_page=3", "groups?page=2&per_page=3", "groups?page=3&per_page=3",
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := crowd(test.people, test.groups)
			server := secondapi.Start(t, data, test.options)
			got := harness.Sync(t, workbench(t, server))

			want := map[string]int{"GET /workspaces": 1, "GET /roles?archived=false&levels=1&levels=2&levels=3": 1}
			for _, page := range test.want {
				want["GET /"+page] = 1
			}
			wantRequests(t, server, want)

			var resources []string
			for _, p := range data.People {
				resources = append(resources, fmt.Sprintf("person:%d", p.ID))
			}
			for _, g := range data.Groups {
				resources = append(resources, fmt.Sprintf("group:%d", g.ID))
			}
			wantLines(t, "resources", keysOf(got.Resources), resources)
		})
	}
}

// TestSecondAPIShrinks deletes a group of the first page before the second one
// is asked for: the rest moves forward, and none of it is missed.
func TestSecondAPIShrinks(t *testing.T) {
	data := crowd(0, 7)
	var server *secondapi.Server
	server = secondapi.Start(t, data, secondapi.Options{WithTotal: true, Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Query().Get("page") == "2" {
			server.DeleteGroup(501)
		}
		next.ServeHTTP(w, r)
	}})
	got := harness.Sync(t, workbench(t, server))
	wantLines(t, "resources", keysOf(got.Resources), []string{
		"group:501", "group:502", "group:503", "group:504", "group:505", "group:506", "group:507",
	})
}

// TestSecondAPIParentIsLate: a workspace that is missing in the first reply, and is in
// the second, is in the name of its group all the same.
func TestSecondAPIParentIsLate(t *testing.T) {
	lab, asked := int64(7), 0
	data := secondapi.Data{
		Workspaces: []secondapi.Workspace{{ID: 8, Title: "Attic"}, {ID: lab, Title: "Lab"}},
		Groups:     []secondapi.Group{{ID: 31, Label: "Optics", Workspace: &lab, SharedWith: []int64{lab}}},
	}
	server := secondapi.Start(t, data, secondapi.Options{Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path != "/api/workspaces" {
			next.ServeHTTP(w, r)
			return
		}
		if asked++; asked > 1 {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `[{"id": 8, "title": "Attic"}]`)
	}})
	client, _ := harness.Client(t, workbench(t, server))
	page, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: "group", ActiveSyncId: "one"}.Build())
	if err != nil {
		t.Fatal(err)
	}
	if got := page.GetList()[0].GetDisplayName(); got != "Optics of Lab" || asked != 2 {
		t.Errorf("%q after %d lists of workspaces", got, asked)
	}
}

// TestSecondAPIAnswersAreNotShared: an answer that is asked for once more is as it was,
// whatever the caller did to the first.
func TestSecondAPIAnswersAreNotShared(t *testing.T) {
	client, _ := harness.Client(t, workbench(t, secondapi.Start(t, secondapi.Demo(), secondapi.Options{})))
	for _, typeID := range []string{"person", "group", "workspace", "role"} {
		ask := func() *v2.ResourcesServiceListResourcesResponse {
			page, err := client.ListResources(t.Context(), v2.ResourcesServiceListResourcesRequest_builder{ResourceTypeId: typeID, ActiveSyncId: "one"}.Build())
			if err != nil {
				t.Fatal(err)
			}
			return page
		}
		first := ask()
		want := proto.Clone(first)
		for _, r := range first.GetList() {
			r.SetDisplayName("changed")
			r.SetAnnotations(nil)
		}
		if again := ask(); !proto.Equal(want, again) {
			t.Errorf("%s: %v and then %v", typeID, want, again)
		}
	}
}

// crowd returns so many people and groups, and nothing else.
func crowd(people, groups int) secondapi.Data {
	data := secondapi.Data{People: []*secondapi.Person{}, Groups: []secondapi.Group{}}
	for i := range people {
		data.People = append(data.People, &secondapi.Person{ID: int64(1001 + i), CreatedAt: "2024-01-01T00:00:00Z"})
	}
	for i := range groups {
		data.Groups = append(data.Groups, secondapi.Group{ID: int64(501 + i), Label: "Group"})
	}
	return data
}
