package connector_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/annotations"
	"github.com/conductorone/baton-sdk/pkg/types"

	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

// desk grants and revokes at a Workbench.
type desk struct {
	*testing.T
	server *secondapi.Server
	client types.ConnectorClient
}

func deskOf(t *testing.T, o secondapi.Options) desk {
	t.Helper()
	server := secondapi.Start(t, secondapi.Demo(), o)
	client, _ := harness.Client(t, workbench(t, server))
	return desk{t, server, client}
}

// split splits the id of a grant: TYPE:ID:SLUG:TYPE:ID.
func split(grant string) (*v2.Entitlement, *v2.Resource) {
	parts := strings.SplitN(grant, ":", 5)
	resource := func(typeID, id string) *v2.Resource {
		return v2.Resource_builder{Id: v2.ResourceId_builder{ResourceType: typeID, Resource: id}.Build()}.Build()
	}
	return v2.Entitlement_builder{
		Id:       strings.Join(parts[:3], ":"),
		Resource: resource(parts[0], parts[1]),
	}.Build(), resource(parts[3], parts[4])
}

func (d desk) grant(grant string) (annotations.Annotations, error) {
	d.Helper()
	entitlement, principal := split(grant)
	reply, err := d.client.Grant(d.Context(), v2.GrantManagerServiceGrantRequest_builder{Entitlement: entitlement, Principal: principal}.Build())
	if err == nil && (len(reply.GetGrants()) != 1 || reply.GetGrants()[0].GetId() != grant) {
		d.Errorf("granting %s returned the grants %v", grant, reply.GetGrants())
	}
	return reply.GetAnnotations(), err
}

func (d desk) revoke(grant string) (annotations.Annotations, error) {
	entitlement, principal := split(grant)
	reply, err := d.client.Revoke(d.Context(), v2.GrantManagerServiceRevokeRequest_builder{
		Grant: v2.Grant_builder{Id: grant, Entitlement: entitlement, Principal: principal}.Build(),
	}.Build())
	return reply.GetAnnotations(), err
}

// wantGrant wants a grant, or with already one that is there.
func (d desk) wantGrant(grant string, already bool) {
	d.Helper()
	annos, err := d.grant(grant)
	if err != nil {
		d.Fatal(err)
	}
	if annos.Contains(&v2.GrantAlreadyExists{}) != already {
		d.Errorf("granting %s: already there is %t, want %t", grant, !already, already)
	}
}

// wantRevoke wants a revocation, or with already one of what is gone.
func (d desk) wantRevoke(grant string, already bool) {
	d.Helper()
	annos, err := d.revoke(grant)
	if err != nil {
		d.Fatal(err)
	}
	if annos.Contains(&v2.GrantAlreadyRevoked{}) != already {
		d.Errorf("revoking %s: gone already is %t, want %t", grant, !already, already)
	}
}

// wantWrites wants these writes since the last time, in any order.
func (d desk) wantWrites(want ...string) {
	d.Helper()
	if got := d.server.Writes(); !slices.Equal(got, want) {
		d.Errorf("writes: got %q, want %q", got, want)
	}
}

func TestSecondAPIGrantsAndRevokes(t *testing.T) {
	for _, test := range []struct {
		name, grant, write, undo string
	}{
		{
			"a path names both, and the reply has no content", "group:31:member:person:105",
			"PUT /groups/31/members/105", "DELETE /groups/31/members/105",
		},
		{
			"path and body name them, and the reply has the record", "role:2/keeper:held:person:101",
			"POST /people/101/roles", "DELETE /people/101/roles/keeper?level=2",
		},
		{
			"a name that a path has to escape", "role:3/a%2Fb %25:held:person:104",
			"POST /people/104/roles", "DELETE /people/104/roles/a%2Fb%20%25?level=3",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := deskOf(t, secondapi.Options{})
			d.wantGrant(test.grant, false)
			d.wantWrites(test.write)
			d.wantGrant(test.grant, true)
			d.wantWrites(test.write)
			d.wantRevoke(test.grant, false)
			d.wantWrites(test.undo)
			d.wantRevoke(test.grant, true)
			d.wantWrites(test.undo)
			d.wantGrant(test.grant, false)
			d.wantWrites(test.write)
		})
	}
}

