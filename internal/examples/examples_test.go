package examples_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/examples"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
)

// The examples here are of Workbench, an API of which the package knows nothing.
var workbench = examples.Environment{
	Operations: client.Operations,
	Options: func(string, map[string]bool) (connector.Options, error) {
		plan, err := secondapi.Plan()
		return connector.Options{Name: "baton-workbench", Plan: plan}, err
	},
}

const replies = `title: A keeper
replies:
  ListWorkspaces: [{id: 7, title: Lab}]
  ListRoles: {catalogue: [{role: {key: keeper, level: 1}}]}
  ListGroups: {data: {items: []}}
  ListPeople: {meta: {}, people: [{id: 101, active: true, createdAt: "2024-03-01T00:00:00Z", handles: [ada], profile: null, workspaces: [{id: 7}], roles: [{key: keeper, level: 1}, {key: keeper, level: 9}]}]}
`

const right = `expect:
  resources:
    person:101: {name: ada} # a comment
    role:1/keeper:
    workspace:7: {name: Lab}
  grants:
    role:1/keeper:held: [person:101]
    workspace:7:member: [person:101]
  left_out:
    role:9/keeper:held: [person:101]
`

// run runs one example and returns what is printed of it.
func run(t *testing.T, text string, update bool) (printed, dir string, err error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "example")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, examples.File), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	err = examples.Suite(context.Background(), &out, dir, workbench, update)
	return strings.ReplaceAll(out.String(), dir, "DIR"), dir, err
}

func TestExampleAsExpected(t *testing.T) {
	printed, _, err := run(t, replies+right, false)
	if want := "ok       DIR: A keeper\n1 example: 1 as expected\n"; err != nil || printed != want {
		t.Errorf("%v\n%s", err, printed)
	}
}

