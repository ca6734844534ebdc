// Package emulator is a local Descope: a development tool that answers the part
// of Descope's Management API described in api/descope.yaml from memory. It is not
// Descope, keeps nothing on disk, and is never part of the connector.
//
// A [Project] is the data to start with: [Demo] is a small company, [Generate] is
// any number of users, and a test writes its own:
//
//	project := emulator.Project{
//		Users:   []emulator.User{{UserID: "U2ada", LoginIDs: []string{"ada@acme.example"}}},
//		Tenants: []emulator.Tenant{{ID: "T2acme", Name: "Acme"}},
//	}
//	srv := emulator.New(project, emulator.Options{})
//
// A [Server] is the project behind HTTP. A request passes, in this order: the
// journal, the latency, the hook of [Server.Intercept] (package fault is one), the management key, the operations refused by [Server.Deny], the rate
// limit, and the check against the OpenAPI document. What is left is answered from
// the [Store], which a test may read and change at any time.
//
// The package knows the connector's side of the wire from the OpenAPI document
// alone. Where that is silent it follows what is publicly known of the service:
// see the comments on paging (search.go), on membership (assign.go) and on errors
// (reply.go).
package emulator
