package connector_test

import (
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// TestRightsFollowTheMapping: what a key needs for a type is what the mapping calls for
// it, in the words of the API where it has some.
func TestRightsFollowTheMapping(t *testing.T) {
	server := secondapi.Start(t, secondapi.Demo(), secondapi.Options{})
	for _, c := range []struct {
		name string
		of   connector.Options
		want []string
	}{
		{"members are in the records of people", workbench(t, server), []string{
			"person: people:read",
			"group: groups:read, groups:manage, people:read",
			"role: GET /roles, people:read, roles:give",
			"workspace: GET /workspaces, DELETE /workspaces/{workspace_id}, PUT /workspaces/{workspace_id}/state, POST /workspaces/{workspace_id}/tidy",
		}},
		{"members are listed for each group", workbenchHolders(t, server), []string{
			"person: people:read",
			"group: groups:read, groups:manage",
			"role: GET /roles, people:read, roles:give",
			"workspace: GET /workspaces, DELETE /workspaces/{workspace_id}, PUT /workspaces/{workspace_id}/state, POST /workspaces/{workspace_id}/tidy",
		}},
	} {
		client, _ := harness.Client(t, c.of)
		metadata, err := client.GetMetadata(t.Context(), &v2.ConnectorServiceGetMetadataRequest{})
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, of := range metadata.GetMetadata().GetCapabilities().GetResourceTypeCapabilities() {
			var rights []string
			for _, p := range of.GetPermissions().GetPermissions() {
				rights = append(rights, p.GetPermission())
			}
			lines = append(lines, of.GetResourceType().GetId()+": "+strings.Join(rights, ", "))
		}
		wantLines(t, c.name, lines, c.want)
	}
}
