package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping"
)

// warningsIn returns the warnings of a file without mistakes, a line each,
// without the file's name.
func warningsIn(t *testing.T, src string, env mapping.Environment) string {
	t.Helper()
	report := mapping.Check("f", []byte(src), env)
	if len(report.Mistakes) > 0 {
		t.Fatal(report.Mistakes)
	}
	return warningText(report)
}

func warningText(report *mapping.Report) string {
	if len(report.Warnings) == 0 {
		return ""
	}
	return strings.TrimPrefix(strings.ReplaceAll(report.Warnings.Error(), "\nf:", "\n"), "f:")
}

func TestCheckAndLoadFindTheSameMistakes(t *testing.T) {
	src := edit(t, "email: email\n", "email: mail\n")
	_, err := mapping.Load("f", []byte(src), descopeAPI)
	report := mapping.Check("f", []byte(src), descopeAPI)
	if err == nil || report.Mistakes.Error() != err.Error() {
		t.Errorf("got %v, want %v", report.Mistakes, err)
	}
	if report.Plan != nil || report.Warnings != nil {
		t.Errorf("with mistakes there is a plan %v, and there are warnings %v", report.Plan, report.Warnings)
	}
}

func TestWarnings(t *testing.T) {
	unread := func(place, operation, list string) string {
		return place + ": each record of " + operation + " has the list " + list + ", which looks like access, but no rule reads it; " +
			"add a rule, or a reason: ignored: {" + list + ": ...}"
	}
	type edits [][2]string
	for _, c := range []struct {
		name  string
		edits edits
		want  string
	}{
		{
			"a list that looks like access, and nothing reads it",
			edits{{"      permissions: They follow from the roles.\n", ""}},
			unread("19:3", "SearchUsers", "permissions"),
		},
		{
			"one inside a list that is read",
			edits{{"      userTenants.permissions: They follow from the roles in the tenant.\n", ""}},
			unread("19:3", "SearchUsers", "userTenants.permissions"),
		},
		{
			"one of names",
			edits{{"{entitlement: permission.granted, on: {name: permissionNames}, expand: assigned}", "{entitlement: permission.granted, on: {name: description}}"}},
			unread("81:3", "LoadAllRoles", "permissionNames"),
		},
		{
			"not one that is in the profile",
			edits{{"      permissions: They follow from the roles.\n", ""}, {"    profile:\n", "    profile:\n      permissions: permissions\n"}},
			"",
		},
		{
			"not one that a child's texts use",
			edits{
				{"      defaultRoles: What new members are given; who has a role is in the users' records.\n", ""},
				{"    name: \"{name}[ ({parent.name or parent.id})]\"", "    name: \"{name}[ ({first parent.defaultRoles})]\""},
			},
			"",
		},
		{
			"a list that comes in pages, and only the first is read",
			edits{{"      pages: {limit: limit, size: 100, offset: offset, page: page, total: total}\n", ""}},
			`23:18: SearchUsers takes offset and page, so its list comes in pages; without "pages" only the first is read`,
		},
		{
			"not one of which the mapping asks for a certain page",
			edits{{"      pages: {limit: limit, size: 100, offset: offset, page: page, total: total}\n", "        page: 1\n        offset: 0\n      narrowed: {page: It has all., offset: It has all.}\n"}},
			"",
		},
		{
			"an entitlement that nothing grants",
			edits{{"        read_only: A role's", "        read_only: Is a role's"}, {"    entitlements:\n      granted:\n", "    entitlements:\n      unused: {grantable_to: role, read_only: true}\n      granted:\n"}},
			"118:7: no rule under grants of role reads permission.unused, so no grant of it is synced",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := string(frozen)
			for _, e := range c.edits {
				if strings.Count(src, e[0]) != 1 {
					t.Fatalf("not there once: %s", e[0])
				}
				src = strings.Replace(src, e[0], e[1], 1)
			}
			if got := warningsIn(t, src, descopeAPI); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

// Names of lists, in any spelling, that look like access, and names that do not.
func TestNamesOfAccess(t *testing.T) {
	type record struct {
		ID           string   `json:"id"`
		Roles        []string `json:"roles"`
		RoleNames    []string `json:"roleNames"`
		UserTenants  []string `json:"userTenants"`
		TenantIDs    []string `json:"tenant_ids"`
		MemberGroups []string `json:"MEMBER-GROUPS"`
		GroupKeys    []string `json:"groupKeys"`
		SSOAppIDs    []string `json:"ssoAppIds"`
		Permissions  []string `json:"Permissions"`
		Nested       struct {
			Apps []struct {
				Roles []string `json:"roles"`
			} `json:"apps"`
		} `json:"nested"`

		Role       string            `json:"role"`
		RoleCount  int               `json:"roles_count"`
		ByGroups   map[string]string `json:"byGroups"`
		GroupsText string            `json:"groups"`
		Emails     []string          `json:"emails"`
		Approles   []string          `json:"rolesSince"`
	}
	env := mapping.Environment{Operations: api.NewOperations(operation[struct{}, []record]("List"))}
	var lists []string
	for _, w := range mapping.Check("f", []byte("version: 1\nconnector: {display_name: X}\nresource_types:\n  x: {display_name: X, list: {operation: List}, id: id, name: id}\n"), env).Warnings {
		_, list, _ := strings.Cut(w.What, "has the list ")
		list, _, _ = strings.Cut(list, ",")
		lists = append(lists, list)
	}
	if got, want := strings.Join(lists, " "), "roles roleNames userTenants tenant_ids MEMBER-GROUPS groupKeys ssoAppIds Permissions nested.apps"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestMistakesInIgnored(t *testing.T) {
	checkMistakes(t, []mistakeCase{
		{
			name: "an unknown field",
			old:  "      ssoAppIds: An",
			new:  "      ssoAppId: An",
			want: `55:7: a user record (ResponseUser) has no field "ssoAppId"; did you mean "ssoAppIds"?`,
		},
		{
			name: "a field that is read",
			old:  "      ssoAppIds: An",
			new:  "      roleNames: An",
			want: `55:7: roleNames is not ignored: "grants" reads it`,
		},
		{
			name: "a field in which one is read",
			old:  "      ssoAppIds: An",
			new:  "      userTenants: An",
			want: `55:7: userTenants is not ignored: "grants" reads it`,
		},
		{
			name: "no reason",
			old:  "      permissions: They follow from the roles.",
			new:  "      permissions:",
			want: `53:7: "permissions" has no value`,
		},
	})
}

func TestLockChanges(t *testing.T) {
	locked := loadFrozen(t).Contract()
	for _, c := range []struct {
		name  string
		edits []string // what is replaced, and by what
		want  string
	}{
		{"nothing", nil, ""},
		{
			"an id",
			[]string{"    id: userId", "    id: email", "principal.userId", "principal.email"},
			"30:9: the ids of user change from userId to email: every user becomes another one, which orphans every grant, review and policy that refers to one (against the lock)",
		},
		{
			"a trait",
			[]string{"trait: group", "trait: app"},
			`59:12: the trait of tenant changes from "group" to "app": what is set up for the one kind of resource does not apply any more (against the lock)`,
		},
		{
			"a trait that is gone",
			[]string{"    trait: group\n", ""},
			`57:3: the trait of tenant changes from "group" to "": what is set up for the one kind of resource does not apply any more (against the lock)`,
		},
		{
			"a purpose",
			[]string{"purpose: permission", "purpose: ownership"},
			"122:18: the entitlement permission.granted changes its purpose from permission to ownership: reviews that select by purpose select others (against the lock)",
		},
		{
			"a slug",
			[]string{"      granted:", "      given:", "permission.granted", "permission.given"},
			"110:3: the entitlement permission.granted is gone: every grant of it is, which orphans every review and policy that refers to one (against the lock)\n" +
				"118:7: the entitlement permission.given is new: from now on it is part of the contract (against the lock)",
		},
		{
			"a type id",
			[]string{"  permission:\n", "  privilege:\n", "permission.granted", "privilege.granted"},
			"19:3: the resource type permission is gone: every permission is deleted, which orphans every grant, review and policy that refers to one (against the lock)\n" +
				"110:3: the resource type privilege is new: from now on it is part of the contract (against the lock)",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			report := mapping.Check("f", []byte(strings.NewReplacer(c.edits...).Replace(string(frozen))), descopeAPI)
			report.Compare("the lock", locked, true)
			if got := warningText(report); got != c.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, c.want)
			}
		})
	}
}

func TestInvalidLock(t *testing.T) {
	_, err := mapping.ReadContract("team.lock.yaml", []byte("resource_types:\n  - typ: user\n"))
	if err == nil || !strings.Contains(err.Error(), "team.lock.yaml: not a lock of a mapping") || !strings.Contains(err.Error(), "line 2: field typ not found") {
		t.Error(err)
	}
}

func TestExcerpts(t *testing.T) {
	long := strings.Repeat("x", 500)
	for _, c := range []struct {
		name, src   string
		col         int
		line, caret string
	}{
		{"the line and the place", "version: 2\n", 10, "version: 2", "         ^"},
		{"tabs stay, so that the caret is under the place", "version:\t2\n", 10, "version:\t2", "        \t^"},
		{"a place behind the end", "version:\n", 9, "version:", "        ^"},
		{"a control character does not reach the terminal", "a: \x1b[31m\n", 4, "a: \ufffd[31m", "   ^"},
		{"of a long line, what is before the place", "a: " + long + ", b: 1", 506, "…" + strings.Repeat("x", 48) + ", b: 1", strings.Repeat(" ", 51) + "^"},
		{"of a long line, what is behind the place", "a: " + long, 4, "a: " + strings.Repeat("x", 197) + "…", "   ^"},
		{"of a file that is too large, nothing", strings.Repeat(long, 600), 1, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			line, caret := mapping.Check("f", []byte(c.src), descopeAPI).Excerpt(mapping.Mistake{Line: 1, Col: c.col})
			if line != c.line || caret != c.caret {
				t.Errorf("got:\n%s\n%s\nwant:\n%s\n%s", line, caret, c.line, c.caret)
			}
		})
	}
}
