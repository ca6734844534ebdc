package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// A sync ends with a summary of the file, in both storage formats, also of a partial sync,
// and with the number of dangling grants.
func TestSummary(t *testing.T) {
	t.Parallel()
	project := emulator.Demo()
	project.Users = append(project.Users, emulator.User{UserID: "U2stale", RoleNames: []string{"Gone"}})
	for name, test := range map[string]struct {
		project emulator.Project
		args    []string
		want    string
	}{
		"pebble":    {emulator.Demo(), nil, `57 users, 6 tenants, 34 roles, 20 permissions, 225 grants in \d+\.\ds`},
		"sqlite":    {emulator.Demo(), []string{"--storage-engine", "sqlite"}, `57 users, 6 tenants, 34 roles, 20 permissions, 225 grants in \d+\.\ds`},
		"one type":  {emulator.Demo(), []string{"--sync-resource-types", "tenant", "--skip-entitlements-and-grants"}, `6 tenants in \d+\.\ds`},
		"none":      {emulator.Project{}, nil, `0 users, 0 tenants, 0 roles, 0 permissions, 0 grants in \d+\.\ds`},
		"left out":  {project, nil, `58 users, 6 tenants, 34 roles, 20 permissions, 225 grants \(1 dangling grant left out\) in \d+\.\ds`},
		"no errors": {emulator.Demo(), []string{"--log-level", "error"}, `57 users, .*`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "a sync.c1z")
			e := connector(t, descope(t, test.project), append([]string{"-f", file}, test.args...)...)
			end := regexp.QuoteMeta(file) + ": " + test.want + "\nLook at it with: baton resources -f " +
				regexp.QuoteMeta(`"`+file+`", or in a browser: baton explorer -f "`+file+`"`) + "\n$"
			if e.code != 0 || !regexp.MustCompile("(?m)^"+end).MatchString(e.all) {
				t.Errorf("exit code %d; want %s\n%s", e.code, end, e.all)
			}
			if e.stdout != "" {
				t.Errorf("stdout has %q", e.stdout)
			}
		})
	}
}

// The tables of `baton export` identify each user.
func TestExport(t *testing.T) {
	t.Parallel()
	file := synced(t, descope(t, emulator.Demo()))
	out := filepath.Join(t.TempDir(), "users.csv")
	if e := run(t, nil, "baton", "export", "csv", "-f", file, "--out", out); e.code != 0 {
		t.Fatalf("exit code %d\n%s", e.code, e.all)
	}
	csv, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(csv), "Identity,Duval,Chloe,U2demoChloeDuval,Enabled,chloe.duval@acme.example,") {
		t.Errorf("%v, the export is\n%s", err, csv)
	}
}
