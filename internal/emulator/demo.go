package emulator

// Demo is the project of a small company, Fernhill, that sells scheduling software
// to a handful of customers: 60 users, 6 tenants, 12 roles and 20 permissions, the
// same each time. It holds what real projects hold and connectors trip over: the
// same role name in two tenants and beside the project's, project roles held inside
// tenants, a name with a slash, users without name, email or tenants, and three
// test users, whom a search leaves out unless asked. Five access keys and two SSO
// applications are for mappings that list them.
func Demo() Project {
	return Project{
		Users:       demoUsers(),
		Tenants:     demoTenants(),
		Roles:       demoRoles(),
		Permissions: demoPermissions(),

		AccessKeys:      demoAccessKeys(),
		SSOApplications: demoApplications(),
	}
}

// demoStart is when the demo project was made: 2025-01-06 09:00 UTC, in Unix seconds.
const demoStart int32 = 1736154000

const hour int32 = 3600

func demoTenants() []Tenant {
	return []Tenant{
		{
			ID: "T2fernhill", Name: "Fernhill", CreatedTime: demoStart, AuthType: "oidc",
			Domains: []string{"fernhill.example"}, SelfProvisioningDomains: []string{"fernhill.example"},
			CustomAttributes: map[string]any{"plan": "internal"},
		},
		{
			ID: "T2acme", Name: "Acme Robotics", CreatedTime: demoStart + 72*hour, AuthType: "saml",
			Domains: []string{"acme.example", "acme-robotics.example"}, SelfProvisioningDomains: []string{"acme.example"},
			EnforceSSO: true, EnforceSSOExclusions: []string{"owner@acme.example"},
			Successors: []string{"T2acmelabs"}, DefaultRoles: []string{"Member"}, RoleInheritance: "userOnly",
			CustomAttributes: map[string]any{"plan": "enterprise", "seats": 250, "regions": []string{"EU", "US"}},
		},
		{
			ID: "T2acmelabs", Name: "Acme Labs", CreatedTime: demoStart + 75*hour, AuthType: "saml",
			Domains: []string{"labs.acme.example"}, Parent: "T2acme", RoleInheritance: "none",
			CustomAttributes: map[string]any{"plan": "enterprise", "beta": true},
		},
		{
			ID: "T2birch", Name: "Birch & Sons", CreatedTime: demoStart + 240*hour, AuthType: "none",
			Domains: []string{"birch.example"}, DefaultRoles: []string{"Member"},
			CustomAttributes: map[string]any{"plan": "team", "seats": 20},
		},
		{
			ID: "T2cobalt", Name: "Cobalt Health", CreatedTime: demoStart + 500*hour, AuthType: "oidc",
			Domains: []string{"cobalt.example"}, EnforceSSO: true,
			CustomAttributes: map[string]any{"plan": "enterprise", "seats": 80},
		},
		{
			ID: "T2dune", Name: "Dune Travel", CreatedTime: demoStart + 900*hour, AuthType: "none", Disabled: true,
			Domains: []string{"dune.example"}, CustomAttributes: map[string]any{"plan": "trial"},
		},
	}
}

// demoRoles holds each kind of role: of the project, of one tenant, of two tenants
// under one name ("Approver"), and of a tenant under a name that the project uses
// too ("Auditor").
func demoRoles() []Role {
	roles := []Role{
		{Name: "Tenant Admin", Description: "Manages a tenant's users and sign-in.", PermissionNames: []string{"User Admin", "SSO Admin", "Impersonate"}},
		{Name: "Member", Description: "Uses the product.", PermissionNames: []string{"calendar:read", "calendar:write"}, Default: true},
		{Name: "Viewer", Description: "Looks, and changes nothing.", PermissionNames: []string{"calendar:read", "report:read"}},
		{Name: "Billing Admin", Description: "Pays.", PermissionNames: []string{"invoice:read", "invoice:pay", "plan:change"}},
		{Name: "Auditor", Description: "Reads everything, in every tenant.", PermissionNames: []string{"audit:read", "report:read", "report:export"}},
		{Name: "Support/L1", Description: "Answers customers.", PermissionNames: []string{"ticket:read", "ticket:reply"}},
		{Name: "Support/L2", Description: "Mends what L1 cannot.", PermissionNames: []string{"ticket:read", "ticket:reply", "ticket:close", "Impersonate"}, Private: true},
		{Name: "Approver", TenantID: "T2acme", Description: "Approves shifts at Acme.", PermissionNames: []string{"shift:approve", "calendar:read"}},
		{Name: "Approver", TenantID: "T2birch", Description: "Approves leave at Birch.", PermissionNames: []string{"leave:approve"}},
		{Name: "Auditor", TenantID: "T2cobalt", Description: "Reads patient schedules at Cobalt.", PermissionNames: []string{"audit:read", "patient:read"}},
		{Name: "Clinician", TenantID: "T2cobalt", Description: "Treats patients.", PermissionNames: []string{"patient:read", "patient:write", "calendar:write"}},
		{Name: "Line Manager", TenantID: "T2acme", PermissionNames: nil},
	}
	ids := []string{
		"TenantAdmin", "Member", "Viewer", "BillingAdmin", "Auditor", "SupportL1", "SupportL2",
		"ApproverAcme", "ApproverBirch", "AuditorCobalt", "ClinicianCobalt", "LineManagerAcme",
	}
	for i := range roles {
		roles[i].ID = "ROL3demo" + ids[i]
		roles[i].CreatedTime = demoStart + int32(i)*24*hour
	}
	return roles
}

func demoPermissions() []Permission {
	permissions := []Permission{
		{Name: "User Admin", Description: "Manage the users of a tenant.", SystemDefault: true},
		{Name: "SSO Admin", Description: "Manage the sign-in of a tenant.", SystemDefault: true},
		{Name: "Impersonate", Description: "Act as another user.", SystemDefault: true},
		{Name: "calendar:read"}, {Name: "calendar:write"},
		{Name: "shift:approve"}, {Name: "leave:approve"},
		{Name: "report:read"}, {Name: "report:export", Description: "Download reports as files."},
		{Name: "audit:read", Description: "Read the audit trail."},
		{Name: "invoice:read"}, {Name: "invoice:pay"}, {Name: "plan:change"},
		{Name: "ticket:read"}, {Name: "ticket:reply"}, {Name: "ticket:close"},
		{Name: "patient:read", Description: "Read patient schedules."}, {Name: "patient:write"},
		{Name: "api:read"}, {Name: "api:write", Description: "Held by no role."},
	}
	for i := range permissions {
		permissions[i].ID = "PERM3demo" + string(rune('A'+i))
	}
	return permissions
}
