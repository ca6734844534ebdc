package mapping_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

// held returns what a record says that its resource holds: a line for each
// grant, then the error.
func held(typ *mapping.ResourceType, r mapping.Record) string {
	var lines []string
	for _, rule := range typ.Grants {
		err := rule.Each(r, func(on mapping.ID) error {
			lines = append(lines, rule.Entitlement.Name()+" on "+on.String())
			return nil
		})
		if err != nil {
			lines = append(lines, err.Error())
		}
	}
	return strings.Join(lines, "\n")
}

func TestGrantsOfADescopeUser(t *testing.T) {
	for _, c := range []struct{ name, record, want string }{
		{"nothing", `{"userId":"U1"}`, ""},
		{"null", `{"userId":"U1","roleNames":null,"userTenants":null}`, ""},
		{"roles of the project", `{"userId":"U1","roleNames":["A","B/C"]}`, "role.assigned on A\nrole.assigned on B%2FC"},
		{"roles stay with their tenant", `{"userId":"U1","userTenants":[{"tenantId":"T1","roleNames":["A","B"]},{"tenantId":"T2"},{"tenantId":"T3","roleNames":["A"]}]}`,
			"tenant.member on T1\ntenant.member on T2\ntenant.member on T3\nrole.assigned on T1/A\nrole.assigned on T1/B\nrole.assigned on T3/A"},
		{"an empty role name is an error", `{"userId":"U1","roleNames":["A",""]}`, "role.assigned on A\nuser \"U1\" of SearchUsers: an entry lacks roleNames"},
		{"a tenant without its id is never a role of the project", `{"userId":"U1","userTenants":[{"roleNames":["A"]}]}`,
			"user \"U1\" of SearchUsers: an entry lacks userTenants.tenantId\nuser \"U1\" of SearchUsers: an entry lacks userTenants.tenantId"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := held(loadFrozen(t).Type("user"), recordOf[descope.ResponseUser](t, c.record)); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestGrantRules(t *testing.T) {
	for _, c := range []struct{ name, on, record, want string }{
		{"numbers", "{region: teams.region, id: teams.team}", `{"id":1,"teams":[{"region":"eu","team":7},{"region":"us","team":8}]}`, "team.member on eu/7\nteam.member on us/8"},
		{"a null entry", "{region: teams.region, id: teams.team}", `{"id":1,"teams":[{"region":"eu","team":null}]}`, `person "1" of ListPeople: an entry lacks teams.team`},
		{"a zero in an entry", "{region: teams.region, id: teams.team}", `{"id":1,"teams":[{"region":"eu","team":0}]}`, `person "1" of ListPeople: an entry lacks teams.team`},
		{"a leading part that an entry lacks", "{region: teams.region, id: teams.team}", `{"id":1,"teams":[{"team":7}]}`, `person "1" of ListPeople: an entry lacks teams.region`},
		{"a leading part that is not bound", "{id: teams.team}", `{"id":1,"teams":[{"team":7}]}`, "team.member on 7"},
		{"a list within one entry", "{region: teams.team, id: teams.badges}", `{"id":1,"teams":[{"team":7,"badges":["a","b"]},{"team":8,"badges":["c"]}]}`, "team.member on 7/a\nteam.member on 7/b\nteam.member on 8/c"},
		{"the longer list first", "{region: teams.badges, id: teams.team}", `{"id":1,"teams":[{"team":7,"badges":["a","b"]}]}`, "team.member on a/7\nteam.member on b/7"},
		{"a field of the record beside a list", "{region: region, id: teams.team}", `{"id":1,"region":"eu","teams":[{"team":7},{"team":8}]}`, "team.member on eu/7\nteam.member on eu/8"},
		{"a list beside an optional field", "{region: teams.region, id: lead}", `{"id":1,"teams":[{"region":"eu"}]}`, ""},
		{"an optional field", "{id: lead}", `{"id":1,"lead":7}`, "team.member on 7"},
		{"an optional field without a value", "{id: lead}", `{"id":1}`, ""},
		{"optional fields of which the last has no value", "{region: region, id: lead}", `{"id":1,"region":"eu"}`, ""},
		{"a free-form field", "{id: extra.lead}", `{"id":1,"extra":{"lead":7}}`, "team.member on 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := strings.Replace(peopleMapping, "{region: teams.region, id: teams.team}", c.on, 1)
			plan, err := mapping.Load("people.yaml", []byte(src), peopleAPI)
			if err != nil {
				t.Fatal(err)
			}
			if got := held(plan.Type("person"), recordOf[person](t, c.record)); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestCallersErrorsAreReturnedUnchanged(t *testing.T) {
	stop := errors.New("enough")
	rule := loadFrozen(t).Type("user").Grants[1]
	err := rule.Each(mapping.RecordOf(&descope.ResponseUser{RoleNames: []string{"A"}}), func(mapping.ID) error { return stop })
	if err != stop {
		t.Errorf("got %v", err)
	}
}

func TestDerivedRoles(t *testing.T) {
	also := loadFrozen(t).Type("role").Derivations[0]
	r := recordOf[descope.ResponseUser](t, `{"userId":"U1","roleNames":["P"],"userTenants":[{"tenantId":"T1","roleNames":["A","B"]}]}`)
	var got []string
	if err := also.Each(r, func(id mapping.ID) error {
		got = append(got, id.String()+" is like "+also.Like(id).String())
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, ", ") != "T1/A is like A, T1/B is like B" {
		t.Error(got)
	}
	r = recordOf[descope.ResponseUser](t, `{"userId":"U1","userTenants":[{"roleNames":["A"]}]}`)
	err := also.Each(r, func(mapping.ID) error { t.Error("an invented id"); return nil })
	if err == nil || err.Error() != `user "U1" of SearchUsers: an entry lacks userTenants.tenantId` {
		t.Error(err)
	}
}

func TestIDsOfRecords(t *testing.T) {
	plan, people := loadFrozen(t), loadPeople(t)
	for _, c := range []struct {
		typ    *mapping.ResourceType
		record any
		want   string
	}{
		{plan.Type("role"), &descope.Role{Name: "A"}, "A"},
		{plan.Type("role"), &descope.Role{Name: "A/B", TenantID: new("T1")}, "T1/A%2FB"},
		{plan.Type("role"), &descope.Role{TenantID: new("T1")}, "a role record of LoadAllRoles lacks name, which its id needs"},
		{plan.Type("user"), &descope.ResponseUser{}, "a user record of SearchUsers lacks userId, which its id needs"},
		{people.Type("person"), &person{ID: 9007199254740993}, "9007199254740993"},
		{people.Type("person"), &person{}, "a person record of ListPeople lacks id, which its id needs"},
	} {
		id, err := c.typ.IDOf(mapping.RecordOf(c.record))
		got := id.String()
		if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func TestParents(t *testing.T) {
	typ := loadFrozen(t).Type("role")
	for id, want := range map[string]string{"T1/A": "T1", "A": ""} {
		parsed, err := typ.ParseID(id)
		if err != nil {
			t.Fatal(err)
		}
		// A role that users show has a parent and no record.
		parent, err := typ.ParentID(parsed, mapping.Record{})
		if err != nil || parent.String() != want {
			t.Errorf("the parent of %s is %q (%v), want %q", id, parent, err, want)
		}
	}
}
