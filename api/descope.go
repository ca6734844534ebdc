package api

import _ "embed"

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config client.yaml descope.yaml
//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config server.yaml descope.yaml

// DescopeDocument is descope.yaml, for the local Descope, which checks every
// request against it.
//
//go:embed descope.yaml
var DescopeDocument []byte
