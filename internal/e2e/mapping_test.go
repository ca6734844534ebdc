package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/mapping"
)

// edited writes the built-in mapping to a file with one line replaced, and returns the
// file and the line's number.
func edited(t *testing.T, line, replacement string) (file string, number int) {
	t.Helper()
	before, after, found := strings.Cut(string(mapping.Descope), line)
	if !found {
		t.Fatalf("the mapping has no line %q", line)
	}
	file = filepath.Join(t.TempDir(), "edited.yaml")
	write(t, file, before+replacement+after)
	return file, strings.Count(before, "\n") + 1
}

func TestMistakeInAMapping(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file, line := edited(t, "      email: email\n", "      email: mail\n")
	e := connector(t, d, "--mapping", file)
	if e.code == 0 {
		t.Error("accepted")
	}
	e.contains(t, fmt.Sprintf("%s:%d:%d: ", file, line, len("      email: ")+1), `did you mean "email"?`)
	if got := d.Requests(); len(got) > 0 {
		t.Errorf("there were requests: %v", d.Counts())
	}
}

// The example of README.md: a mapping is changed without a line of Go.
func TestEditedMapping(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file, _ := edited(t, "      phone: phone\n", "      phone: phone\n      department: customAttributes.department\n")
	profile := read(t, synced(t, d, "--mapping", file)).resources["user:U2demoAmaraOkafor"].Profile
	if profile["department"] != "Operations" {
		t.Errorf("profile %v", profile)
	}
}

// A mapping can have another resource type: here the tenants a second time.
func TestAnotherResourceType(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	file, _ := edited(t, "\n  tenant:\n", `
  domain_tenant:
    display_name: Tenant with domains
    trait: app
    list: {operation: LoadAllTenants, records: tenants}
    id: id
    name: "{name}[ at {first domains}]"
    profile: {domains: domains}

  tenant:
`)
	found := read(t, synced(t, d, "--mapping", file))
	want := wantedOf(d.Store(), false, false)
	for _, tenant := range d.Store().Tenants() {
		want.resources["domain_tenant:"+tenant.ID] = true
	}
	equal(t, found, want)
	if got := found.resources["domain_tenant:T2acme"]; got.DisplayName != "Acme Robotics at acme.example" || got.Profile["domains"] == nil {
		t.Errorf("got %v", got)
	}
}
