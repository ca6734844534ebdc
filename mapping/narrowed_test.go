package mapping_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping"
)

const fixedFields = "        withTestUser: option.include-test-users\n"

// A fixed field that may leave records out of a list needs a reason.
func TestNarrowedLists(t *testing.T) {
	warning := func(place, field, value string) string {
		return fmt.Sprintf("%s: every request of SearchUsers has %s: %s, and what that leaves out is not synced; if that is meant, give a reason: narrowed: {%[2]s: ...}", place, field, value)
	}
	for added, want := range map[string]string{
		"        statuses: [enabled]\n":                warning("28:9", "statuses", `["enabled"]`),
		"        ssoOnly: true\n":                      warning("28:9", "ssoOnly", "true"),
		"        ssoOnly: false\n":                     warning("28:9", "ssoOnly", "false"),
		"        tenantIds: [T1]\n":                    warning("28:9", "tenantIds", `["T1"]`),
		"        text: ann\n":                          warning("28:9", "text", `"ann"`),
		"        ssoOnly: option.include-test-users\n": "",
		"        statuses: [enabled]\n      narrowed: {statuses: The others are gone.}\n": "",
	} {
		if got := warningsIn(t, edit(t, fixedFields, fixedFields+added), descopeAPI); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", added, got, want)
		}
	}
	if got := warningsIn(t, edit(t, fixedFields, "        withTestUser: true\n"), descopeAPI); got != "" {
		t.Errorf("a field that adds: %s", got)
	}
	want := warning("27:9", "withTestUser", "false")
	if got := warningsIn(t, edit(t, fixedFields, "        withTestUser: false\n"), descopeAPI); got != want {
		t.Errorf("a field that does not add\ngot  %s\nwant %s", got, want)
	}
}

// sortedCall has request fields that order a list, that add to it and that narrow it.
type sortedCall struct {
	Query struct {
		Sort       string `json:"sort,omitempty"`
		SortField  string `json:"sort_field,omitempty"`
		ResultSort string `json:"result_sort,omitempty"`
		OrderBy    string `json:"orderBy,omitempty"`
		Order      string `json:"order-direction,omitempty"`
		Direction  string `json:"direction,omitempty"`
		Desc       bool   `json:"desc,omitempty"`
		Asc        bool   `json:"asc,omitempty"`
		Descending bool   `json:"descending,omitempty"`
		Ascending  bool   `json:"ascending,omitempty"`
		With       bool   `json:"with_archived,omitempty"`
		Include    bool   `json:"includeDeleted,omitempty"`
		Expand     bool   `json:"expand,omitempty"`
		Embed      bool   `json:"embed_groups,omitempty"`
		Described  string `json:"description,omitempty"`
		Only       bool   `json:"only_active,omitempty"`
	} `in:"query"`
}

func TestNamesOfFieldsThatNarrow(t *testing.T) {
	api := mapping.Environment{Operations: api.NewOperations(operation[sortedCall, []struct {
		ID string `json:"id"`
	}]("ListThings"))}
	for fixed, narrows := range map[string]bool{
		"sort: id": false, "sort_field: id": false, "result_sort: id": false, "orderBy: id": false, "order-direction: up": false, "direction: up": false,
		"desc: true": false, "desc: false": false, "asc: true": false, "descending: true": false, "ascending: true": false,
		"with_archived: true": false, "includeDeleted: true": false, "expand: true": false, "embed_groups: true": false,
		"with_archived: false": true, "includeDeleted: false": true, "expand: false": true, "embed_groups: false": true,
		"description: x": true, "only_active: true": true, "only_active: false": true,
	} {
		src := "version: 1\nconnector: {display_name: X}\nresource_types:\n  thing:\n    display_name: Thing\n    list: {operation: ListThings, request: {" + fixed + "}}\n    id: id\n    name: id\n"
		plan, err := mapping.Load("f", []byte(src), api)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(plan.Types[0].List.Narrowed) > 0; got != narrows {
			t.Errorf("%s may leave records out: %t", fixed, got)
		}
	}
}

func TestWhatIsNarrowedIsInThePlan(t *testing.T) {
	src := edit(t, fixedFields, "        statuses: [enabled]\n      narrowed: {statuses: The others are gone.}\n")
	plan, err := mapping.Load("f", []byte(src), descopeAPI)
	if err != nil {
		t.Fatal(err)
	}
	want := []mapping.Narrowing{{Field: "statuses", Value: `["enabled"]`, Reason: "The others are gone."}}
	if got := plan.Type("user").List.Narrowed; !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestMistakesInNarrowed(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "a field that is not fixed",
			old:  fixedFields,
			new:  "        statuses: [enabled]\n      narrowed: {status: The others are gone.}\n",
			want: `28:18: "status" is not a fixed field of the request; did you mean "statuses"?`,
		},
		{
			name: "no reason",
			old:  fixedFields,
			new:  "        statuses: [enabled]\n      narrowed: {statuses: ''}\n",
			want: `28:28: "statuses" is empty`,
		},
	})
}
