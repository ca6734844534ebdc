// Package exampleapis holds the generated clients of the examples in
// mapping/examples. They are for tests only: no program of this module links
// them.
package exampleapis

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config github.yaml ../../mapping/examples/github/openapi.yaml
