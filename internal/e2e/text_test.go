package e2e

import (
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"unicode"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// Names with characters that break lines, terminals or C strings are stored and granted
// unchanged, and the log stays one entry a line.
func TestOddCharacters(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	odd := []string{"line\nbreak", "nul\x00byte", "esc\x1b[31mred", "bidi\u202eoverride", "line\u2028separator", "tab\there", "del\x7f", "c1\u009b", "\ufffd", "\ufeffbom"}
	for _, name := range odd {
		d.Store().PutPermission(emulator.Permission{Name: name})
		d.Store().PutRole(emulator.Role{Name: name, Description: "About " + name, PermissionNames: []string{name}})
	}
	d.Store().PutUser(emulator.User{UserID: "U2odd", Name: "Odd\n\x1b[2J\u202eUser", LoginIDs: odd, Status: "line\nbreak", RoleNames: odd})
	file := synced(t, d)
	found := read(t, file)
	equal(t, found, wantedOf(d.Store(), false, false))
	if name := found.resources["user:U2odd"].DisplayName; name != "Odd  [2JUser" {
		t.Errorf("the user is called %q", name)
	}
	d.ResetRequests()
	for _, id := range []string{"role:line\nbreak:assigned", "role:bidi\u202eoverride:assigned"} {
		e := connector(t, d, grantTo(file, id, "user", "U2demoChloeDuval")...)
		if e.code != 0 {
			t.Errorf("%q: exit code %d", id, e.code)
		}
		lines(t, e.all)
	}
	wrote := changes(t, d)
	if len(wrote) != 2 || wrote[0].body["roleNames"].([]any)[0] != "line\nbreak" || wrote[1].body["roleNames"].([]any)[0] != "bidi\u202eoverride" {
		t.Errorf("wrote %q", wrote)
	}
	d.Store().PutUser(emulator.User{UserID: "U2gone", RoleNames: []string{"gone\n\x1b[31m"}})
	lines(t, connector(t, d, "-f", file).all) // It warns of the role that is gone.
	d.Deny("AddUserRoles")
	lines(t, fails(t, d, grantTo(file, "role:esc\x1b[31mred:assigned", "user", "U2demoChloeDuval")...).all)
}

// lines fails the test unless the output is lines of JSON, and an error or a summary of
// two lines.
func lines(t *testing.T, output string) {
	t.Helper()
	text := 0
	for line := range strings.Lines(output) {
		if !json.Valid([]byte(line)) {
			text++
		}
		if strings.ContainsFunc(strings.TrimSuffix(line, "\n"), unicode.IsControl) {
			t.Errorf("the output has control characters: %q", line)
		}
	}
	if text > 2 {
		t.Errorf("%d lines of the output are not JSON:\n%s", text, output)
	}
}

// An id of any length is stored unchanged. The SDK grants and revokes ids of up to 1,024
// bytes; longer ones fail without a write, and a warning names them. Texts that are only
// shown are shortened.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	name := func(start string, length int) string { return start + strings.Repeat("é", (length-len(start))/2) }
	fits, entitlementTooLong, tooLong := name("fits", 1000), name("long", 1020), name("huge", 3000)
	for _, role := range []string{fits, entitlementTooLong, tooLong} {
		d.Store().PutRole(emulator.Role{Name: role, Description: strings.Repeat("d", 5000)})
	}
	d.Store().PutUser(emulator.User{
		UserID: "U2long", Name: strings.Repeat("名", 5000), LoginIDs: []string{strings.Repeat("l", 5000)}, RoleNames: []string{entitlementTooLong, tooLong},
		CustomAttributes: map[string]any{"essay": strings.Repeat("x", 100_000)},
	})
	file := synced(t, d)
	found := read(t, file)
	equal(t, found, wantedOf(d.Store(), false, false))
	user := found.resources["user:U2long"]
	if want := strings.Repeat("名", 340) + "…"; user.DisplayName != want {
		t.Errorf("the user is called %q", user.DisplayName)
	}
	if essay := user.Profile["custom_attributes"].(map[string]any)["essay"].(string); len(essay) != 4096 || !strings.HasSuffix(essay, "x…") {
		t.Errorf("the essay has %d bytes", len(essay))
	}
	if description := found.resources["role:"+fits].Description; len(description) != 2048 {
		t.Errorf("the description has %d bytes", len(description))
	}

	warned := map[string]bool{}
	for line := range strings.Lines(connector(t, d, "-f", file).all) {
		var entry struct{ Msg, ID string }
		if json.Unmarshal([]byte(line), &entry) == nil && strings.HasPrefix(entry.Msg, "an id is longer than the SDK takes") {
			warned[entry.ID[:4]] = true
		}
	}
	if !maps.Equal(warned, map[string]bool{"long": true, "huge": true}) {
		t.Errorf("warned of %v", warned)
	}

	succeeds(t, d, grantTo(file, "role:"+fits+":assigned", "user", "U2long")...)
	if wrote := changes(t, d); len(wrote) != 1 || wrote[0].body["roleNames"].([]any)[0] != fits {
		t.Errorf("wrote %q", wrote)
	}
	for _, role := range []string{entitlementTooLong, tooLong} {
		fails(t, d, grantTo(file, "role:"+role+":assigned", "user", "U2demoChloeDuval")...).contains(t, "value length must be between 1 and 1024 bytes")
		fails(t, d, revoke(file, "role:"+role+":assigned:user:U2long")...).contains(t, "value length must be between 1 and 1024 bytes")
	}
	if wrote := changes(t, d); wrote != nil {
		t.Errorf("wrote %q", wrote)
	}
}
