package mapping_test

import (
	"os"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

// How a wrong edit of a mapping is met.
const (
	refused = "refused" // it does not load
	warned  = "warned"  // by check, and in the log of every sync
	changes = "changes" // by check, which compares it with the lock
	logged  = "logged"  // by a sync, which counts what it leaves out and words without a meaning
	silent  = "silent"
)

// TestWrongEdits has edits of the frozen mapping that somebody may make by mistake, each
// of which loses or invents data, and how it is met. A silent one is beyond a check: the
// API document has nothing to hold it against.
func TestWrongEdits(t *testing.T) {
	locked, err := os.ReadFile("testdata/frozen.lock.yaml")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := mapping.ReadContract("frozen.lock.yaml", locked)
	if err != nil {
		t.Fatal(err)
	}
	const (
		pages    = "      pages: {limit: limit, size: 100, offset: offset, page: page, total: total}\n"
		fixed    = "        withTestUser: option.include-test-users\n"
		members  = "      - {entitlement: tenant.member, on: {id: userTenants.tenantId}}\n"
		roles    = "      - {entitlement: role.assigned, on: {name: roleNames}}\n"
		inTenant = "      - {entitlement: role.assigned, on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}\n"
		name     = "    name: name or email or first loginIds or userId\n"
		login    = "      login: first loginIds\n"
		created  = "    created_at: createdTime\n    status"
		requires = "          requires: {entitlement: tenant.member, on: {id: resource.tenantId}}\n"
		grantsOf = "          with: {loginId: principal.userId, tenantId: resource.tenantId, roleNames: [resource.name]}\n          principal: user\n          requires"
	)
	for _, c := range []struct{ what, old, new, met string }{
		// Lists that are short.
		{"no pages", pages, "", warned},
		{"page in the field for the offset", pages, "      pages: {limit: limit, size: 100, page: offset, total: total}\n", warned},
		{"offset in the field for the page", pages, "      pages: {limit: limit, size: 100, offset: page, total: total}\n", warned},
		{"limit in the field for the page", pages, "      pages: {limit: page, size: 100, offset: offset, total: total}\n", warned},
		{"a size with a leading 0", "size: 100", "size: 0100", refused},
		{"a size of 0", "size: 100", "size: 0", refused},
		{"a fixed page", pages, "        page: 1\n", warned},
		{"a fixed limit", pages, "        limit: 1000\n", warned},
		{"a filter by status", fixed, fixed + "        statuses: [enabled]\n", warned},
		{"a filter by sign-in", fixed, fixed + "        ssoOnly: true\n", warned},
		{"a filter by tenant", fixed, fixed + "        tenantIds: [T1]\n", warned},
		{"a filter by text", fixed, fixed + "        text: ann\n", warned},
		{"a filter by role", fixed, fixed + "        roleNames: [Editor]\n", warned},
		{"test users left out for good", fixed, "        withTestUser: false\n", warned},
		{"only test users", fixed, fixed + "        testUsersOnly: true\n", warned},
		{"another list of records", "records: tenants", "records: tenant", refused},
		{"an operation of another type", "operation: LoadAllTenants, records: tenants", "operation: LoadAllRoles, records: roles", refused},
		{"a total that is none", "total: total}", "total: users}", refused},
		{"no total", ", total: total}", "}", silent},                                                 // Pages are read to an end without it.
		{"no order", "        sort: [{field: createdTime, desc: false}, {field: id}]\n", "", silent}, // The order of an API is not in its document.
		{"the newest first", "desc: false", "desc: true", silent},                                    // Nor is what an order means.

		// Access that is not read.
		{"no rule for members", members, "", refused},
		{"no rule for roles of the project", roles, "", warned},
		{"no rule for roles in tenants", inTenant, "", warned},
		{"no rules at all", members + roles + inTenant, "", refused},
		{"roles in tenants without the tenant", inTenant, "      - {entitlement: role.assigned, on: {name: userTenants.roleNames}}\n", warned},
		{"roles of the project read twice", inTenant, roles, warned},
		{"a rule for another entitlement", members, "      - {entitlement: role.assigned, on: {name: userTenants.tenantId}}\n", refused},
		{"a rule that reads permissions as roles", roles, "      - {entitlement: role.assigned, on: {name: permissions}}\n", refused},
		{"a rule that reads tenants' names", members, "      - {entitlement: tenant.member, on: {id: userTenants.tenantName}}\n", logged}, // Any text may be an id. The sync leaves the grants out and says so.
		{"a rule that reads the user's own id", members, "      - {entitlement: tenant.member, on: {id: userId}}\n", logged},              // The same.
		{"a list that is ignored and read", "      permissions: They", "      roleNames: They", refused},
		{"a list that is not ignored", "      permissions: They follow from the roles.\n", "", warned},
		{"a list inside that is not ignored", "      userTenants.permissions: They follow from the roles in the tenant.\n", "", warned},
		{"roles without their permissions", "{entitlement: permission.granted, on: {name: permissionNames}, expand: assigned}", "{entitlement: permission.granted, on: {name: name}}", warned},
		{"no expansion", ", expand: assigned}", "}", silent}, // It is a choice.
		{"two lists in one rule", "on: {tenantId: userTenants.tenantId, name: userTenants.roleNames}}\n    ignored", "on: {tenantId: userTenants.tenantId, name: roleNames}}\n    ignored", refused},

		// Users.
		{"no status", statusLine, "", warned},
		{"a value of the status that nothing names", "disabled: [disabled, expired]", "disabled: disabled", warned},
		{"a misspelled value", "disabled: [disabled, expired]", "disabled: [disable, expired]", refused},
		{"a value with two meanings", "pending: invited", "pending: enabled", refused},
		{"a status of another field", "{from: status,", "{from: phone,", logged}, // A sync counts the values that nothing names.
		{"a status that is a truth value", statusLine, "    status: {from: verifiedEmail, enabled: \"true\"}\n", warned},
		{"enabled and disabled the wrong way round", "enabled: enabled, pending: invited, disabled: [disabled, expired]", "enabled: [disabled, expired], pending: invited, disabled: enabled", silent}, // Words are not understood.
		{"no login", login, "", warned},
		{"the second login", login, "      login: loginIds[1]\n", refused},
		{"all logins as one", login, "      login: loginIds\n", refused},
		{"another field as the e-mail address", "      email: email\n", "      email: recoveryEmail\n", silent}, // Both are addresses.
		{"a second factor of text", "mfa: TOTP or webauthn or push", "mfa: phone", refused},
		{"a name that hides the others", name, "    name: userId or name\n", warned},
		{"or in another language", name, "    name: name || userId\n", refused},
		{"a time that is none", created, "    created_at: verifiedEmail\n    status", refused},
		{"another time", created, "    created_at: consentExpiration\n    status", silent}, // Both are times.
		{"an attribute with a dot without quotes", "custom_attributes: customAttributes\n", "cost: customAttributes.cost center\n", refused},
		{"a user who is a group", "    trait: user\n", "    trait: group\n", refused},

		// Ids and parents.
		{"a name as the id of a tenant", "    id: id\n", "    id: name\n", refused},
		{"a login as the id of a user", "    id: userId\n", "    id: loginIds\n", refused},
		{"a role without its tenant", "id: [tenantId, name]", "id: name", refused},
		{"the parts of an id the other way round", "id: [tenantId, name]", "id: [name, tenantId]", refused},
		{"a tenant in itself", "    name: name or id\n    created_at", "    parent: {tenant: id}\n    name: name or id\n    created_at", refused},
		{"a tenant as a role's parent by its name", "parent: {tenant: tenantId}", "parent: {tenant: name}", silent}, // Any text may be an id.
		{"a role in itself", "parent: {tenant: tenantId}", "parent: {role: {tenantId: tenantId, name: name}}", refused},
		{"another trait", "    trait: group\n", "    trait: app\n", changes},
		{"another purpose", "purpose: permission", "purpose: ownership", changes},
		{"roles that are shown nowhere", "    also: # a project's role held inside one tenant is a role of its own\n      in: user\n      id: {tenantId: userTenants.tenantId, name: userTenants.roleNames}\n      like: {name: userTenants.roleNames} # the rest comes from the project's role of that name\n", "", logged}, // The sync leaves the grants out and says so.
		{"a misspelled field", "email_verified: verifiedEmail", "email_verified: verifedEmail", refused},

		// Grants.
		{"a grant that requires itself", requires, "          requires: {entitlement: role.assigned, on: {tenantId: resource.tenantId, name: resource.name}}\n", refused},
		{"a grant without the tenant that it requires", requires, "", silent}, // The API refuses it.
		{"a grant of the tenant's role as a role", grantsOf, strings.Replace(grantsOf, "[resource.name]", "[resource.tenantId]", 1), refused},
		{"braces around a reference", "with: {loginId: principal.userId, tenantId: resource.id}\n          principal: user\n        revoke", "with: {loginId: \"{principal.userId}\", tenantId: resource.id}\n          principal: user\n        revoke", refused},
		{"a condition", members, "      - {entitlement: tenant.member, on: {id: userTenants.tenantId}, when: verifiedEmail}\n", refused},
	} {
		t.Run(c.what, func(t *testing.T) {
			report := mapping.Check("f", []byte(edit(t, c.old, c.new)), descopeAPI)
			met, said := silent, error(report.Warnings)
			switch {
			case report.Plan == nil:
				met, said = refused, report.Mistakes
			case len(report.Plan.Warnings) > 0:
				met = warned
			default:
				if report.Compare("lock", lock, false); len(report.Warnings) > 0 {
					met, said = changes, report.Warnings
				}
			}
			if c.met == logged && met == silent {
				met = logged // TestDanglingIsConfirmedOnce and TestUnknownStatusesAreInTheLog hold syncs to it.
			}
			if met != c.met {
				t.Errorf("%s, want %s: %v", met, c.met, said)
			}
		})
	}
}
