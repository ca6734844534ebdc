package connector_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// also answers a request after it has made others, of which nobody knows.
func also(requests ...[2]string) fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		for _, other := range requests {
			request := httptest.NewRequestWithContext(r.Context(), other[0], "/api"+other[1], http.NoBody)
			request.Header = r.Header
			next.ServeHTTP(httptest.NewRecorder(), request)
		}
		next.ServeHTTP(w, r)
	}
}

// TestSecondAPIChangesMore: a write that does more than it says fails, and the error
// lists it.
func TestSecondAPIChangesMore(t *testing.T) {
	const either = " does more than the mapping says (also_grants, also_revokes), or somebody else, or another run, changed it at about the same time"
	takesRole, leaves := [2]string{"DELETE", "/people/101/roles/keeper?level=1"}, [2]string{"DELETE", "/groups/34/members/101"}
	for _, test := range []struct {
		name, request string
		fault         fault
		grant, revoke string
		want          string
	}{
		{
			"a revocation takes a role as well", "DELETE /groups/31/members/101", also(takesRole), "", "group:31:member:person:101",
			`RemoveGroupMember made the change, and more is different: the person lost role.held on "1/keeper"; either RemoveGroupMember` + either,
		},
		{
			"a grant takes a role and a membership", "PUT /groups/32/members/102", also(takesRole, leaves, [2]string{"DELETE", "/groups/31/members/102"}), "group:32:member:person:102", "", "",
		},
		{
			"a grant gives a membership", "PUT /groups/34/members/105", also([2]string{"PUT", "/groups/31/members/105"}), "group:34:member:person:105", "",
			`AddGroupMember made the change, and more is different: the person was given group.member on "31"; either AddGroupMember` + either,
		},
		{
			"the reply has a role that no reading shows", "POST /people/101/roles", edit(func(_ *http.Request, body string) string {
				return strings.Replace(body, `"roles":[`, `"roles":[{"key":"keeper","level":3},`, 1)
			}), "role:2/keeper:held:person:101", "", "",
		},
		{
			"the reply has the record", "POST /people/101/roles", also(takesRole, leaves), "role:2/keeper:held:person:101", "",
			`GiveRole made the change, and more is different: the person lost group.member on "34", role.held on "1/keeper"; either GiveRole` + either,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := deskOf(t, secondapi.Options{Fault: on(test.request, test.fault)})
			err := d.change(test.grant, test.revoke)
			if test.want == "" {
				if err != nil {
					t.Error(err) // Somebody else's grants are not looked at.
				}
				return
			}
			wantError(t, err, test.want)
		})
	}
}

// change makes a grant, or revokes one.
func (d desk) change(grant, revoke string) error {
	if grant != "" {
		_, err := d.grant(grant)
		return err
	}
	_, err := d.revoke(revoke)
	return err
}

// TestHoldersChangeMore: where the grants are in lists of holders, the others in the list
// are compared, as far as it is read before the change and after it.
func TestHoldersChangeMore(t *testing.T) {
	in := func(groups ...int64) []secondapi.Membership {
		var all []secondapi.GroupMember
		for _, id := range groups {
			all = append(all, secondapi.GroupMember{ID: id})
		}
		return []secondapi.Membership{{ID: 7, Groups: all}}
	}
	leave := func(id string) [2]string { return [2]string{"DELETE", "/groups/31/members/" + id} }
	const either = "; either RemoveGroupMember does more than the mapping says"
	for _, test := range []struct {
		name, request string
		fault         fault
		grant, revoke string
		want          string
	}{
		{name: "a grant", grant: "group:31:member:person:105"},
		{name: "a revocation", revoke: "group:31:member:person:102"},
		{
			"a revocation takes all", "DELETE /groups/31/members/102", also(leave("101"), leave("103")), "", "group:31:member:person:102",
			`RemoveGroupMember made the change, and more is different: group.member was taken from person "101", person "103"` + either,
		},
		{
			"a revocation of the last takes all", "DELETE /groups/31/members/103", also(leave("101"), leave("102")), "", "group:31:member:person:103",
			`group.member was taken from person "101", person "102"` + either,
		},
		{
			"a grant gives it to another", "PUT /groups/31/members/105", also([2]string{"PUT", "/groups/31/members/104"}), "group:31:member:person:105", "",
			`AddGroupMember made the change, and more is different: group.member was given to person "104"; either`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			data := secondapi.Demo()
			for i, p := range data.People {
				p.Workspaces = in(34)
				if i < 3 {
					p.Workspaces = in(31)
				}
			}
			server := secondapi.Start(t, data, secondapi.Options{Fault: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if test.fault == nil {
					next.ServeHTTP(w, r)
					return
				}
				on(test.request, test.fault)(w, r, next)
			}})
			c, _ := harness.Client(t, workbenchHolders(t, server))
			err := desk{t, server, c}.change(test.grant, test.revoke)
			if test.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantError(t, err, test.want)
		})
	}
}

// TestComparingCostsNothing: no request is made for it.
func TestComparingCostsNothing(t *testing.T) {
	for _, test := range []struct {
		change string
		want   []string
	}{
		{"group:31:member:person:105", []string{"GET /people/105", "GET /people/105", "PUT /groups/31/members/105"}},
		{"role:2/keeper:held:person:105", []string{"GET /people/105", "POST /people/105/roles"}},
	} {
		d := deskOf(t, secondapi.Options{})
		d.wantGrant(test.change, false)
		var got []string
		for request, times := range d.server.Requests() {
			got = append(got, slices.Repeat([]string{request}, times)...)
		}
		slices.Sort(got)
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", test.change, got, test.want)
		}
	}
}
