package e2e

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// The program prints the two descriptions in the repository, without credentials.
func TestDescriptionsAreUpToDate(t *testing.T) {
	t.Parallel()
	for command, name := range map[string]string{"capabilities": "baton_capabilities.json", "config": "config_schema.json"} {
		e := run(t, nil, "baton-descope", command)
		if e.code != 0 {
			t.Fatalf("%s: exit code %d\n%s", command, e.code, e.all)
		}
		var want, got any
		if err := json.Unmarshal([]byte(file(t, name)), &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := json.Unmarshal([]byte(e.stdout), &got); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, e.stdout)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is not what baton-descope %s says; run make generate", name, command)
		}
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	var reported struct {
		Types []struct {
			ResourceType struct{ ID string }
			Capabilities []string
		} `json:"resourceTypeCapabilities"`
	}
	if err := json.Unmarshal([]byte(run(t, nil, "baton-descope", "capabilities").stdout), &reported); err != nil {
		t.Fatal(err)
	}
	provisions := map[string]bool{}
	for _, typ := range reported.Types {
		provisions[typ.ResourceType.ID] = slices.Contains(typ.Capabilities, "CAPABILITY_PROVISION")
	}
	want := map[string]bool{"user": false, "tenant": true, "role": true, "permission": false}
	if !reflect.DeepEqual(provisions, want) {
		t.Errorf("provisions %v, want %v", provisions, want)
	}
}

func TestWrongKey(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	const wrong = "K2wrongAndSecretAllTheSame"
	e := fails(t, d, "--management-key", wrong)
	if e.code != 16 {
		t.Errorf("exit code %d, want 16 (Unauthenticated)", e.code)
	}
	e.contains(t, "cannot read users: SearchUsers: HTTP 401 Unauthorized", "the project id or the management key is wrong")
	if strings.Contains(e.all, wrong) {
		t.Error("the output has the management key")
	}
}

// A failed sync never ends with exit code 0. BATON_DESCOPE_TEST_FAILING_SYNCS sets the
// number of syncs, which is 20 otherwise.
func TestFailingSyncs(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	runs := 20
	if n, err := strconv.Atoi(os.Getenv("BATON_DESCOPE_TEST_FAILING_SYNCS")); err == nil {
		runs = n
	}
	for range 2 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range runs / 2 {
				if e := connector(t, d, "--management-key", "K2wrong"); e.code != 16 {
					t.Fatalf("exit code %d, want 16 (Unauthenticated)\n%s", e.code, e.all)
				}
			}
		})
	}
}

func TestKeyThatCannotReadRoles(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	d.Deny("LoadAllRoles")
	e := fails(t, d)
	if e.code != 7 {
		t.Errorf("exit code %d, want 7 (PermissionDenied)", e.code)
	}
	e.contains(t, "cannot read roles: LoadAllRoles: HTTP 403 Forbidden")
	if strings.Contains(e.all, "cannot read users") {
		t.Error("users are said to be unreadable")
	}
}

// Mistakes in settings are reported before any request.
func TestInvalidSettingsAreRefused(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	for name, test := range map[string]struct {
		args []string
		says string
	}{
		"plain HTTP":            {[]string{"--base-url", "http://example.com"}, "--base-url: the base URL is plain http"},
		"a password in the URL": {[]string{"--base-url", "https://me:pw@example.com"}, "--base-url: the base URL must not hold a user name or password"},
		"not a project ID":      {[]string{"--project-id", "a/b"}, "--project-id is not a Descope project ID"},
		"a path":                {[]string{"--base-url", "https://api.descope.com/v1"}, "give https://api.descope.com, without a path"},
		"a request's key":       {[]string{"--management-key", "Bearer P2abc:" + key}, "--management-key begins with the word Bearer"},
		"a key with a blank":    {[]string{"--management-key", key + " "}, "--management-key begins or ends with a blank"},
		"the key as project ID": {[]string{"--project-id", "Bearer " + key}, "--project-id is not a Descope project ID"},
		"no such mapping":       {[]string{"--mapping", "/no/such/file.yaml"}, "--mapping: open /no/such/file.yaml"},
	} {
		e := connector(t, d, test.args...)
		if e.code == 0 {
			t.Errorf("%s: accepted", name)
		}
		e.contains(t, test.says)
	}
	e := run(t, []string{"BATON_MANAGEMENT_KEY=" + key}, "baton-descope")
	hidden(t, "the output", []byte(e.all))
	if e.code == 0 {
		t.Error("no project ID: accepted")
	}
	e.contains(t, "project-id")
	if got := d.Requests(); len(got) > 0 {
		t.Errorf("there were requests: %v", d.Counts())
	}
}
