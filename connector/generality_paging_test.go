package connector_test

import (
	"fmt"
	"net/http"
	"testing"

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
			"empty lists, with a total", 0, 0, secondapi.Options{TellTotal: true},
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
			"full last pages, with a total", 8, 6, secondapi.Options{TellTotal: true},
			[]string{"people?limit=4", "people?after=NA&limit=4", "groups?page=1&per_page=3", "groups?page=2&per_page=3", "groups?page=3&per_page=3"},
		},
		{
			"a full last page that names an empty next one", 4, 0, secondapi.Options{LateEnd: true},
			[]string{"people?limit=4", "people?after=NA&limit=4", "groups?page=1&per_page=3"},
		},
		{
			"many pages", 18, 8, secondapi.Options{TellTotal: true},
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
	server = secondapi.Start(t, data, secondapi.Options{TellTotal: true, Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
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
