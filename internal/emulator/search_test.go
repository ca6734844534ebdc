package emulator_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// numbered is a project of users u0, u1 and so on.
func numbered(n int) emulator.Project {
	var p emulator.Project
	for i := range n {
		p.Users = append(p.Users, emulator.User{UserID: fmt.Sprintf("u%d", i)})
	}
	return p
}

func TestPaging(t *testing.T) {
	srv := emulatortest.Start(t, numbered(7), emulator.Options{})
	for body, want := range map[string]string{
		`{}`:                              "u0 u1 u2 u3 u4 u5 u6 of 7",
		`{"limit":0}`:                     "u0 u1 u2 u3 u4 u5 u6 of 7",
		`{"limit":3}`:                     "u0 u1 u2 of 7",
		`{"limit":3,"page":1}`:            "u3 u4 u5 of 7",
		`{"limit":3,"page":2}`:            "u6 of 7",
		`{"limit":3,"page":3}`:            " of 7",
		`{"limit":3,"offset":4}`:          "u4 u5 u6 of 7",
		`{"limit":3,"offset":4,"page":9}`: "u4 u5 u6 of 7",
		`{"limit":3,"offset":0,"page":1}`: "u3 u4 u5 of 7",
		`{"limit":3,"offset":7}`:          " of 7",
		`{"limit":2147483647}`:            "400 E011004",
		`{"limit":1001}`:                  "400 E011004",
		`{"limit":-1}`:                    "400 E011004",
		`{"page":-1}`:                     "400 E011004",
		`{"offset":-1}`:                   "400 E011004",
	} {
		reply := call(t, srv, search, body)
		got := reply.failure()
		if got == "200" {
			got = found(t, reply)
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestDefaultLimit(t *testing.T) {
	srv := emulatortest.Start(t, numbered(1100), emulator.Options{})
	for body, want := range map[string]int{`{}`: 100, `{"page":10}`: 100, `{"page":11}`: 0, `{"limit":1000}`: 1000} {
		reply := read[struct{ Users []any }](t, call(t, srv, search, body))
		if len(reply.Users) != want {
			t.Errorf("%s: %d users, want %d", body, len(reply.Users), want)
		}
	}
}

func TestFilters(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{
		Tenants: []emulator.Tenant{{ID: "T1"}, {ID: "T2", Parent: "T1"}},
		Users: []emulator.User{
			{
				UserID: "ada", LoginIDs: []string{"ada@x.example", "lovelace"}, Name: "Ada L.", Email: "ada@x.example", Phone: "+1555",
				RoleNames: []string{"Editor"}, SAML: true, SSOAppIDs: []string{"app"},
				CustomAttributes: map[string]any{"level": 3, "team": "blue"},
			},
			{UserID: "bob", Status: "invited", Tenants: []emulator.Membership{{TenantID: "T1", RoleNames: []string{"Editor"}}}, SCIM: true},
			{UserID: "cyd", Status: "disabled", Tenants: []emulator.Membership{{TenantID: "T2"}}, OIDC: true, CustomAttributes: map[string]any{"team": "red"}},
			{UserID: "tess", Test: true, RoleNames: []string{"Editor"}},
		},
	}, emulator.Options{})
	for body, want := range map[string]string{
		`{}`:                    "ada bob cyd of 3",
		`{"withTestUser":true}`: "ada bob cyd tess of 4",
		`{"withTestUser":true,"roleNames":["Editor"]}`:   "ada bob tess of 3",
		`{"testUsersOnly":true}`:                         "tess of 1",
		`{"loginId":"lovelace"}`:                         "ada of 1",
		`{"loginIds":["x","ada@x.example"]}`:             "ada of 1",
		`{"userIds":["cyd","bob","none"]}`:               "bob cyd of 2",
		`{"emails":["ada@x.example"]}`:                   "ada of 1",
		`{"phones":["+1555"]}`:                           "ada of 1",
		`{"statuses":["invited","disabled"]}`:            "bob cyd of 2",
		`{"roleNames":["Editor"]}`:                       "ada bob of 2",
		`{"roleNames":["editor"]}`:                       " of 0",
		`{"tenantIds":["T1"]}`:                           "bob of 1",
		`{"tenantIds":["T1","T2"]}`:                      "bob cyd of 2",
		`{"tenantIds":["T1"],"includeSubTenants":true}`:  "bob cyd of 2",
		`{"tenantIds":["T1"],"roleNames":["Other"]}`:     " of 0",
		`{"text":"ADA"}`:                                 "ada of 1",
		`{"text":"lace"}`:                                "ada of 1",
		`{"ssoOnly":true}`:                               "ada cyd of 2",
		`{"scimOnly":true}`:                              "bob of 1",
		`{"ssoAppIds":["app"]}`:                          "ada of 1",
		`{"customAttributes":{"level":3}}`:               "ada of 1",
		`{"customAttributes":{"team":["red","blue"]}}`:   "ada cyd of 2",
		`{"customAttributes":{"team":"red","level":3}}`:  " of 0",
		`{"withTestUser":true,"limit":2,"offset":1}`:     "bob cyd of 4",
		`{"tenantIds":[],"roleNames":[],"statuses":[]}`:  "ada bob cyd of 3",
		`{"tenantIds":null,"sort":null,"text":null}`:     "ada bob cyd of 3",
		`{"limit":null,"withTestUser":null,"page":null}`: "ada bob cyd of 3",
	} {
		if got := found(t, call(t, srv, search, body)); got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
}

func TestSort(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{Users: []emulator.User{
		{UserID: "c", CreatedTime: 5, Email: "1@x", Name: "B", Status: "invited", Phone: "+3", LoginIDs: []string{"z"}},
		{UserID: "a", CreatedTime: 9, Email: "3@x", Name: "B", Status: "enabled", Phone: "+2", Tenants: []emulator.Membership{{TenantID: "T1"}}},
		{UserID: "b", CreatedTime: 5, Email: "2@x", Name: "A", Status: "disabled", Phone: "+1", LoginIDs: []string{"y"}},
	}}, emulator.Options{})
	for sort, want := range map[string]string{
		``:                                          "c a b", // as they were added
		`{"field":"createdTime"}`:                   "b c a",
		`{"field":"modifiedTime"}`:                  "b c a",
		`{"field":"createdTime","desc":true}`:       "a b c",
		`{"field":"email"}`:                         "c b a",
		`{"field":"displayName"}`:                   "b a c",
		`{"field":"displayName","desc":true}`:       "a c b",
		`{"field":"id"}`:                            "a b c",
		`{"field":"id","desc":true}`:                "c b a",
		`{"field":"status"}`:                        "b a c",
		`{"field":"phoneNumber"}`:                   "b a c",
		`{"field":"externalId"}`:                    "a b c",
		`{"field":"tenant","desc":true}`:            "a b c",
		`{"field":"createdTime"},{"field":"email"}`: "c b a",
	} {
		want += " of 3"
		if got := found(t, call(t, srv, search, `{"sort":[`+sort+`]}`)); got != want {
			t.Errorf("sort %s: got %q, want %q", sort, got, want)
		}
	}
}

// A search that has been asked before must show what has happened since.
func TestSearchSeesChanges(t *testing.T) {
	srv := emulatortest.Start(t, numbered(2), emulator.Options{})
	store := srv.Store()
	steps := []struct {
		change func()
		want   string
	}{
		{func() {}, "u0 u1 of 2"},
		{func() { store.PutUser(emulator.User{UserID: "u2"}) }, "u0 u1 u2 of 3"},
		{func() { store.DeleteUser("u0") }, "u1 u2 of 2"},
		{func() { store.PutUser(emulator.User{UserID: "u1", Test: true}) }, "u2 of 1"},
		{func() { store.AddRawUser(`{"userId":"u2"}`) }, "u2 u2 of 2"},
	}
	for i, step := range steps {
		step.change()
		if got := found(t, call(t, srv, search, `{}`)); got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
}

// Names and permissions in a user come from tenants and roles as they are now.
func TestUsersFollowTheCatalogue(t *testing.T) {
	srv := emulatortest.Start(t, emulator.Project{
		Tenants: []emulator.Tenant{{ID: "T1", Name: "Old"}},
		Roles: []emulator.Role{
			{Name: "R", PermissionNames: []string{"p1", "p2"}},
			{Name: "S", PermissionNames: []string{"p2", "p3"}},
			{Name: "R", TenantID: "T1", PermissionNames: []string{"own"}},
		},
		Users: []emulator.User{{
			UserID: "u", RoleNames: []string{"R", "S", "gone"},
			Tenants: []emulator.Membership{{TenantID: "T1", RoleNames: []string{"R", "S"}}, {TenantID: "gone"}},
		}},
	}, emulator.Options{})
	check := func(want ...string) {
		t.Helper()
		body := string(call(t, srv, search, `{}`).body)
		for _, part := range want {
			if !strings.Contains(body, part) {
				t.Errorf("no %s in %s", part, body)
			}
		}
	}
	check(`"permissions":["p1","p2","p3"]`, `"tenantName":"Old"`, `"permissions":["own","p2","p3"]`,
		`{"tenantId":"gone","roleNames":[],"tenantName":"","permissions":[]}`)
	srv.Store().PutTenant(emulator.Tenant{ID: "T1", Name: "New"})
	srv.Store().DeleteRole("T1", "R")
	check(`"tenantName":"New"`, `"roleNames":["R","S"],"tenantName":"New","permissions":["p1","p2","p3"]`)
}
