package mapping_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

// Requests of operations that destroy, or could, which the two APIs of the tests have not.
type (
	deleteUserCall struct {
		Body struct {
			UserID string `json:"userId"`
		} `in:"body"`
	}
	deleteTenantCall struct {
		Body struct {
			ID string `json:"id"`
		} `in:"body"`
	}
	userRolesCall struct {
		Body struct {
			LoginID   string   `json:"loginId"`
			TenantID  string   `json:"tenantId,omitempty"`
			RoleNames []string `json:"roleNames"`
		} `in:"body"`
	}
	tenantUsersCall struct {
		Tenant string `in:"path" json:"tenantId"`
		Body   struct {
			Users  []string `json:"users,omitempty"`
			Change *struct {
				Entries []struct {
					User string `json:"user"`
				} `json:"entries,omitempty"`
			} `json:"change,omitempty"`
		} `in:"body"`
	}
	tenantListCall struct {
		Tenant string   `in:"path" json:"tenantId"`
		User   string   `in:"path" json:"userId"`
		Body   []string `in:"body"`
	}
	personCall struct {
		Person int64 `in:"path" json:"person_id"`
		Params struct {
			Group *int64 `json:"group_id,omitempty"`
		} `in:"query"`
	}
	groupCall struct {
		Group int64 `in:"path" json:"group_id"`
	}
	groupMembersCall struct {
		Group int64 `in:"path" json:"group_id"`
		Body  struct {
			Members []int64 `json:"members"`
		} `in:"body"`
	}
)

func write[Request any](name, method, path string) *api.Operation {
	op := operation[Request, api.NoReply](name)
	op.Method, op.Path = method, path
	return op
}

// with returns the operations of an API with further ones.
func with(operations api.Operations, more ...*api.Operation) api.Operations {
	all := maps.Clone(operations)
	maps.Copy(all, api.NewOperations(more...))
	return all
}

// destructive are the two APIs with operations that destroy, each with its mapping.
var destructive = map[string]struct {
	mapping []byte
	env     mapping.Environment
}{
	"Descope": {mapping.Descope, mapping.Environment{Options: descopeAPI.Options, Operations: with(descopeAPI.Operations,
		write[deleteUserCall]("DeleteUser", http.MethodPost, "/v1/mgmt/user/delete"),
		write[deleteTenantCall]("DeleteTenant", http.MethodPost, "/v1/mgmt/tenant/delete"),
		write[userRolesCall]("SetUserRoles", http.MethodPost, "/v1/mgmt/user/update/role/set"),
		write[userRolesCall]("PatchUserRoles", http.MethodPatch, "/v1/mgmt/user/roles"),
		write[tenantUsersCall]("PutTenantUsers", http.MethodPut, "/v1/mgmt/tenants/{tenantId}/users"),
		write[tenantListCall]("PutTenantList", http.MethodPut, "/v1/mgmt/tenants/{tenantId}/{userId}"),
		write[userRolesCall]("HeadUserRoles", http.MethodHead, "/v1/mgmt/user/roles"),
		write[userRolesCall]("OptionsUserRoles", http.MethodOptions, "/v1/mgmt/user/roles"),
		write[userRolesCall]("GetUserRoles", http.MethodGet, "/v1/mgmt/user/roles"),
	)}},
	"Workbench": {secondapi.Mapping, mapping.Environment{Operations: with(client.Operations,
		write[personCall]("DeletePerson", http.MethodDelete, "/people/{person_id}"),
		write[groupCall]("DeleteGroup", http.MethodDelete, "/groups/{group_id}"),
		write[groupMembersCall]("SetGroupMembers", http.MethodPut, "/groups/{group_id}/members"),
	)}},
}

// In Descope's mapping.
const (
	grantMember  = "operation: AddUserTenant\n          with: {loginId: principal.userId, tenantId: resource.id}"
	revokeMember = "operation: RemoveUserTenant\n          with: {loginId: principal.userId, tenantId: resource.id}"
	grantRole    = "operation: AddUserRoles\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}"
	revokeRole   = "operation: RemoveUserRoles\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}"
)

