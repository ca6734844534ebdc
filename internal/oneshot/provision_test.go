package oneshot_test

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/oneshot"
	"github.com/conductorone/baton-descope/internal/secondapi"
)

// desk is a Workbench with connectors to it.
func desk(t *testing.T, data secondapi.Data) (*secondapi.Server, func(context.Context, sessions.SessionStore) (types.ConnectorServer, error)) {
	t.Helper()
	plan, err := secondapi.Plan()
	if err != nil {
		t.Fatal(err)
	}
	server := secondapi.Start(t, data, secondapi.Options{})
	return server, func(ctx context.Context, session sessions.SessionStore) (types.ConnectorServer, error) {
		c, err := connector.New(ctx, connector.Options{Name: "bench", Plan: plan, BaseURL: server.URL, Token: secondapi.Token})
		if err != nil {
			return nil, err
		}
		return connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(session))
	}
}

// A resource missing in the file is looked up, where the mapping can read one or has all
// of them in one reply. The file here is older than the API. A change owns the system's
// temporary folder, so the test is not parallel.
func TestGrantsAtAnotherAPI(t *testing.T) {
	old := secondapi.Demo()
	old.Roles = slices.DeleteFunc(old.Roles, func(r secondapi.Role) bool { return r.Role.Level == 2 })
	old.Groups = slices.DeleteFunc(old.Groups, func(g secondapi.Group) bool { return g.ID == 31 })
	old.People = slices.DeleteFunc(old.People, func(p *secondapi.Person) bool { return p.ID == 104 })
	for _, p := range old.People {
		p.Roles = slices.DeleteFunc(p.Roles, func(r secondapi.RoleKey) bool { return r.Level == 2 })
		for i := range p.Workspaces {
			p.Workspaces[i].Groups = slices.DeleteFunc(p.Workspaces[i].Groups, func(g secondapi.GroupMember) bool { return g.ID == 31 })
		}
	}
	_, before := desk(t, old)
	file, temp := filepath.Join(t.TempDir(), "bench.c1z"), t.TempDir()
	if err := oneshot.Sync(t.Context(), oneshot.Options{
		Name: "bench", NewServer: before, ResourceTypes: []string{"person", "group", "workspace", "role"}, File: file, TempDir: temp,
	}); err != nil {
		t.Fatal(err)
	}

	server, now := desk(t, secondapi.Demo())
	for name, test := range map[string]struct {
		entitlement, principal string
		done, fails            string
	}{
		"all in the file":                    {"group:34:member", "105", "granted group:34:member to eve (105)", ""},
		"held already":                       {"role:1/keeper:held", "101", "nothing to do: held already by Ada Byron (101)", ""},
		"a role from one reply":              {"role:2/keeper:held", "105", "granted role:2/keeper:held to eve (105); not in " + file + " and looked up at the API: entitlement", ""},
		"a person":                           {"role:1/keeper:held", "104", "granted role:1/keeper:held to dee (104); not in " + file + " and looked up at the API: person", ""},
		"a group, which has no get":          {"group:31:member", "105", "", `has no entitlement "group:31:member", and the API is not asked for a single group: sync into that file first`},
		"a handle":                           {"role:1/keeper:held", "countess", "", "that is the login ID of Ada Byron (101): give the id"},
		"an address":                         {"role:1/keeper:held", "ada@workbench.example", "", "that is the e-mail address of Ada Byron (101): give the id"},
		"a number that nobody has":           {"role:1/keeper:held", "999", "", `has no person "999", nor has the API: there is no person "999"`},
		"a role that is not":                 {"role:9/keeper:held", "101", "", `nor has the API: there is no role "9/keeper"`},
		"what only a group holds":            {"workspace:7:reader", "101", "", `has no group "101", and the API is not asked for a single group: sync into that file first`},
		"an entitlement that a role has not": {"role:1/keeper:holds", "101", "", `did you mean "role:1/keeper:held"?`},
	} {
		t.Run(name, func(t *testing.T) {
			server.Writes() // Those of the others.
			done, err := oneshot.Provision(t.Context(), "bench", now, oneshot.Change{File: file, TempDir: temp, Entitlement: test.entitlement, Principal: test.principal})
			if done != test.done {
				t.Errorf("done is %q, want %q", done, test.done)
			}
			if (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
				t.Errorf("the error is %v, want %q", err, test.fails)
			}
			if wrote := server.Writes(); err != nil && len(wrote) != 0 {
				t.Errorf("wrote %v", wrote)
			}
		})
	}
}

// Ids in a file of another connector may mean something else here.
func TestFileOfAnotherConnector(t *testing.T) {
	file, ctx := filepath.Join(t.TempDir(), "other.c1z"), t.Context()
	store, err := dotc1z.NewStore(ctx, file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.StartNewSync(ctx, connectorstore.SyncTypeFull, "")
	err = errors.Join(err, store.PutResourceTypes(ctx, v2.ResourceType_builder{Id: "record"}.Build()), store.EndSync(ctx), store.Close(ctx))
	if err != nil {
		t.Fatal(err)
	}
	server, now := desk(t, secondapi.Demo())
	for _, change := range []oneshot.Change{
		{File: file, TempDir: t.TempDir(), Entitlement: "role:1/keeper:held", Principal: "102"},
		{File: file, TempDir: t.TempDir(), Revoke: "role:1/keeper:held:person:101"},
	} {
		_, err := oneshot.Provision(ctx, "bench", now, change)
		if err == nil || !strings.Contains(err.Error(), "other.c1z: the file holds a sync of another connector (resource types record); choose another") {
			t.Errorf("the error is %v", err)
		}
	}
	if sent := server.Requests(); len(sent) != 0 {
		t.Errorf("sent %v", sent)
	}
}
