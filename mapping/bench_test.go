package mapping_test

import (
	"testing"

	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := mapping.Load("descope.yaml", mapping.Descope, descopeAPI); err != nil {
			b.Fatal(err)
		}
	}
}

// One user, with a role of the project and three in two tenants: what a sync
// makes of the record.
func BenchmarkRecord(b *testing.B) {
	typ := loadFrozen(b).Type("user")
	r := recordOf[descope.ResponseUser](b, `{
		"userId": "U2abcdefghijklmnopqrstuvwxyz", "loginIds": ["ada@example.com", "+15550100"], "email": "ada@example.com",
		"verifiedEmail": true, "name": "Ada Lovelace", "givenName": "Ada", "familyName": "Lovelace", "phone": "+15550100",
		"status": "enabled", "createdTime": 1700000000, "TOTP": true, "SAML": false, "roleNames": ["Viewer"],
		"userTenants": [
			{"tenantId": "T2aaaaaaaaaaaaaaaaaaaaaaaaaa", "tenantName": "Acme", "roleNames": ["Editor", "Tenant Admin"]},
			{"tenantId": "T2bbbbbbbbbbbbbbbbbbbbbbbbbb", "tenantName": "Initech", "roleNames": ["Viewer"]}],
		"customAttributes": {"department": "Engines", "costCentre": 42, "contractor": false, "tags": ["a", "b"]}}`)
	b.ReportAllocs()
	for b.Loop() {
		id, err := typ.IDOf(r)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := typ.Resource(id, r, mapping.Record{}); err != nil {
			b.Fatal(err)
		}
		grants := 0
		for _, rule := range typ.Grants {
			if err := rule.Each(r, func(mapping.ID) error { grants++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
		if grants != 6 {
			b.Fatal(grants)
		}
	}
}