func TestDifferencesAreReadable(t *testing.T) {
	for name, test := range map[string]struct{ from, to, want string }{
		"an attribute": {
			"{name: ada}", "{name: Ada, email: ada@example.com}", `
resources:
    person:101
      - email: "ada@example.com"
      - name: "Ada"
      + name: "ada"
`,
		},
		"a resource too few and one too many": {
			"role:1/keeper:\n", "role:2/keeper: {name: x}\n", `
resources:
  - role:2/keeper
  + role:1/keeper {"name":"keeper (level 1)"}
`,
		},
		"who holds what": {
			"held: [person:101]\n    workspace", "held: [person:102]\n    workspace", `
grants:
  - role:1/keeper:held: person:102
  + role:1/keeper:held: person:101
`,
		},
		"what is left out": {
			"  left_out:\n    role:9/keeper:held: [person:101]\n", "", `
left_out:
  + role:9/keeper:held: person:101
`,
		},
		"an error that does not come": {
			right, "expect: {error: nothing works}\n", `
the sync ends well, and not with an error:
  - nothing works
`,
		},
		"entitlements": {
			"  grants:\n", "  entitlements:\n    role:1/keeper:held:\n    workspace:7:member:\n    workspace:7:owner:\n  grants:\n", `
entitlements:
  - workspace:7:owner
  + workspace:7:reader {"grantable_to":["group"],"name":"Lab reader","purpose":"permission","read_only":true}
`,
		},
		"a reply that nothing asks for": {
			"replies:\n", "replies:\n  GetPerson: {}\n", `
nothing asks for the reply GetPerson.1
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(replies+right, test.from, test.to, 1)
			printed, _, err := run(t, text, false)
			want := strings.ReplaceAll(strings.TrimSuffix(test.want, "\n"), "\n", "\n         ")
			if err == nil || !strings.Contains(printed, want+"\n1 example: 0 as expected, 1 failed") {
				t.Errorf("%v\n%s\nwant%s", err, printed, want)
			}
		})
	}
}

// A mistake in an example is reported with its place.
func TestMistakesInExamples(t *testing.T) {
	for text, want := range map[string]string{
		"":                               `DIR/case.yaml: "title" is missing`,
		"title: x\nexpects: {}\n":        "field expects not found",
		"title: x\nreplies: {Lst: {}}\n": `replies: the API has no operation "Lst"; it has`,
		"title: x\nexpect: {resources: {person:1: {nam: x}}}\n":                       `person:1: a resource has no "nam"; it has name, description`,
		"title: x\nsteps: [{grant: role:1/keeper:held}]\n":                            "step 1 needs grant and to, revoke and from, invoke and on, delete, or create",
		"title: x\nsteps: [{create: {a: b}, to: person:1}]\n":                         "step 1 needs grant and to,",
		"title: x\nsteps: [{delete: person:1, resource: person:1}]\n":                 "step 1 needs grant and to,",
		"title: x\nsteps: [{delete: person:1, result: action_required}]\n":            `result is "action_required"; it can be done or already, and`,
		"title: x\nsteps: [{create: {a: b}, result: created}]\n":                      `result is "created"; it can be done or already or action_required, and`,
		"title: x\nsteps: [{create: {a: b}, with: sso}]\n":                            `with: "sso" is neither no_password nor random_password`,
		"title: x\nsteps: [{delete: person:1, to: person:1}]\n":                       "step 1 needs grant and to,",
		"title: x\nsteps: [{delete: person:1, inputs: {a: b}}]\n":                     "step 1 needs grant and to,",
		"title: x\nsteps: [{grant: keeper, to: person:1}]\n":                          `"keeper" is not TYPE:ID:SLUG`,
		"title: x\nreplies: {ListPeople: {people: []}, ListPeople.1: {people: []}}\n": "there is another reply for call 1 of ListPeople",
		"title: x\n": "there is no reply for the request List",
	} {
		printed, _, err := run(t, text, false)
		if err == nil || !strings.Contains(printed, want) {
			t.Errorf("%q: %v\n%s", text, err, printed)
		}
	}
	if err := examples.Suite(t.Context(), &strings.Builder{}, t.TempDir(), workbench, false); err == nil {
		t.Error("a folder without examples passes")
	}
}

const steps = `title: A keeper
steps:
  - grant: role:1/keeper:held
    to: person:101
    replies:
      GetPerson: {id: 101, active: true, createdAt: "2024-03-01T00:00:00Z", handles: [], profile: null, workspaces: [], roles: [{key: keeper, level: 1}]}
      GiveRole: {result: {person: {id: 101, active: true, createdAt: "2024-03-01T00:00:00Z", handles: [], profile: null, workspaces: [], roles: [{key: keeper, level: 1}]}}}
    requests:
      - GetPerson: {person_id: "101"}
      - GiveRole: {key: keeper, level: 1, person_id: "101"}
    result: already
`

func TestSteps(t *testing.T) {
	if printed, _, err := run(t, steps, false); err != nil {
		t.Errorf("%v\n%s", err, printed)
	}
	printed, _, err := run(t, strings.Replace(steps, "    result: already\n", "", 1), false)
	want := `
         step 1, grant role:1/keeper:held to person:101:
           - result: done
           + result: already
`
	if err == nil || !strings.Contains(printed, want) {
		t.Errorf("%v\n%s", err, printed)
	}
}

const actionSteps = `title: A workspace
steps:
  - invoke: freeze
    on: workspace:7
    inputs: {reason: x}
    replies:
      ListWorkspaces.1: [{id: 7, title: Lab, state: open}]
      ListWorkspaces.2: [{id: 7, title: Lab, state: frozen}]
      SetWorkspaceState: ""
    requests:
      - ListWorkspaces: {}
      - SetWorkspaceState: {workspace_id: "7", reason: x, state: frozen}
      - ListWorkspaces: {}
  - invoke: thaw
    on: workspace:7
    replies:
      ListWorkspaces: [{id: 7, title: Lab, state: open}]
    requests:
      - ListWorkspaces: {}
    error: the status is "open", and must be disabled
  - delete: workspace:7
    replies:
      ListWorkspaces.1: [{id: 7, title: Lab}]
      ListWorkspaces.2: []
      CloseWorkspace: ""
    requests:
      - ListWorkspaces: {}
      - CloseWorkspace: {workspace_id: "7"}
      - ListWorkspaces: {}
  - delete: workspace:8
    replies:
      ListWorkspaces: [{id: 7, title: Lab}]
    requests:
      - ListWorkspaces: {}
    result: already
`

// Steps that delete and invoke are compared and updated as those that grant.
func TestActionSteps(t *testing.T) {
	if printed, _, err := run(t, actionSteps, false); err != nil {
		t.Errorf("%v\n%s", err, printed)
	}
	changed := strings.NewReplacer("    result: already\n", "", "reason: x, state", "reason: y, state", `"open", and`, `"shut", and`).Replace(actionSteps)
	printed, _, err := run(t, changed, false)
	for _, want := range []string{"step 1, invoke freeze on workspace:7:", "step 2, invoke thaw on workspace:7:", "step 4, delete workspace:8:"} {
		if err == nil || !strings.Contains(printed, want) {
			t.Errorf("%v\n%s", err, printed)
		}
	}
	_, dir, err := run(t, changed, true)
	if err == nil {
		err = examples.Suite(t.Context(), &strings.Builder{}, dir, workbench, false)
	}
	if err != nil {
		t.Errorf("after the update: %v", err)
	}
}

func TestUpdate(t *testing.T) {
	head := "# A head comment.\n" + replies
	for name, test := range map[string]struct{ text, want string }{
		"nothing is different": {head + right, head + right},
		"attributes, and what is new and gone": {
			head + "\nexpect:\n  resources:\n    person:101: {name: Bob} # a comment\n    person:102:\n",
			head + `
expect:
  resources:
    person:101: {name: ada} # a comment
    role:1/keeper: {name: keeper (level 1)}
    workspace:7: {name: Lab}
  grants:
    role:1/keeper:held: [person:101]
    workspace:7:member: [person:101]
  left_out:
    role:9/keeper:held: [person:101]
`,
		},
		"steps": {
			strings.Replace(steps, `GetPerson: {person_id: "101"}`, "GetPerson: {}", 1), steps,
		},
	} {
		t.Run(name, func(t *testing.T) {
			printed, dir, err := run(t, test.text, true)
			got, _ := os.ReadFile(filepath.Join(dir, examples.File))
			if err != nil || string(got) != test.want {
				t.Errorf("%v\n%s\n%s", err, printed, got)
			}
			if err := examples.Suite(t.Context(), &strings.Builder{}, dir, workbench, false); err != nil {
				t.Errorf("after the update: %v", err)
			}
		})
	}
}
