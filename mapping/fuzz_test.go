package mapping_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/conductorone/baton-descope/mapping"
)

// Every file ends in a plan or in mistakes that are in the file.
func FuzzLoad(f *testing.F) {
	f.Add(mapping.Descope)
	f.Fuzz(func(t *testing.T, src []byte) {
		plan, err := mapping.Load("f", src, descopeAPI)
		if err == nil {
			if len(plan.Types) == 0 {
				t.Error("a plan without a resource type")
			}
			plan.Contract()
			return
		}
		checkPlaces(t, string(src), err)
	})
}

func checkPlaces(t *testing.T, src string, err error) {
	t.Helper()
	mistakes, ok := errors.AsType[mapping.Mistakes](err)
	if !ok || len(mistakes) == 0 {
		t.Fatalf("an error that is no list of mistakes: %v", err)
	}
	// YAML has five kinds of line ends.
	lines := 1
	for _, r := range src {
		if strings.ContainsRune("\n\r\u0085\u2028\u2029", r) {
			lines++
		}
	}
	for i, m := range mistakes {
		if m.Line < 1 || m.Line > lines || m.Col < 1 || m.What == "" {
			t.Errorf("mistake in no place: %v", m)
		}
		if i > 0 && (m.Line < mistakes[i-1].Line || m.Line == mistakes[i-1].Line && m.Col < mistakes[i-1].Col) {
			t.Errorf("not sorted: %v after %v", m, mistakes[i-1])
		}
	}
}

// Any text can stand for an expression; a mistake in it is inside it.
func FuzzExpression(f *testing.F) {
	for _, seed := range []string{
		"userId", "name or email or first loginIds", "first userTenants.tenantId", "customAttributes.a.b", "{name}[ ({email})]",
		"parent.name", "a..b", ".", " or ", "first ", "{", "}", "[", "]", "[{a}", "{a]}", "userTenants.roleNames.x", "名.前",
	} {
		f.Add(seed)
	}
	const before = "version: 1\nconnector: {display_name: D}\nresource_types:\n  user:\n    display_name: U\n    list: {operation: SearchUsers, records: users}\n    id: userId\n    name: '"
	f.Fuzz(func(t *testing.T, expr string) {
		// In single quotes YAML has every text as it is, but for these.
		if !utf8.ValidString(expr) || strings.ContainsFunc(expr, func(r rune) bool {
			return r < ' ' || r == '\'' || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff
		}) || len(expr) > 1000 {
			t.Skip()
		}
		_, err := mapping.Load("f", []byte(fmt.Sprintf("%s%s'\n", before, expr)), descopeAPI)
		if err == nil {
			return
		}
		mistakes, ok := errors.AsType[mapping.Mistakes](err)
		if !ok {
			t.Fatal(err)
		}
		const quote = 11
		for _, m := range mistakes {
			if m.Line != 8 || m.Col < quote || m.Col > quote+1+utf8.RuneCountInString(expr) {
				t.Errorf("%q: the mistake is elsewhere: %v", expr, m)
			}
		}
	})
}
