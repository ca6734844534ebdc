package emulator

// demoAccessKeys are one key of each kind: with a role of the project, bound to a
// user, expired, inactive with roles inside tenants, and one with which a tenant's
// directory provisions users through SCIM.
func demoAccessKeys() []AccessKey {
	const year = 365 * 24 * hour
	keys := []AccessKey{
		{
			Name: "Reporting", Description: "Reads the numbers for the dashboard.", RoleNames: roles("Viewer"),
			PermittedIPs: []string{"192.0.2.0/24", "198.51.100.7"}, CreatedBy: "U2demoInesMarlow",
			CustomClaims: map[string]any{"purpose": "reporting"}, CustomAttributes: map[string]any{"team": "Data", "tier": 2},
		},
		{
			// Its own role has no effect: it has the rights of Tomasz.
			Name: "Tomasz's scripts", BoundUserID: "U2demoTomaszReyl", RoleNames: roles("Tenant Admin"),
			ExpireTime: demoStart + 10*year, CreatedBy: "U2demoTomaszReyl",
		},
		{
			Name: "Trial import", Description: "Was for the first import.", RoleNames: roles("Member"),
			ExpireTime: demoStart + 30*24*hour, CreatedBy: "U2demoInesMarlow",
		},
		{
			Name: "Nightly sync", Status: "inactive", Tenants: member(in("T2birch", "Approver"), in("T2dune", "Support/L2")),
			CreatedBy: "U2demoAlmaBirch",
		},
		{
			Name: "Acme SCIM", Description: "Provisions the users of Acme Robotics.", Tenants: member(in("T2acme", "Tenant Admin")),
			ExpireTime: demoStart + 10*year, CreatedBy: "U2demoAmaraOkafor",
		},
	}
	for i, id := range []string{"Reporting", "Tomasz", "TrialImport", "Nightly", "AcmeSCIM"} {
		keys[i].ID, keys[i].ClientID = "K2demo"+id, "C2demo"+id
		keys[i].CreatedTime = demoStart + int32(i)*24*hour
		keys[i].Editable = true
	}
	return keys
}

func demoApplications() []SSOApplication {
	return []SSOApplication{
		{ID: "descope-default-oidc", Name: "OIDC default application", Enabled: true, AppType: "oidc"},
		{ID: "SA2demoWiki", Name: "Wiki", Description: "The handbook.", Logo: "https://images.fernhill.example/wiki.png", AppType: "saml"},
	}
}
