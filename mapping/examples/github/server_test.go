package main

import (
	"cmp"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const demoToken = "github-token"

// organization is a GitHub with one organization, acme.
type organization struct {
	URL string

	mu       sync.Mutex
	members  []*user
	teams    []*team
	roles    []*orgRole
	requests map[string]int
	// fault is called before every request, and reports whether it answered.
	fault func(w http.ResponseWriter, r *http.Request) bool
}

type user struct {
	Login     string `json:"login"`
	ID        int64  `json:"id"`
	Type      string `json:"type"`
	SiteAdmin bool   `json:"site_admin"`
}

type team struct {
	ID          int64   `json:"id"`
	Name        string  `json:"name"`
	Slug        string  `json:"slug"`
	Description *string `json:"description"`
	Privacy     string  `json:"privacy"`
	Parent      *team   `json:"parent"`
	// in are the roles of the members, in the order in which they came.
	in []membership
}

type membership struct{ login, role string }

type orgRole struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	holders     []string
}

type object map[string]any

// start starts a server of an organization that runs until the test ends.
func start(t testing.TB, o *organization) *organization {
	t.Helper()
	o.requests = map[string]int{}
	listener := httptest.NewServer(o)
	t.Cleanup(listener.Close)
	o.URL = listener.URL
	return o
}

// seen returns the number of requests since the last call, by request, such as
// "GET /orgs/acme/teams?page=1".
func (o *organization) seen() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	seen := o.requests
	o.requests = map[string]int{}
	return seen
}

// writes returns the write requests since the last call.
func (o *organization) writes() []string {
	var writes []string
	for request, times := range o.seen() {
		if !strings.HasPrefix(request, "GET ") {
			writes = append(writes, slices.Repeat([]string{request}, times)...)
		}
	}
	slices.Sort(writes)
	return writes
}

func (o *organization) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	request := strings.TrimSuffix(r.Method+" "+r.URL.EscapedPath()+"?"+r.URL.Query().Encode(), "?")
	if len(body) > 0 {
		request += " " + string(body)
	}
	o.requests[request]++
	switch {
	case r.Header.Get("Authorization") != "Bearer "+demoToken:
		fail(w, http.StatusUnauthorized, "Bad credentials")
	case o.fault == nil || !o.fault(w, r):
		o.serve(w, r, body)
	}
}

// serve answers by the parts of the path below the organization.
func (o *organization) serve(w http.ResponseWriter, r *http.Request, body []byte) {
	rest, ok := strings.CutPrefix(r.URL.Path, "/orgs/acme/")
	parts := strings.Split(rest, "/")
	switch route := r.Method + " " + parts[0] + " " + strconv.Itoa(len(parts)); {
	case !ok:
		fail(w, http.StatusNotFound, "Not Found")
	case route == "GET members 1":
		reply(w, page(r, o.members))
	case route == "GET memberships 2":
		o.one(w, slices.IndexFunc(o.members, func(u *user) bool { return u.Login == parts[1] }), func(i int) any {
			return object{"state": "active", "role": "member", "user": o.members[i]}
		})
	case route == "GET teams 1":
		reply(w, page(r, o.teams))
	case parts[0] == "teams":
		i := slices.IndexFunc(o.teams, func(t *team) bool { return t.Slug == parts[1] })
		o.one(w, i, func(i int) any { return o.serveTeam(r, o.teams[i], parts, body) })
	case route == "GET organization-roles 1":
		reply(w, object{"total_count": len(o.roles), "roles": o.roles})
	case parts[0] == "organization-roles":
		id := parts[1]
		if id == "users" {
			id = parts[3]
		}
		i := slices.IndexFunc(o.roles, func(r *orgRole) bool { return strconv.FormatInt(r.ID, 10) == id })
		o.one(w, i, func(i int) any { return o.serveRole(r, o.roles[i], parts) })
	default:
		fail(w, http.StatusNotFound, "Not Found")
	}
}

// one answers with the record at index i, or with 404 if i is negative.
func (o *organization) one(w http.ResponseWriter, i int, answer func(i int) any) {
	if i < 0 {
		fail(w, http.StatusNotFound, "Not Found")
		return
	}
	if body := answer(i); body != nil {
		reply(w, body)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (o *organization) serveTeam(r *http.Request, t *team, parts []string, body []byte) any {
	switch {
	case len(parts) == 2:
		return t
	case parts[2] == "members":
		wanted := r.URL.Query().Get("role")
		var users []*user
		for _, m := range append(slices.Clone(t.in), o.below(t)...) {
			if wanted == "" || wanted == m.role {
				users = append(users, o.user(m.login))
			}
		}
		return page(r, users)
	}
	login := parts[3]
	at := slices.IndexFunc(t.in, func(m membership) bool { return m.login == login })
	if r.Method == http.MethodDelete {
		t.in = slices.DeleteFunc(t.in, func(m membership) bool { return m.login == login })
		return nil
	}
	var asked struct {
		Role string `json:"role"`
	}
	if err := json.Unmarshal(body, &asked); err != nil {
		panic(err)
	}
	if at < 0 {
		at, t.in = len(t.in), append(t.in, membership{login: login})
	}
	t.in[at].role = asked.Role
	return object{"url": "https://api.github.example", "role": asked.Role, "state": "active"}
}

// below returns the members of the teams below one who are not in it themselves.
func (o *organization) below(t *team) []membership {
	var below []membership
	for _, child := range o.teams {
		if child.Parent != t {
			continue
		}
		for _, m := range child.in {
			if !slices.ContainsFunc(t.in, func(own membership) bool { return own.login == m.login }) {
				below = append(below, membership{m.login, "member"})
			}
		}
	}
	return below
}

func (o *organization) serveRole(r *http.Request, role *orgRole, parts []string) any {
	if parts[1] != "users" {
		var users []*user
		for _, login := range role.holders {
			users = append(users, o.user(login))
		}
		return page(r, users)
	}
	role.holders = slices.DeleteFunc(role.holders, func(login string) bool { return login == parts[2] })
	if r.Method == http.MethodPut {
		role.holders = append(role.holders, parts[2])
	}
	return nil
}

// user returns the member with a login, or an outsider.
func (o *organization) user(login string) *user {
	for _, u := range o.members {
		if u.Login == login {
			return u
		}
	}
	return &user{Login: login, ID: 999, Type: "User"}
}

// page returns the page of a list that a request asks for, never null.
func page[T any](r *http.Request, all []T) []T {
	size := min(cmp.Or(number(r, "per_page"), 30), 100)
	start := min((cmp.Or(number(r, "page"), 1)-1)*size, len(all))
	return append([]T{}, all[start:min(start+size, len(all))]...)
}

// number returns a query parameter that is a number, 0 without it.
func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name)) // Anything else counts as absent.
	return n
}

func reply(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(body) // The client is gone if this fails.
}

func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(object{"message": message, "documentation_url": "https://docs.github.example", "status": strconv.Itoa(status)})
}

func sorted[T any](all map[string]T) []string { return slices.Sorted(maps.Keys(all)) }
