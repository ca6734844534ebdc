package secondapi

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// Token is the bearer token that the server takes.
const Token = "workbench-token"

// Server is a Workbench on loopback.
type Server struct {
	URL string

	mu       sync.Mutex
	data     Data
	requests map[string]int
	bodies   []string
	options  Options
}

// Options define the behavior that the document leaves open, and faults.
type Options struct {
	// WithTotal adds the total number of groups to each page of groups.
	WithTotal bool
	// LateEnd names another page of people after a last page that is full.
	LateEnd bool
	// RefuseRepeats refuses to give a role that is held, to take one that is not held,
	// and to set the present state.
	RefuseRepeats bool
	// Fault handles every request first; next is the usual handler.
	Fault func(w http.ResponseWriter, r *http.Request, next http.Handler)
}

// Start starts a server that runs until the test ends.
func Start(t testing.TB, data Data, o Options) *Server {
	t.Helper()
	s := &Server{data: data, options: o, requests: map[string]int{}}
	listener := httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(listener.Close)
	s.URL = listener.URL + "/api"
	return s
}

// Requests returns the number of each request so far, by requests such as
// "GET /people?limit=4", and resets them.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.requests
	s.requests = map[string]int{}
	return seen
}

// Writes returns the writes so far, sorted, and resets all requests.
func (s *Server) Writes() []string {
	seen := s.Requests()
	maps.DeleteFunc(seen, func(request string, _ int) bool { return request[:4] == "GET " })
	var writes []string
	for request, times := range seen {
		writes = append(writes, slices.Repeat([]string{request}, times)...)
	}
	slices.Sort(writes)
	return writes
}

// States returns the bodies of the requests that set a state, and resets them.
func (s *Server) States() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	bodies := s.bodies
	s.bodies = nil
	return bodies
}

// DeleteGroup deletes a group.
func (s *Server) DeleteGroup(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.Groups = slices.DeleteFunc(slices.Clone(s.data.Groups), func(g Group) bool { return g.ID == id })
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	request := r.Method + " " + r.URL.EscapedPath()[len("/api"):]
	if query := r.URL.Query().Encode(); query != "" {
		request += "?" + query
	}
	s.requests[request]++
	s.mu.Unlock()

	if s.options.Fault == nil {
		s.routes().ServeHTTP(w, r)
		return
	}
	s.options.Fault(w, r, s.routes())
}

// routes returns the operations. Each runs under the lock.
func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, operation := range map[string]func(*http.Request) reply{
		"GET /api/people":                             s.listPeople,
		"GET /api/people/{person}":                    s.getPerson,
		"POST /api/people/{person}/roles":             s.giveRole,
		"DELETE /api/people/{person}/roles/{key}":     s.takeRole,
		"GET /api/groups":                             s.listGroups,
		"GET /api/groups/{group}/members":             s.listMembers,
		"PUT /api/groups/{group}/members/{person}":    s.addMember,
		"DELETE /api/groups/{group}/members/{person}": s.removeMember,
		"GET /api/workspaces":                         s.listWorkspaces,
		"DELETE /api/workspaces/{workspace}":          s.closeWorkspace,
		"PUT /api/workspaces/{workspace}/state":       s.setState,
		"POST /api/workspaces/{workspace}/tidy":       s.tidy,
		"GET /api/roles":                              s.listRoles,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer "+Token {
				failure(http.StatusUnauthorized, "who_are_you", "the token is not known").write(w)
				return
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			operation(r).write(w)
		})
	}
	return mux
}

// object is a JSON object.
type object map[string]any

// reply is the reply of an operation: a status, and a body unless it is nil.
type reply struct {
	status int
	body   any
}

