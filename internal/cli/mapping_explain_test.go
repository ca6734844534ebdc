package cli

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
	"github.com/conductorone/baton-descope/internal/preview"
	"github.com/conductorone/baton-descope/mapping"
)

// mappingCommand runs `baton-descope mapping` with arguments.
func mappingCommand(t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	command := newMappingCommand()
	command.SetOut(&out)
	command.SetErr(&out)
	command.SetArgs(args)
	err := command.ExecuteContext(t.Context())
	return out.String(), err
}

// folder writes files into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestExplain(t *testing.T) {
	said, err := mappingCommand(t, "explain")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"role        role   LoadAllRoles        [tenantId/]name  tenant",
		`POST /v2/mgmt/user/search {"limit":100,"offset":0,"page":0,"sort":[{"desc":false,"field":"createdTime"},{"field":"id"}],"withTestUser":false}`,
		"role.assigned  a role    tenantId: userTenants.tenantId, name: userTenants.roleNames",
		"⌈(users − 1) / 99⌉ + 3, and 4 before it",
		"SearchUsers is called at most 200 times in any 60 seconds.",
		"grant   POST /v1/mgmt/user/update/role/add  {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}",
		"permission.granted is read-only.",
		"reading       permission  LoadAllPermissions    GET /v1/mgmt/permission/all",
		"provisioning  tenant      RemoveUserTenant      POST /v1/mgmt/user/update/tenant/remove",
		"deleting      user        DeleteUser            POST /v1/mgmt/user/delete",
		"accounts      user        CreateUser            POST /v1/mgmt/user/create",
		"user: before one is created, LoadUser looks for {loginId: account.login or account.email}. One that is there is left as it is.",
		"userTenants: [{tenantId: account.tenant, roleNames: account.tenant_roles}]",
		"no password (preferred)        nothing more is sent",
		"random password                {password: password} is sent as well",
		"change it at the next sign-in  POST /v1/mgmt/user/password/expire  {loginId: account.login or account.email}",
		"email              text           required  E-mail address",
		"invite             yes or no      true      Send an invitation",
		"tenant_roles       list of texts  -         Roles in that tenant",
		"disable_user(user_id)               POST /v1/mgmt/user/update/status  {loginId: resource.userId, status: \"disabled\"}",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it does not say %q:\n%s", want, said)
		}
	}
}

// The picture in README.md is the output of the command.
func TestPictureInREADME(t *testing.T) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(readme), "<!-- mermaid:begin -->\n")
	block, _, closed := strings.Cut(after, "<!-- mermaid:end -->")
	if !ok || !closed {
		t.Skip("README.md has no picture")
	}
	drawn, err := mappingCommand(t, "explain", "--format", "mermaid")
	if want := "```mermaid\n" + drawn + "```\n"; err != nil || block != want {
		t.Errorf("%v; between mermaid:begin and mermaid:end in README.md there has to be\n%s", err, want)
	}
}

var fewReplies = map[string]string{
	"LoadAllPermissions.json": `{"permissions": []}`,
	"LoadAllTenants.json":     `{"tenants": [{"id": "T1", "name": "One"}]}`,
	"LoadAllRoles.json":       `{"roles": [{"name": "Viewer"}]}`,
	"SearchUsers.json":        `{"total": 1, "users": [{"userId": "U1", "name": "Ann", "roleNames": ["Gone"], "userTenants": [{"tenantId": "T1", "roleNames": ["Viewer"]}]}]}`,
}

func TestExplainReplies(t *testing.T) {
	dir := folder(t, fewReplies)
	table, err := mappingCommand(t, "explain", "--replies", dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"role:T1/Viewer  Viewer (One)  tenant:T1",
		"role:T1/Viewer:assigned  user:U1",
		"role:Gone:assigned  user:U1  there is no role:Gone",
	} {
		if !strings.Contains(table, want) {
			t.Errorf("it does not show %q:\n%s", want, table)
		}
	}
	text, err := mappingCommand(t, "explain", "--replies", dir, "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var outcome preview.Outcome
	if err := json.Unmarshal([]byte(text), &outcome); err != nil {
		t.Fatal(err)
	}
	if len(outcome.Resources) != 4 || len(outcome.Grants) != 2 || len(outcome.LeftOut) != 1 {
		t.Errorf("got %+v", outcome)
	}
}

func TestExplainRefuses(t *testing.T) {
	incomplete := folder(t, map[string]string{"SearchUsers.json": fewReplies["SearchUsers.json"]})
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--format", "json"}, "--format json is for --replies"},
		{[]string{"--format", "yaml"}, `--format "yaml" is neither table nor mermaid`},
		{[]string{"--replies", incomplete, "--format", "mermaid"}, `--format "mermaid" is neither table nor json`},
		{[]string{"--replies", incomplete}, incomplete + ": there is no reply for the request LoadAll"},
		{[]string{"--replies", filepath.Join(incomplete, "none")}, filepath.Join(incomplete, "none") + ": "},
		{[]string{filepath.Join(incomplete, "none.yaml")}, "none.yaml: "},
		{[]string{filepath.Join(incomplete, "SearchUsers.json")}, "SearchUsers.json:1:2: unknown key"},
	} {
		if _, err := mappingCommand(t, append([]string{"explain"}, test.args...)...); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%v: %v, want %q", test.args, err, test.want)
		}
	}
}