// In Workbench's mapping.
const (
	grantGroup  = "operation: AddGroupMember\n          with: {group_id: resource.group_id, person_id: principal.id}"
	revokeGroup = "operation: RemoveGroupMember\n          with: {group_id: resource.group_id, person_id: principal.id}"
	grantHeld   = "operation: GiveRole\n          with: {person_id: principal.id, level: resource.level, key: resource.key}"
	revokeHeld  = "operation: TakeRole\n          with: {person_id: principal.id, level: resource.level, key: resource.key}"
)

// A writeCase is one edit of a mapping of an API, and what Load says of it. The place
// is that of the mark « in the edit.
type writeCase struct{ name, api, old, new, want string }

func checkWrites(t *testing.T, cases []writeCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.api+": "+c.name, func(t *testing.T) {
			api := destructive[c.api]
			if n := strings.Count(string(api.mapping), c.old); n != 1 {
				t.Fatalf("the mapping has this text %d times, not once:\n%s", n, c.old)
			}
			src := strings.Replace(string(api.mapping), c.old, c.new, 1)
			before, after, marked := strings.Cut(src, "«")
			src = before + after
			want := c.want
			if marked {
				want = fmt.Sprintf("f:%d:%d: %s", strings.Count(before, "\n")+1, len(before)-strings.LastIndexByte(before, '\n'), c.want)
			}
			_, err := mapping.Load("f", []byte(src), api.env)
			if err == nil {
				err = fmt.Errorf("")
			}
			if got := err.Error(); got != want {
				t.Errorf("got:\n%s\nwant:\n%s", got, want)
			}
		})
	}
}

// TestWritesThatDestroy: each of these once passed, ran with success and took what
// nobody had asked for.
func TestWritesThatDestroy(t *testing.T) {
	const (
		noRole  = `revoke does not say on which role: "with" needs resource.name; without it other grants would change`
		replace = "is a list in the body of %s, a PUT: it takes the place of the list that is there, and whoever else is in it loses access; grant with an operation that adds one"
	)
	checkWrites(t, []writeCase{
		{
			"a revoke that deletes the user", "Descope", revokeRole + "\n          principal: user", "operation: DeleteUser\n          with: «{userId: principal.userId}",
			`revoke does not say on which role: "with" needs resource.tenantId and resource.name; without it other grants would change`,
		},
		{
			"a revoke that deletes the tenant", "Descope", revokeMember + "\n          principal: user", "operation: DeleteTenant\n          with: «{id: resource.id}",
			`revoke does not say whose it is: "with" needs principal.userId`,
		},
		{"a role revoked by leaving the tenant", "Descope", revokeRole, "operation: RemoveUserTenant\n          with: «{loginId: principal.userId, tenantId: resource.tenantId}", noRole},
		{
			"a revoke without the tenant", "Descope", revokeRole, "operation: RemoveUserRoles\n          with: «{loginId: principal.userId, roleNames: [resource.name]}",
			`revoke does not say on which role: "with" needs resource.tenantId; without it other grants would change`,
		},
		{
			"a PUT that replaces the members with one", "Descope", grantMember + "\n          principal: user", "operation: PutTenantUsers\n          with: {tenantId: resource.id, users: «[principal.userId]}",
			"users " + fmt.Sprintf(replace, "PutTenantUsers"),
		},
		{
			"a fixed tenant", "Descope", grantRole, "operation: AddUserRoles\n          request: {tenantId: T2acme}\n          with: «{loginId: principal.userId, roleNames: [resource.name]}",
			`grant does not say on which role: "with" needs resource.tenantId; without it other grants would change`,
		},
		{
			"a revoke that grants", "Descope", revokeRole, "operation: «AddUserRoles\n          with: {roleNames: [resource.name], loginId: principal.userId, tenantId: resource.tenantId}",
			"revoke is the same call as grant, so one of them does the opposite for role.assigned",
		},

		{
			"a revoke that deletes the person", "Workbench", revokeGroup, "operation: «DeletePerson\n          with: {person_id: principal.id, group_id: resource.group_id}",
			"DeletePerson deletes the person itself: it is the DELETE of what GetPerson reads",
		},
		{"a revoke of all that a person has", "Workbench", revokeHeld, "operation: GiveRole\n          request: {key: none, level: 1}\n          with: «{person_id: principal.id}", `revoke does not say on which role: "with" needs resource.level and resource.key; without it other grants would change`},
		{
			"a revoke that deletes the group", "Workbench", revokeGroup, "operation: DeleteGroup\n          with: «{group_id: resource.group_id}",
			`revoke does not say whose it is: "with" needs principal.id`,
		},
		{
			"a role revoked by leaving a group", "Workbench", revokeHeld, "operation: RemoveGroupMember\n          with: «{person_id: principal.id, group_id: resource.level}",
			`revoke does not say on which role: "with" needs resource.key; without it other grants would change`,
		},
		{
			"a revoke without the level", "Workbench", revokeHeld, "operation: TakeRole\n          request: {level: 1}\n          with: «{person_id: principal.id, key: resource.key}",
			`revoke does not say on which role: "with" needs resource.level; without it other grants would change`,
		},
		{
			"a PUT that replaces the members with one", "Workbench", grantGroup, "operation: SetGroupMembers\n          with: {group_id: resource.group_id, members: «[principal.id]}",
			"members " + fmt.Sprintf(replace, "SetGroupMembers"),
		},
		{
			"a fixed level", "Workbench", grantHeld, "operation: GiveRole\n          request: {level: 1}\n          with: «{person_id: principal.id, key: resource.key}",
			`grant does not say on which role: "with" needs resource.level; without it other grants would change`,
		},
		{
			"a revoke that grants", "Workbench", revokeGroup, "operation: «AddGroupMember\n          with: {person_id: principal.id, group_id: resource.group_id}",
			"revoke is the same call as grant, so one of them does the opposite for group.member",
		},
	})
}

