package oneshot_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/oneshot"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

// The type of what is deleted, or has an action, is needed only where there are several.
func TestActsAtAnotherAPI(t *testing.T) {
	one := string(secondapi.Mapping)
	two := strings.Replace(one, "    grants:\n      - {entitlement: workspace.member", `    delete: {operation: RemoveGroupMember, with: {group_id: id, person_id: id}}
    actions:
      tidy: {display_name: Tidy up, call: {operation: GiveRole, with: {person_id: resource.id}, request: {key: keeper, level: 1}}}
    grants:
      - {entitlement: workspace.member`, 1)
	none := regexp.MustCompile(`(?s)    delete:.*?\n\n`).ReplaceAllString(one, "\n")
	for _, c := range []struct {
		name, mapping string
		act           oneshot.Act
		want          string // what is done, or part of the error
	}{
		{"an action of one type", one, oneshot.Act{Invoke: "tidy", Arguments: `{"workspace_id": "7"}`}, "tidy: done: workspace 7"},
		{"of two, without the type", two, oneshot.Act{Invoke: "tidy", Arguments: `{"workspace_id": "7"}`}, "--invoke-action-resource-type is missing: a person and a workspace have an action tidy"},
		{"of two, with the type", two, oneshot.Act{Invoke: "tidy", InvokeType: "workspace", Arguments: `{"workspace_id": "7"}`}, "tidy: done: workspace 7"},
		{"of another type", two, oneshot.Act{Invoke: "thaw", InvokeType: "person", Arguments: "{}"}, `--invoke-action-resource-type "person": no such type has an action thaw; leave it out`},
		{"without any action", none, oneshot.Act{Invoke: "tidy"}, "--invoke-action: the mapping has no actions"},
		{"a list without any action", none, oneshot.Act{ListActions: true}, "[]"},

		{"a deletion of one type", one, oneshot.Act{Delete: "8"}, "deleted the workspace Attic (8)"},
		{"of two, without the type", two, oneshot.Act{Delete: "8"}, "--delete-resource-type is missing: a person or a workspace can be deleted"},
		{"of two, with the type", two, oneshot.Act{Delete: "8", DeleteType: "workspace"}, "deleted the workspace Attic (8)"},
		{"of what cannot be deleted", two, oneshot.Act{Delete: "8", DeleteType: "group"}, `--delete-resource-type "group": only a person or a workspace can be deleted`},
		{"without any", none, oneshot.Act{Delete: "8"}, "--delete-resource: the mapping says of no type how to delete"},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan, err := mapping.Load("mapping.yaml", []byte(c.mapping), mapping.Environment{Operations: client.Operations})
			if err != nil {
				t.Fatal(err)
			}
			server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
			got, err := c.act.Run(t.Context(), "bench", func(ctx context.Context, session sessions.SessionStore) (types.ConnectorServer, error) {
				bench, err := connector.New(ctx, connector.Options{Name: "bench", Plan: plan, BaseURL: server.URL, Token: secondapi.Token})
				if err != nil {
					return nil, err
				}
				return connector.NewServer(ctx, bench, connectorbuilder.WithSessionStore(session))
			})
			if err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}