// A user's folder, with a mapping of its own, runs as the shipped examples do.
func TestMappingTest(t *testing.T) {
	dir := folder(t, fewReplies)
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("mine.yaml", strings.Replace(string(mapping.Descope), "name: name or email", "name: userId or email", 1))
	write("case.yaml", `title: Users are called by their ids
mapping: mine.yaml
expect:
  resources:
    user:U1: {name: Ann}
    tenant:T1:
    role:Viewer:
    role:T1/Viewer:
  grants:
    tenant:T1:member: [user:U1]
    role:T1/Viewer:assigned: [user:U1]
  left_out:
    role:Gone:assigned: [user:U1]
`)
	said, err := mappingCommand(t, "test", dir)
	if !errors.Is(err, errReported) || !strings.Contains(said, `- name: "Ann"`) || !strings.Contains(said, `+ name: "U1"`) {
		t.Errorf("%v\n%s", err, said)
	}
	if said, err := mappingCommand(t, "test", dir, "--update"); err != nil || !strings.Contains(said, "updated  "+dir) {
		t.Errorf("%v\n%s", err, said)
	}
	if said, err := mappingCommand(t, "test", dir); err != nil || !strings.HasSuffix(said, "1 example: 1 as expected\n") {
		t.Errorf("%v\n%s", err, said)
	}
	write("case.yaml", "title: x\noptions: {include-test-user: true}\n")
	if said, err := mappingCommand(t, "test", dir); err == nil || !strings.Contains(said, `there is no option "include-test-user"; there are expand-permissions, include-test-users`) {
		t.Errorf("%v\n%s", err, said)
	}
}

// A sync with --record leaves replies that can be explained.
func TestRecord(t *testing.T) {
	d := emulatortest.Start(t, emulator.Demo(), emulator.Options{})
	dir := filepath.Join(t.TempDir(), "replies")
	cfg := &generated.Descope{Record: dir}
	if err := descope.CheckRecord(cfg); err != nil {
		t.Fatal(err)
	}
	o, err := descope.Options(&generated.Descope{ProjectId: d.ProjectID(), ManagementKey: d.ManagementKey(), BaseUrl: d.URL})
	if err != nil {
		t.Fatal(err)
	}
	if err := descope.Record(cfg, &o); err != nil {
		t.Fatal(err)
	}
	synced := harness.Sync(t, o)
	text, err := mappingCommand(t, "explain", "--replies", dir, "--format", "json")
	if err != nil {
		t.Fatal(err)
	}
	var outcome preview.Outcome
	if err := json.Unmarshal([]byte(text), &outcome); err != nil {
		t.Fatal(err)
	}
	if len(outcome.Resources) != len(synced.Resources) || len(outcome.Grants) != len(synced.Grants) {
		t.Errorf("%d resources and %d grants; the sync stored %d and %d", len(outcome.Resources), len(outcome.Grants), len(synced.Resources), len(synced.Grants))
	}
	for _, err := range []error{descope.CheckRecord(cfg), descope.Record(cfg, &o)} {
		if err == nil || !strings.Contains(err.Error(), "--record: "+dir+" is not empty") {
			t.Errorf("recording into the same folder again: %v", err)
		}
	}
}

// An example without a mapping uses the file in --mapping, so an edit of the shipped
// mapping shows without a build.
func TestMappingTestWithFile(t *testing.T) {
	example := filepath.Join("..", "..", "mapping", "testdata", "examples", "who-a-user-is")
	for name, test := range map[string]struct{ file, says string }{
		"the shipped one": {mappingFile(t), "1 example: 1 as expected"},
		"another name":    {mappingFile(t, "name: name or email or", "name: email or"), `+ name: "ann@example.com"`},
		"a mistake":       {mappingFile(t, "email: email\n", "email: mail\n"), `has no field "mail"`},
		"one not there":   {"nowhere.yaml", "open nowhere.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := mappingCommand(t, "test", example, "--mapping", test.file)
			if !strings.Contains(out, test.says) || (err == nil) != (name == "the shipped one") {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
