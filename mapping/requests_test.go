package mapping_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

// asJSON writes a request, for comparison.
func asJSON(t *testing.T, request any) string {
	t.Helper()
	written, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	return string(written)
}

func TestDescopeRequests(t *testing.T) {
	plan := loadFrozen(t)
	search := plan.Type("user").List.Request(mapping.Position{Offset: 200, Page: 2}, 0)
	body := search.(*descope.SearchUsersCall).Body
	if got, want := asJSON(t, body), `{"limit":100,"offset":200,"page":2,"sort":[{"desc":false,"field":"createdTime"},{"field":"id"}],"withTestUser":false}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	get, err := plan.Type("user").Get.Request(mapping.ID{"U1"})
	if err != nil || *get.(*descope.LoadUserCall).Params.UserID != "U1" {
		t.Errorf("%+v %v", get, err)
	}
	member := plan.Type("role").Entitlement("assigned")
	for id, want := range map[string]string{
		"Editor":    `{"loginId":"U1","roleNames":["Editor"]}`,
		"T1/Editor": `{"loginId":"U1","roleNames":["Editor"],"tenantId":"T1"}`,
	} {
		on, err := plan.Type("role").ParseID(id)
		if err != nil {
			t.Fatal(err)
		}
		grant, err := member.Grant.Request(mapping.ID{"U1"}, on, mapping.Record{})
		if err != nil {
			t.Fatal(err)
		}
		if got := asJSON(t, grant.(*descope.AddUserRolesCall).Body); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestRequestsWithFalseAndZero: false, 0 and "" that the mapping gives are sent,
// and what it does not give is not.
func TestRequestsWithFalseAndZero(t *testing.T) {
	src := strings.NewReplacer(
		"        sort: [{field: createdTime, desc: false}, {field: id}]\n", "        sort: [{desc: false}]\n        page: 0\n        text: ''\n        ssoOnly: false\n",
		", page: page", "",
	).Replace(string(frozen))
	plan, err := mapping.Load("frozen.yaml", []byte(src), descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	search := plan.Type("user").List.Request(mapping.Position{}, 0)
	got := asJSON(t, search.(*descope.SearchUsersCall).Body)
	if want := `{"limit":100,"offset":0,"page":0,"sort":[{"desc":false}],"ssoOnly":false,"text":"","withTestUser":false}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOptionInARequest(t *testing.T) {
	env := descopeAPI
	env.Options = map[string]any{"include-test-users": true}
	plan, err := mapping.Load("frozen.yaml", frozen, env)
	if err != nil {
		t.Fatal(err)
	}
	request := plan.Type("user").List.Request(mapping.Position{}, 0)
	if with := request.(*descope.SearchUsersCall).Body.WithTestUser; with == nil || !*with {
		t.Error("test users were asked for and are not in the request")
	}
}

// TestKindsOfOptions: an option is a truth value, a text or a list of texts. A text or
// a list that is not set is left out, wherever it stands.
func TestKindsOfOptions(t *testing.T) {
	env := descopeAPI
	env.Options = map[string]any{
		"test": false, "text": "ann", "none": "", "tenants": []string{"T1", "T2"}, "nowhere": []string(nil), "status": "disabled", "field": "id", "wrong": "enabeld",
	}
	for _, test := range []struct{ request, want string }{
		{"text: option.text, tenantIds: option.tenants, ssoOnly: option.test", `{"ssoOnly":false,"tenantIds":["T1","T2"],"text":"ann"}`},
		{"text: option.none, tenantIds: option.nowhere", `{}`},
		{"tenantIds: [T0, option.text, option.none], sort: [{field: option.field}]", `{"sort":[{"field":"id"}],"tenantIds":["T0","ann"]}`},
		{"customAttributes: {a: option.text, b: [option.tenants, option.none], c: option.none, d: option.test}", `{"customAttributes":{"a":"ann","b":[["T1","T2"]],"d":false}}`},
		{"customAttributes: {a: option.txt}", `f:25:39: the connector has no option "txt"; did you mean "text"?`},
		{"statuses: [option.status, enabled]", `{"statuses":["disabled","enabled"]}`},
		{"statuses: [option.wrong]", `f:25:28: "enabeld" is not a value of an entry of statuses in the API; did you mean "enabled"?`},
		{"ssoOnly: option.text", "f:25:26: ssoOnly is a truth value, but the option is text"},
		{"text: option.tenants", "f:25:23: text is text, but the option is a list of text"},
		{"tenantIds: option.test", "f:25:28: tenantIds is a list of text, but the option is a truth value"},
		{"limit: option.text", "f:25:24: limit is a number, but the option is text"},
	} {
		t.Run(test.request, func(t *testing.T) {
			before, rest, _ := strings.Cut(string(frozen), "      request:\n")
			_, after, _ := strings.Cut(rest, "total: total}\n")
			src := before + "      request: {" + test.request + "}\n" + after
			plan, err := mapping.Load("f", []byte(src), env)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = asJSON(t, plan.Type("user").List.Request(mapping.Position{}, 0).(*descope.SearchUsersCall).Body)
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestRecordOfAGrant: what a grant takes from the principal's record is read like any
// other path: in a reply it has to fit, and a recording keeps its name.
func TestRecordOfAGrant(t *testing.T) {
	src := strings.Replace(string(frozen), "operation: AddUserTenant\n          with: {loginId: principal.userId", "operation: AddUserTenant\n          with: {loginId: record.customAttributes.badge or first record.externalIds", 1)
	plan, err := mapping.Load("f", []byte(src), descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(plan.NamedKeys(), "badge") {
		t.Errorf("the keys are %q", plan.NamedKeys())
	}
	get := plan.Type("user").Get.Operation
	for field, read := range map[string]bool{"externalIds": true, "phone": true, "picture": false} {
		reply := &descope.User{User: descope.ResponseUser{UserID: "U1"}}
		err := plan.CheckReply(get, reply, []api.Misfit{{Path: []string{"user", field}, Found: "a number"}})
		if (err != nil) != read {
			t.Errorf("%s: %v", field, err)
		}
	}
	grant := plan.Type("tenant").Entitlement("member").Grant
	request, err := grant.Request(mapping.ID{"U1"}, mapping.ID{"T1"}, recordOf[descope.ResponseUser](t, `{"userId":"U1","externalIds":["E1"]}`))
	if err != nil || request.(*descope.AddUserTenantCall).Body.LoginID != "E1" {
		t.Errorf("%+v %v", request, err)
	}
}

func TestARoleInATenantRequiresMembership(t *testing.T) {
	requires := loadFrozen(t).Type("role").Entitlement("assigned").Grant.Requires
	if on := requires.On(mapping.ID{"T1", "Editor"}); requires.Entitlement.Name() != "tenant.member" || on.String() != "T1" {
		t.Errorf("%s on %s", requires.Entitlement.Name(), on)
	}
	if on := requires.On(mapping.ID{"", "Editor"}); on != nil {
		t.Errorf("a role of the project requires %s", on)
	}
}

func TestPagesByCursor(t *testing.T) {
	list := loadPeople(t).Type("person").List
	if !list.Pages.ByCursor() {
		t.Error("the pages have a cursor")
	}
	for _, c := range []struct {
		at   mapping.Position
		size int
		want string
	}{
		{mapping.Position{}, 0, `{"Params":{"size":50}}`},
		{mapping.Position{Cursor: "next"}, 10, `{"Params":{"cursor":"next","size":10}}`},
	} {
		if got := asJSON(t, list.Request(c.at, c.size)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
	for reply, want := range map[string]string{
		`{"items":[{"id":1},{"id":2}],"links":{"next":"c2"}}`: "c2",
		`{"items":[{"id":1},{"id":2}],"links":{}}`:            "",
		`{"items":[{"id":1},{"id":2}]}`:                       "",
	} {
		var r peopleReply
		if err := json.Unmarshal([]byte(reply), &r); err != nil {
			t.Fatal(err)
		}
		page := list.Read(&r)
		if page.Next != want || len(page.Records) != 2 || page.HasTotal {
			t.Errorf("%s: %+v", reply, page)
		}
		if id, err := loadPeople(t).Type("person").IDOf(page.Records[1]); err != nil || id.String() != "2" {
			t.Errorf("%v %v", id, err)
		}
	}
}

func TestPagesByNumberOfABareList(t *testing.T) {
	typ := loadPeople(t).Type("team")
	for page, want := range []string{`{"Params":{"page":1,"size":20,"order":"name"}}`, `{"Params":{"page":2,"size":20,"order":"name"}}`} {
		if got := asJSON(t, typ.List.Request(mapping.Position{Page: page}, 0)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	page := typ.List.Read(&[]team{{ID: 7, Region: "eu"}})
	if id, err := typ.IDOf(page.Records[0]); err != nil || id.String() != "eu/7" {
		t.Errorf("%v %v", id, err)
	}
}

func TestTotals(t *testing.T) {
	list := loadFrozen(t).Type("user").List
	if page := list.Read(&descope.UsersResponse{Total: new(int32(7))}); page.Total != 7 || !page.HasTotal {
		t.Errorf("%+v", page)
	}
	if page := list.Read(&descope.UsersResponse{}); page.HasTotal {
		t.Error("a total that is absent is not a total of 0")
	}
}

func TestRecordInAReply(t *testing.T) {
	get := loadFrozen(t).Type("user").Get
	if r, ok := get.Record(&descope.User{User: descope.ResponseUser{UserID: "U1"}}); !ok || !r.Given() {
		t.Error("the reply has a user")
	}
	if _, ok := get.Record(&descope.User{}); ok {
		t.Error("the reply has no user")
	}
	if r, ok := loadPeople(t).Type("person").Get.Record(&person{ID: 1}); !ok || !r.Given() {
		t.Error("the reply is a person")
	}
	grant := loadPeople(t).Type("team").Entitlement("member").Grant
	if _, ok := grant.Record(&struct{}{}); ok {
		t.Error("the reply of AddMember has no person")
	}
}

func TestRequestsFromIDs(t *testing.T) {
	plan := loadPeople(t)
	grant := plan.Type("team").Entitlement("member").Grant
	for _, c := range []struct {
		name                string
		principal, resource mapping.ID
		want                string
	}{
		{"numbers, lists and free-form fields", mapping.ID{"1"}, mapping.ID{"eu", "7"},
			`{"team":7,"Body":{"region":"eu","people":[1],"note":"by Baton","extra":{"by":[1,"x",{"y":0.5}],"long":12345678901234567890}}}`},
		{"a needed field of which the id has no part", mapping.ID{"1"}, mapping.ID{"", "7"}, `AddMember: "region" is required, but resource.region has no value`},
		{"an id that is no number", mapping.ID{"one"}, mapping.ID{"eu", "7"}, `AddMember: "people": "one" is not a whole number`},
	} {
		t.Run(c.name, func(t *testing.T) {
			request, err := grant.Request(c.principal, c.resource, mapping.Record{})
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = asJSON(t, request)
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
	get, err := plan.Type("person").Get.Request(mapping.ID{"12"})
	if err != nil || asJSON(t, get) != `{"id":12}` {
		t.Errorf("%v %v", get, err)
	}
}

func TestErrorReplies(t *testing.T) {
	rules := loadFrozen(t).Errors
	for body, want := range map[string]api.Refusal{
		`{"errorCode":"E112102","errorDescription":"User not found"}`: {Code: "E112102", Message: "User not found", Meaning: api.NotFound},
		`{"errorCode":"E130429"}`:                                     {Code: "E130429", Meaning: api.Transient},
		`{"errorCode":"E011003"}`:                                     {Code: "E011003", Meaning: api.Other},
		`{"errorDescription":"not found"}`:                            {Message: "not found", Meaning: api.Other},
		"<html>":                                                      {},
	} {
		if got := rules.Read([]byte(body)); got != want {
			t.Errorf("%s: %+v, want %+v", body, got, want)
		}
	}
	plan, err := mapping.Load("frozen.yaml", []byte(edit(t, "  not_found: ", "  # ")), descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	if got := plan.Errors.Read([]byte(`{"errorCode":"E112102"}`)).Meaning; got != api.Unstated {
		t.Errorf("without not_found the meaning is %d", got)
	}
}

func TestDescriptionsOfEntitlements(t *testing.T) {
	plan := loadFrozen(t)
	role, tenant := mapping.RecordOf(&descope.Role{Name: "Editor", TenantID: new("T1")}), mapping.RecordOf(&descope.Tenant{ID: "T1", Name: new("Acme")})
	name, description := plan.Type("role").Entitlement("assigned").Describe("", role, tenant)
	if name != "Editor (Acme) assigned" || description != "Has the role Editor in the tenant Acme" {
		t.Errorf("%s: %s", name, description)
	}
	if name, _ = loadPeople(t).Type("team").Entitlement("member").Describe("Blue", mapping.Record{}, mapping.Record{}); name != "Blue member" {
		t.Error(name)
	}
	if hint := plan.Type("permission").Entitlement("granted").Hint; !strings.HasPrefix(hint, "A role's permissions are changed in Descope") {
		t.Error(hint)
	}
}
