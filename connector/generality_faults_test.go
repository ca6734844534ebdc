package connector_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// fault stands before every request of a server.
type fault = func(w http.ResponseWriter, r *http.Request, next http.Handler)

// on has a fault only for the requests of one method and path.
func on(request string, f fault) fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method+" "+strings.TrimPrefix(r.URL.Path, "/api") != request {
			next.ServeHTTP(w, r)
			return
		}
		f(w, r, next)
	}
}

// edit changes the body of a reply.
func edit(change func(r *http.Request, body string) string) fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, change(r, recorder.Body.String()))
	}
}

// TestSecondAPIListThatFails holds a sync that cannot see everything: it fails,
// and never with NotFound, which the SDK takes for the end of a list.
func TestSecondAPIListThatFails(t *testing.T) {
	noNext := `"nextCursor":null`
	gone := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		secondapi.Fail(w, http.StatusNotFound, "no_such_list", "it has moved")
	}
	notOurs := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { http.NotFound(w, nil) }
	for _, test := range []struct {
		name  string
		fault fault
		want  string
	}{
		{"a list is gone", on("GET /workspaces", gone), "ListWorkspaces: HTTP 404 Not Found: no_such_list: it has moved"},
		{"a list is not found by a gateway", on("GET /roles", notOurs), "ListRoles: HTTP 404 Not Found (the reply is not in the API's own form"},
		{
			"the second page is gone", on("GET /people", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if r.URL.Query().Has("after") {
					secondapi.Fail(w, http.StatusNotFound, "no_such_person", "the cursor is gone")
					return
				}
				next.ServeHTTP(w, r)
			}),
			"ListPeople: HTTP 404 Not Found: no_such_person",
		},
		{
			"the same page again and again", on("GET /groups", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "page=2", "page=1", 1)
				next.ServeHTTP(w, r)
			}),
			"ListGroups: page 2 has the same records as the page before it",
		},
		{
			"a page that names itself", on("GET /people", edit(func(_ *http.Request, body string) string {
				return strings.Replace(body, noNext, `"nextCursor":"`+secondapi.CursorOf(4)+`"`, 1)
			})),
			"ListPeople: the reply names its own page as the next one",
		},
		{
			"pages in a circle", on("GET /people", edit(func(_ *http.Request, body string) string {
				return strings.Replace(body, noNext, `"nextCursor":"`+secondapi.CursorOf(0)+`"`, 1)
			})),
			"ListPeople: the reply names an earlier page as the next one",
		},
		{
			"a list that is missing", on("GET /roles", edit(func(*http.Request, string) string { return `{}` })),
			`ListRoles: unusable reply: it has no "catalogue"`,
		},
		{
			"a list that is missing inside an object", on("GET /groups", edit(func(*http.Request, string) string { return `{"data": {"total_count": 4}}` })),
			`ListGroups: unusable reply: it has no "data.items"`,
		},
		{
			"an object instead of a list", on("GET /workspaces", edit(func(*http.Request, string) string { return `{"workspaces": []}` })),
			`ListWorkspaces: unusable reply: it is an object, not a list of objects`,
		},
		{
			"a record without an id", on("GET /people", edit(func(_ *http.Request, body string) string {
				return strings.Replace(body, `"id":103,`, "", 1)
			})),
			"a person record of ListPeople lacks id",
		},
		{
			"a field of a record that does not fit", on("GET /people", edit(func(_ *http.Request, body string) string {
				return strings.Replace(body, `"handles":[`, `"handles":{},"was":[`, 1)
			})),
			`ListPeople: unusable reply: handles of person "101" is an object, not a list of text`,
		},
		{
			"a total that does not fit", on("GET /groups", edit(func(_ *http.Request, body string) string {
				return strings.Replace(body, `"data":{`, `"data":{"total_count":"many",`, 1)
			})),
			`ListGroups: unusable reply: its "data.total_count" is text, not a number`,
		},
		{
			"an entry without an id", on("GET /people", edit(func(_ *http.Request, body string) string {
				return strings.Replace(body, `{"id":31,`, `{`, 1)
			})),
			"workspaces.groups.id",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{Fault: afterValidation(test.fault)})
			_, err := harness.TrySync(t, t.Context(), workbench(t, server))
			wantError(t, err, test.want)
			if status.Code(err) == codes.NotFound {
				t.Error("the SDK takes NotFound for the end of a list")
			}
		})
	}
}

// afterValidation has the fault from the moment on at which every list has been
// asked for once.
func afterValidation(f fault) fault {
	var lists atomic.Int32
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if lists.Add(1) <= 4 {
			next.ServeHTTP(w, r)
			return
		}
		f(w, r, next)
	}
}