func (r reply) write(w http.ResponseWriter) {
	if r.body == nil {
		w.WriteHeader(r.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(r.status)
	_ = json.NewEncoder(w).Encode(r.body) //nolint:errcheck // The client is gone if this fails.
}

func failure(status int, code, detail string) reply {
	return reply{status, object{"error": object{"code": code, "detail": detail}}}
}

// Fail writes an error of the API.
func Fail(w http.ResponseWriter, status int, code, detail string) {
	failure(status, code, detail).write(w)
}

var done = reply{http.StatusNoContent, nil}

func (s *Server) listPeople(r *http.Request) reply {
	start := 0
	if after := r.URL.Query().Get("after"); after != "" {
		place, err := base64.RawURLEncoding.DecodeString(after)
		if err == nil {
			start, err = strconv.Atoi(string(place))
		}
		if err != nil || start > len(s.data.People) {
			return failure(http.StatusBadRequest, "bad_cursor", "after is no cursor of this list")
		}
	}
	end := min(start+cmp.Or(number(r, "limit"), 50), len(s.data.People))
	meta := object{"nextCursor": nil}
	if more := end < len(s.data.People); more || s.options.LateEnd && end == start+number(r, "limit") {
		meta["nextCursor"] = CursorOf(end)
	}
	return reply{http.StatusOK, object{"people": s.data.People[start:end], "meta": meta}}
}

// CursorOf returns the cursor of the page of people that starts at an index.
func CursorOf(start int) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(start)))
}

func (s *Server) listGroups(r *http.Request) reply {
	data := object{"items": page(r, s.data.Groups)}
	if s.options.WithTotal {
		data["total_count"] = len(s.data.Groups)
	}
	return reply{http.StatusOK, object{"data": data}}
}

func (s *Server) listWorkspaces(*http.Request) reply {
	return reply{http.StatusOK, s.data.Workspaces}
}

// workspace returns the index of the workspace that the path names, or the reply that
// there is none.
func (s *Server) workspace(r *http.Request) (int, reply) {
	at := slices.IndexFunc(s.data.Workspaces, func(w Workspace) bool { return r.PathValue("workspace") == strconv.FormatInt(w.ID, 10) })
	return at, failure(http.StatusNotFound, "no_such_workspace", "there is no workspace "+r.PathValue("workspace"))
}

func (s *Server) closeWorkspace(r *http.Request) reply {
	at, refused := s.workspace(r)
	if at < 0 {
		return refused
	}
	s.data.Workspaces = slices.Delete(slices.Clone(s.data.Workspaces), at, at+1)
	return done
}

func (s *Server) setState(r *http.Request) reply {
	at, refused := s.workspace(r)
	if at < 0 {
		return refused
	}
	body, err := io.ReadAll(r.Body)
	var to Workspace
	if err == nil {
		err = json.Unmarshal(body, &to)
	}
	if err != nil {
		return failure(http.StatusBadRequest, "bad_body", err.Error())
	}
	s.bodies = append(s.bodies, string(body))
	if s.options.RefuseRepeats && s.data.Workspaces[at].State == to.State {
		return failure(http.StatusConflict, "already_so", "the workspace is "+to.State)
	}
	s.data.Workspaces[at].State = to.State
	return done
}

func (s *Server) tidy(r *http.Request) reply {
	at, refused := s.workspace(r)
	if at < 0 {
		return refused
	}
	return reply{http.StatusOK, s.data.Workspaces[at]}
}

func (s *Server) listRoles(r *http.Request) reply {
	var roles []Role
	for _, role := range s.data.Roles {
		if slices.Contains(r.URL.Query()["levels"], strconv.Itoa(role.Role.Level)) {
			roles = append(roles, role)
		}
	}
	return reply{http.StatusOK, object{"catalogue": roles}}
}

func (s *Server) getPerson(r *http.Request) reply {
	p, refused := s.person(r)
	if p == nil {
		return refused
	}
	return reply{http.StatusOK, p}
}

