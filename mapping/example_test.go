package mapping_test

import (
	"fmt"

	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/mapping"
)

const groupsMapping = `version: 1
connector: {display_name: Example}
resource_types:
  tenant:
    display_name: Tenant
    trait: group
    list: {operation: LoadAllTenants, records: tenants}
    id: id
    name: name
    ignored:
      defaultRoles: Not a matter of who is in a tenant.
      federatedAppIds: Not a matter of who is in a tenant.
    entitlements:
      member: {grantable_to: user, read_only: true}
  user:
    display_name: User
    trait: user
    list: {operation: SearchUsers, records: users}
    id: userId
    name: name or email
    grants:
      - {entitlement: tenant.member, on: {id: userTenants.tenantId}}
`

// A mapping is loaded, and makes a resource and its grants of a record.
func Example() {
	plan, err := mapping.Load("team.yaml", []byte(groupsMapping), mapping.Environment{Operations: descope.Operations})
	if err != nil {
		fmt.Println(err)
		return
	}
	user := plan.Type("user")
	record := mapping.RecordOf(descope.ResponseUser{
		UserID: "U2ann", Email: new("ann@example.com"),
		UserTenants: []descope.UserTenants{{TenantID: "T2acme"}, {TenantID: "T2birch"}},
	})
	id, err := user.IDOf(record)
	if err != nil {
		fmt.Println(err)
		return
	}
	resource, err := user.Resource(id, record, mapping.Record{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %s is called %s\n", user.ID, id, resource.Name)
	for _, rule := range user.Grants {
		err = rule.Each(record, func(on mapping.ID) error {
			fmt.Printf("%s holds %s on %s\n", id, rule.Entitlement.Name(), on)
			return nil
		})
		if err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// user U2ann is called ann@example.com
	// U2ann holds tenant.member on T2acme
	// U2ann holds tenant.member on T2birch
}

// All mistakes are reported at once, each at its place.
func ExampleLoad() {
	_, err := mapping.Load("team.yaml", []byte(`version: 1
connector: {display_name: Example}
resource_types:
  user:
    display_name: User
    list: {operation: SerchUsers, records: users}
    id: userId
    name: name
  tenant:
    display_name: Tenant
    list: {operation: LoadAllTenants, records: tenants}
    id: id
    name: nmae
`), mapping.Environment{Operations: descope.Operations})
	fmt.Println(err)
	// Output:
	// team.yaml:6:23: the API has no operation "SerchUsers"; did you mean "SearchUsers"?
	// team.yaml:13:11: a tenant record (Tenant) has no field "nmae"; did you mean "name"?
}