// TestSecondAPIWritesFromTheRecord: a write is filled from the principal's record, as it
// is read before the write.
func TestSecondAPIWritesFromTheRecord(t *testing.T) {
	for path, want := range map[string]string{
		"record.id": "",
		"record.profile.contact.email or record.id": "",
		"record.profile.contact.email":              `"person_id" is required, but record.profile.contact.email has no value`,
	} {
		t.Run(path, func(t *testing.T) {
			src := strings.ReplaceAll(string(secondapi.Mapping), "{person_id: principal.id, level", "{person_id: "+path+", level")
			plan, err := mapping.Load("mapping.yaml", []byte(src), mapping.Environment{Operations: client.Operations})
			if err != nil {
				t.Fatal(err)
			}
			server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
			options := workbench(t, server)
			options.Plan = plan
			sdk, _ := harness.Client(t, options)
			d := desk{t, server, sdk}
			if want != "" {
				_, err := d.grant("role:2/keeper:held:person:105")
				wantError(t, err, want)
				d.wantWrites()
				return
			}
			d.wantGrant("role:2/keeper:held:person:105", false)
			d.wantWrites("POST /people/105/roles")
			d.wantRevoke("role:2/keeper:held:person:105", false)
			d.wantWrites("DELETE /people/105/roles/keeper?level=2")
		})
	}
}

// TestSecondAPIAnswerLost applies every write and cuts the connection instead
// of answering: reading shows that it was done, and it is not done twice.
func TestSecondAPIAnswerLost(t *testing.T) {
	d := deskOf(t, secondapi.Options{Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.Method == http.MethodGet {
			next.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(httptest.NewRecorder(), r)
		panic(http.ErrAbortHandler)
	}})
	d.wantGrant("group:31:member:person:105", false)
	d.wantWrites("PUT /groups/31/members/105")
	d.wantGrant("role:2/keeper:held:person:105", false)
	d.wantWrites("POST /people/105/roles")
	d.wantRevoke("role:2/keeper:held:person:105", false)
	d.wantWrites("DELETE /people/105/roles/keeper?level=2")
}

// TestSecondAPIAnswerWithoutRecord leaves out the record that the document
// allows to be left out: it is read instead.
func TestSecondAPIAnswerWithoutRecord(t *testing.T) {
	d := deskOf(t, secondapi.Options{Fault: on("POST /people/105/roles", edit(func(*http.Request, string) string { return `{"result": {}}` }))})
	d.wantGrant("role:2/keeper:held:person:105", false)
	if got := d.server.Requests()["GET /people/105"]; got != 2 {
		t.Errorf("the person was read %d times, want 2: before the write and after", got)
	}
}

// TestSecondAPIRefusesRepeats of an API that takes a write twice for a mistake: with
// reading that agrees, that is success.
func TestSecondAPIRefusesRepeats(t *testing.T) {
	d := deskOf(t, secondapi.Options{RefuseRepeats: true})
	for _, already := range []bool{false, true} {
		d.wantGrant("role:2/keeper:held:person:105", already)
		d.wantWrites("POST /people/105/roles")
	}
	for _, already := range []bool{false, true} {
		d.wantRevoke("role:2/keeper:held:person:105", already)
		d.wantWrites("DELETE /people/105/roles/keeper?level=2")
	}
}

// TestSecondAPIReadsLag: reading shows a person as she was before.
func TestSecondAPIReadsLag(t *testing.T) {
	t.Run("after a write with a reply that proves it", func(t *testing.T) {
		d := deskOf(t, secondapi.Options{Fault: on("GET /people/105", old(100)), RefuseRepeats: true})
		d.wantGrant("role:2/keeper:held:person:105", false)
		d.wantRevoke("role:2/keeper:held:person:105", true)
		d.wantWrites("DELETE /people/105/roles/keeper?level=2", "POST /people/105/roles")
		d.wantGrant("role:2/keeper:held:person:105", false)
	})
	t.Run("after a write with a reply that does not", func(t *testing.T) {
		d := deskOf(t, secondapi.Options{Fault: on("GET /people/105", old(2))})
		d.wantGrant("group:31:member:person:105", false)
		d.wantWrites("PUT /groups/31/members/105")
	})
	t.Run("after a write that is refused, though reading says that there is something to do", func(t *testing.T) {
		d := deskOf(t, secondapi.Options{Fault: on("GET /people/105", old(3)), RefuseRepeats: true})
		d.wantGrant("role:2/keeper:held:person:105", false)
		_, err := d.grant("role:2/keeper:held:person:105")
		wantError(t, err, "GiveRole: HTTP 409 Conflict: already_held: the person has the role")
		d.wantGrant("role:2/keeper:held:person:105", true)
	})
}

// old answers so many requests as the first one.
func old(times int32) fault {
	var asked atomic.Int32
	var first atomic.Value
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		if asked.Add(1) == 1 {
			first.Store(recorder.Body.Bytes())
		}
		body := recorder.Body.Bytes()
		if asked.Load() <= times {
			body = first.Load().([]byte)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}
}

