package oneshot

import (
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
)

func TestHolderType(t *testing.T) {
	for name, test := range map[string]struct {
		may          []string
		given, holds string
		fails        string
	}{
		"the only one":        {[]string{"user"}, "", "user", ""},
		"the only one, given": {[]string{"user"}, "user", "user", ""},
		"one of two":          {[]string{"user", "key"}, "key", "key", ""},
		"none of two":         {[]string{"user", "key"}, "", "", "--grant-principal-type is missing: role:R:held can be held by a user or a key"},
		"another":             {[]string{"user", "key"}, "role", "", `--grant-principal-type "role": role:R:held can be held by a user or a key only`},
		"any":                 {nil, "role", "role", ""},
		"none of any":         {nil, "", "", "--grant-principal-type is missing: role:R:held can be held by a user or a key or a role"},
	} {
		e := v2.Entitlement_builder{Id: "role:R:held"}
		for _, id := range test.may {
			e.GrantableTo = append(e.GrantableTo, v2.ResourceType_builder{Id: id}.Build())
		}
		p := &provisioning{Change: Change{PrincipalType: test.given}, types: []string{"user", "key", "role"}}
		holder, err := p.holderType(e.Build())
		if holder != test.holds || (err != nil) != (test.fails != "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: %q, %v", name, holder, err)
		}
	}
}

func TestNearestEntitlement(t *testing.T) {
	ids := []string{"role:Viewer:held", "role:T2acme/Approver:held", "role:T2acme/Auditor:held", "tenant:T2acme:member", "permission:api:read:granted"}
	for given, want := range map[string]string{
		"role:Veiwer:held":            "role:Viewer:held",
		"role:T2acme/Approvers:held":  "role:T2acme/Approver:held",
		"role:T2dune/Member:held":     "", // The tenant and the name are others.
		"tenant:T2acmee:member":       "tenant:T2acme:member",
		"permission:api:reed:granted": "permission:api:read:granted",
		"role:T2acme/Approver":        "role:T2acme/Approver:held",
		"something else":              "",
	} {
		if got := strings.Join(nearest(given, ids), " "); got != want {
			t.Errorf("%s: %q, want %q", given, got, want)
		}
	}
}

func TestReadable(t *testing.T) {
	for text, want := range map[string]string{
		"Zoë (Müller)":       "Zoë (Müller)",
		"a\x1b[2Jb":          `"a\x1b[2Jb"`,
		"one\ntwo":           `"one\ntwo"`,
		"right\u202eto left": `"right\u202eto left"`,
		"":                   "",
	} {
		if got := readable(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