func TestRevocationThatDeletesTheResource(t *testing.T) {
	type erase struct {
		Params struct {
			ID   string `json:"id"`
			User string `json:"user,omitempty"`
		} `in:"query"`
	}
	get := operation[erase, descope.Tenant]("GetTenant")
	get.Method, get.Path = http.MethodGet, "/v1/mgmt/tenant"
	env := mapping.Environment{Options: descopeAPI.Options, Operations: with(descopeAPI.Operations, get, write[erase]("EraseTenant", http.MethodDelete, get.Path))}
	const list = "    list: {operation: LoadAllTenants, records: tenants}\n"
	_, err := mapping.Load("f", []byte(strings.NewReplacer(list, list+"    get: {operation: GetTenant, with: {id: id}}\n",
		revokeMember+"\n          principal: user", "operation: EraseTenant\n          with: {id: resource.id, user: principal.userId}").Replace(string(mapping.Descope))), env)
	if want := "EraseTenant deletes the tenant itself: it is the DELETE of what GetTenant reads"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestMistakesInPairs(t *testing.T) {
	const noTenant = `grant does not say on which role: "with" needs resource.tenantId; without it other grants would change`
	checkWrites(t, []writeCase{
		{
			"a part beside another reference may not be sent", "Descope", grantRole,
			"operation: AddUserRoles\n          with: «{loginId: principal.userId, tenantId: resource.tenantId or resource.name, roleNames: [resource.name]}", noTenant,
		},
		{
			"a path in the record that names nobody", "Descope", grantMember, "operation: AddUserTenant\n          with: «{loginId: record.status, tenantId: resource.id}",
			`grant does not say whose it is: "with" needs principal.userId`,
		},
		{
			"a truth value in the record", "Descope", grantMember, "operation: AddUserTenant\n          with: «{loginId: record.verifiedEmail, tenantId: resource.id}",
			`grant does not say whose it is: "with" needs principal.userId`,
		},
		{
			"a resource in place of the principal", "Descope", grantMember, "operation: AddUserTenant\n          with: «{loginId: principal.userId or resource.id, tenantId: resource.id}",
			`grant does not say whose it is: "with" needs principal.userId`,
		},
		{"the login in the record", "Descope", grantMember, "operation: AddUserTenant\n          with: {loginId: record.customAttributes.badge or first record.loginIds or principal.userId, tenantId: resource.id}", ""},
		{"parts in tables and lists", "Descope", grantMember + "\n          principal: user", "operation: PutTenantUsers\n          with: {tenantId: resource.id, change: {entries: «[{user: principal.userId}]}}", "change.entries is a list in the body of PutTenantUsers, a PUT: it takes the place of the list that is there, and whoever else is in it loses access; grant with an operation that adds one"},
		{
			"nothing is said of what a wrong name would have given", "Descope", grantRole, "operation: AddUserRoles\n          with: {«loginID: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}",
			`AddUserRoles takes no "loginID"; did you mean "loginId"?`,
		},
	})
}

func TestMistakesInMethods(t *testing.T) {
	cases := []writeCase{{
		"a body that cannot be filled", "Descope", grantMember + "\n          principal: user", "operation: «PutTenantList\n          with: {tenantId: resource.id, userId: principal.userId}",
		"the body of PutTenantList is a list, which a mapping cannot fill; it would be sent empty",
	}}
	for _, method := range []string{"Get", "Head", "Options"} {
		name := method + "UserRoles"
		cases = append(cases, writeCase{
			"a write that reads with " + method, "Descope", revokeRole + "\n          principal: user",
			"operation: «" + name + "\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}",
			"revoke calls " + name + ", which is a " + strings.ToUpper(method) + " and changes nothing",
		})
	}
	checkWrites(t, cases)
}

func TestMistakesInListsThatReplace(t *testing.T) {
	const (
		put      = "operation: PutTenantUsers\n          with: {tenantId: resource.id, users: «[principal.userId]}"
		fields   = "\n          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: «[resource.name]}"
		memberOf = "\n          principal: user"
		may      = "roleNames is a list in the body of %s, which may take the place of the list that is there; " +
			"write replaces: true if so (only in revoke), or replaces: false"
		of = "a grant must not replace a list: whoever else is in it loses access; grant with an operation that adds one"
	)
	unmarked := func(text string) string { return strings.Replace(text, "«", "", 1) }
	checkWrites(t, []writeCase{
		{
			"a PUT in a revoke", "Descope", revokeMember + memberOf, put,
			"users is a list in the body of PutTenantUsers, a PUT: it takes the place of the list that is there; if that is right, write replaces: true",
		},
		{
			"a PUT that is said not to replace", "Descope", revokeMember + memberOf, put + "\n          replaces: false",
			"users is a list in the body of PutTenantUsers, a PUT: it takes the place of the list that is there; if that is right, write replaces: true",
		},
		{"a PUT in a revoke that may replace", "Descope", revokeMember + memberOf, unmarked(put) + "\n          replaces: true", ""},
		{"a grant that replaces", "Descope", grantMember + memberOf, unmarked(put) + "\n          replaces: «true", of},
		{"a PATCH", "Descope", grantRole + memberOf, "operation: PatchUserRoles" + fields, fmt.Sprintf(may, "PatchUserRoles")},
		{"a PATCH that adds", "Descope", grantRole + memberOf, "operation: PatchUserRoles" + unmarked(fields) + "\n          replaces: false", ""},
		{"a PATCH that replaces", "Descope", grantRole + memberOf, "operation: PatchUserRoles" + unmarked(fields) + "\n          replaces: «true", of},
		{"a POST that sets", "Descope", grantRole + memberOf, "operation: SetUserRoles" + fields, fmt.Sprintf(may, "SetUserRoles")},
		{"a POST that sets, in a revoke", "Descope", revokeRole + memberOf, "operation: SetUserRoles" + unmarked(fields) + "\n          replaces: true", ""},
		{"a POST that adds", "Descope", grantRole, grantRole + "\n          replaces: «false", "nothing in the body of AddUserRoles is a list that may be replaced; remove it"},
		{"no list", "Workbench", revokeGroup, revokeGroup + "\n          replaces: «true", "nothing in the body of RemoveGroupMember is a list that may be replaced; remove it"},
		{"neither true nor false", "Workbench", revokeGroup, revokeGroup + "\n          replaces: «sometimes", `"replaces" is true or false, not "sometimes"`},
	})
}

// TestNamesThatSet: a list in the body of a POST may replace another if the first word of
// the operation, or of the end of its path, says so.
func TestNamesThatSet(t *testing.T) {
	product := destructive["Descope"]
	set := func(name, method, path string) string {
		src := strings.Replace(string(product.mapping), grantRole+"\n          principal: user", strings.Replace(grantRole, "AddUserRoles", name, 1), 1)
		_, err := mapping.Load("f", []byte(src), mapping.Environment{Options: descopeAPI.Options, Operations: with(descopeAPI.Operations, write[userRolesCall](name, method, path))})
		return fmt.Sprint(err)
	}
	const may, passes = "which may take the place of the list that is there", "<nil>"
	for _, word := range []string{"set", "reset", "replace", "overwrite", "update", "patch", "put", "edit", "modify", "save"} {
		title := strings.ToUpper(word[:1]) + word[1:]
		for _, c := range []struct{ name, method, path, want string }{
			{title + "Roles", http.MethodPost, "/roles", may},
			{word + "_roles", http.MethodPost, "/roles", may},
			{"Roles", http.MethodPost, "/roles/" + word, may},
			{"Roles", http.MethodPost, "/roles/" + word + "-all", may},
			{title + "sRoles", http.MethodPost, "/roles", passes},
			{"Roles" + title, http.MethodPost, "/" + word + "/roles", passes},
			{title + "Roles", http.MethodDelete, "/roles", passes},
		} {
			if got := set(c.name, c.method, c.path); !strings.Contains(got, c.want) {
				t.Errorf("%s %s %s: %s", c.method, c.path, c.name, got)
			}
		}
	}
}

func TestMistakesInFixedTexts(t *testing.T) {
	says := func(text string) string {
		return fmt.Sprintf(`"request" would send the text %q as it stands; references belong in "with"`, text)
	}
	var cases []writeCase
	for _, ref := range []string{"principal.userId", "resource.tenantId", "record.email", "account.login", "input.name", "first record.loginIds"} {
		cases = append(cases, writeCase{
			"of a field: " + ref, "Descope", grantRole, "operation: AddUserRoles\n          request: {loginId: «" + ref + "}\n          with: {tenantId: resource.tenantId, roleNames: [resource.name]}", says(ref),
		})
	}
	checkWrites(t, append(cases, []writeCase{
		{"in a list", "Descope", grantRole, "operation: AddUserRoles\n          request: {roleNames: [x, «resource.name]}\n          with: {loginId: principal.userId, tenantId: resource.tenantId}", says("resource.name")},
		{
			"in a table", "Descope", grantMember + "\n          principal: user",
			"operation: PutTenantUsers\n          request: {change: {entries: [{user: «principal.userId}]}}\n          with: {tenantId: resource.id}", says("principal.userId"),
		},
		{"of a get", "Descope", "get: {operation: LoadUser, with: {userId: id}, record: user}", "get: {operation: LoadUser, with: {userId: id}, request: {loginId: «resource.userId}, record: user}", says("resource.userId")},
		{"a text that only begins like one", "Descope", grantRole, "operation: AddUserRoles\n          request: {roleNames: [record., principal, resourceful.name]}\n          with: «{loginId: principal.userId, tenantId: resource.tenantId}",
			`grant does not say on which role: "with" needs resource.name; without it other grants would change`},
		{"in a list, which has no references", "Descope", "withTestUser: option.include-test-users", "text: resource.id", ""},
	}...))
}

func TestMistakesInWhatGoesAlong(t *testing.T) {
	along := func(entry string) string { return revokeMember + "\n          also_grants: " + entry }
	checkWrites(t, []writeCase{
		{"an entitlement that there is not", "Descope", revokeMember, along("[{entitlement: «role.asigned}]"), `there is no entitlement "role.asigned"; did you mean "role.assigned"?`},
		{"one that nobody's record has", "Descope", revokeMember, along("{entitlement: «permission.granted}"), "no rule under grants of user reads permission.granted, so its grants are not compared; remove it"},
		{"a part that there is not", "Descope", revokeMember, along("{entitlement: role.assigned, on: {«tenant: resource.id}}"), `the id of a role has no part "tenant"; did you mean "tenantId"?`},
		{"a part of another resource", "Descope", revokeMember, along("{entitlement: role.assigned, on: {tenantId: «resource.tenantId}}"), "resource.tenantId is not available here: only the parts of the id of a tenant are (id)"},
		{"a part of the principal", "Descope", revokeMember, along("{entitlement: role.assigned, on: {tenantId: «principal.userId}}"), "principal.userId: only parts of the resource's id are available here; write resource.PART"},
		{"one text for an id of two parts", "Descope", revokeMember, along("{entitlement: role.assigned, on: «resource.id}"), "the id of a role has the parts tenantId, name; give a path to each"},
		{"on a part, on all and on any", "Descope", revokeRole, revokeRole + "\n          also_revokes:\n            - {entitlement: tenant.member, on: resource.tenantId}\n" +
			"            - {entitlement: role.assigned, on: {tenantId: resource.tenantId, name: resource.name}}\n            - entitlement: role.assigned", ""},
	})
}