func (s *Server) giveRole(r *http.Request) reply {
	p, refused := s.person(r)
	if p == nil {
		return refused
	}
	var key RoleKey
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&key); err != nil {
		return failure(http.StatusBadRequest, "bad_body", err.Error())
	}
	if !slices.ContainsFunc(s.data.Roles, func(role Role) bool { return role.Role == key }) {
		return failure(http.StatusUnprocessableEntity, "no_such_role", fmt.Sprintf("there is no role %q at level %d", key.Key, key.Level))
	}
	if s.options.RefuseRepeats && slices.Contains(p.Roles, key) {
		return failure(http.StatusConflict, "already_held", "the person has the role")
	}
	p.Roles = append(p.Roles, key)
	return reply{http.StatusCreated, object{"result": object{"person": p}}}
}

func (s *Server) takeRole(r *http.Request) reply {
	p, refused := s.person(r)
	if p == nil {
		return refused
	}
	key := RoleKey{r.PathValue("key"), number(r, "level")}
	if s.options.RefuseRepeats && !slices.Contains(p.Roles, key) {
		return failure(http.StatusNotFound, "not_held", "the person does not have the role")
	}
	p.Roles = slices.DeleteFunc(p.Roles, func(held RoleKey) bool { return held == key })
	return done
}

// listMembers lists people by their groups. Nobody is a guest.
func (s *Server) listMembers(r *http.Request) reply {
	members := []*Person{}
	for _, p := range s.data.People {
		in := func(g GroupMember) bool { return r.PathValue("group") == strconv.FormatInt(g.ID, 10) }
		if r.URL.Query().Get("kind") == "direct" && slices.ContainsFunc(p.Workspaces, func(m Membership) bool { return slices.ContainsFunc(m.Groups, in) }) {
			members = append(members, p)
		}
	}
	return reply{http.StatusOK, page(r, members)}
}

func (s *Server) addMember(r *http.Request) reply {
	p, group, refused := s.member(r)
	if p == nil {
		return refused
	}
	in := *group.Workspace
	at := slices.IndexFunc(p.Workspaces, func(m Membership) bool { return m.ID == in })
	if at < 0 {
		at = len(p.Workspaces)
		p.Workspaces = append(p.Workspaces, Membership{ID: in})
	}
	p.Workspaces[at].Groups = append(p.Workspaces[at].Groups, GroupMember{ID: group.ID})
	return done
}

func (s *Server) removeMember(r *http.Request) reply {
	p, group, refused := s.member(r)
	if p == nil {
		return refused
	}
	for i := range p.Workspaces {
		m := &p.Workspaces[i]
		m.Groups = slices.DeleteFunc(m.Groups, func(g GroupMember) bool { return g.ID == group.ID })
	}
	return done
}

// person returns the person that the path names, or the reply that there is none.
func (s *Server) person(r *http.Request) (*Person, reply) {
	for _, p := range s.data.People {
		if r.PathValue("person") == strconv.FormatInt(p.ID, 10) {
			return p, reply{}
		}
	}
	return nil, failure(http.StatusNotFound, "no_such_person", "there is no person "+r.PathValue("person"))
}

// member returns the person and the group that the path names.
func (s *Server) member(r *http.Request) (*Person, Group, reply) {
	p, refused := s.person(r)
	if p == nil {
		return nil, Group{}, refused
	}
	for _, g := range s.data.Groups {
		if r.PathValue("group") == strconv.FormatInt(g.ID, 10) && g.Workspace != nil {
			return p, g, reply{}
		}
	}
	return nil, Group{}, failure(http.StatusNotFound, "no_such_group", "there is no group "+r.PathValue("group"))
}

// page returns the records on the page with the requested number.
func page[T any](r *http.Request, all []T) []T {
	size, number := cmp.Or(number(r, "per_page"), 50), cmp.Or(number(r, "page"), 1)
	start := min((number-1)*size, len(all))
	return all[start:min(start+size, len(all))]
}

// number returns a query parameter as a number; 0 without it.
func number(r *http.Request, name string) int {
	n, _ := strconv.Atoi(r.URL.Query().Get(name)) //nolint:errcheck // What is no number is not given.
	return n
}