// TestSecondAPITransientCode is tried again, whatever the status.
func TestSecondAPITransientCode(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusConflict, http.StatusInternalServerError} {
		var busy atomic.Int32
		d := deskOf(t, secondapi.Options{Fault: on("PUT /groups/31/members/105", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if busy.Add(1) == 1 {
				secondapi.Fail(w, status, "busy", "come back")
				return
			}
			next.ServeHTTP(w, r)
		})})
		d.wantGrant("group:31:member:person:105", false)
		d.wantWrites("PUT /groups/31/members/105", "PUT /groups/31/members/105")
	}
}

func TestSecondAPIPersonIsGone(t *testing.T) {
	d := deskOf(t, secondapi.Options{})
	_, err := d.grant("group:31:member:person:999")
	wantError(t, err, `group.member on "31" for person "999": there is no person "999"`)
	d.wantRevoke("group:31:member:person:999", true)
	d.wantWrites()
}

func TestSecondAPIRefusals(t *testing.T) {
	page := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { http.NotFound(w, nil) }
	readOnly := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		secondapi.Fail(w, http.StatusServiceUnavailable, "read_only_mode", "back on Monday")
	}
	idle := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(http.StatusNoContent) }
	for _, test := range []struct {
		name  string
		fault fault
		// grant is made, revoke is revoked: one of them.
		grant, revoke string
		want          string
		writes        []string
	}{
		{
			name: "the API refuses", grant: "group:33:member:person:101",
			want: "AddGroupMember: HTTP 404 Not Found: no_such_group: there is no group 33", writes: []string{"PUT /groups/33/members/101"},
		},
		{
			name: "a code that another try does not help", fault: on("PUT /groups/31/members/105", readOnly), grant: "group:31:member:person:105",
			want: "AddGroupMember: HTTP 503 Service Unavailable: read_only_mode: back on Monday", writes: []string{"PUT /groups/31/members/105"},
		},
		{
			name: "a code in a reply that says success", grant: "group:31:member:person:105",
			fault: on("PUT /groups/31/members/105", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
				secondapi.Fail(w, http.StatusOK, "read_only_mode", "back on Monday")
			}),
			want: "AddGroupMember: HTTP 200 OK: read_only_mode: back on Monday", writes: []string{"PUT /groups/31/members/105"},
		},
		{
			name: "the record of somebody else in a reply", grant: "role:2/keeper:held:person:105",
			fault: on("POST /people/105/roles", edit(func(_ *http.Request, body string) string { return strings.Replace(body, "105", "101", 1) })),
			want:  `GiveRole answered with the person "101": the change may have been made to "101", and not to "105"`, writes: []string{"POST /people/105/roles"},
		},
		{
			name: "a success that is not valid", fault: on("DELETE /groups/31/members/101", idle), revoke: "group:31:member:person:101",
			want: "RemoveGroupMember reported success, but the change is not visible", writes: []string{"DELETE /groups/31/members/101"},
		},
		{
			name: "a 404 that is not the API's is not a person who is gone", fault: on("GET /people/101", page), revoke: "group:31:member:person:101",
			want: "GetPerson: HTTP 404 Not Found (the reply is not in the API's own form",
		},
		{
			name: "another person than asked for", revoke: "group:31:member:person:101",
			fault: on("GET /people/101", edit(func(_ *http.Request, body string) string { return strings.Replace(body, "101", "102", 1) })),
			want:  `asked for the person "101", the API answered with "102"`,
		},
		{name: "an entitlement that is read-only", grant: "workspace:7:member:person:105", want: "Workspaces are joined by invitation."},
		{name: "a grant that is read-only", revoke: "workspace:7:member:person:101", want: "Workspaces are joined by invitation."},
		{name: "an id that is no number", grant: "group:thirty:member:person:105", want: `"thirty" is not a whole number`},
		{name: "a part of an id that is no number", grant: "role:high/keeper:held:person:105", want: `"high" is not a whole number`},
		{name: "an id with too many parts", grant: "group:1/2:member:person:105", want: "not an id of this resource type"},
		{
			name: "a name that leads to another path", revoke: "role:1/..:held:person:101",
			fault: on("GET /people/101", edit(func(_ *http.Request, body string) string { return strings.Replace(body, "keeper", "..", 1) })),
			want:  `TakeRole: ".." cannot be part of a path`,
		},
		{name: "a holder of another type", grant: "group:31:member:group:32", want: "group.member cannot be held by a group"},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := deskOf(t, secondapi.Options{Fault: test.fault})
			var err error
			if test.grant != "" {
				_, err = d.grant(test.grant)
			} else {
				_, err = d.revoke(test.revoke)
			}
			wantError(t, err, "baton-workbench: ", test.want)
			d.wantWrites(test.writes...)
		})
	}
}
