//go:build tools

// Package tools pins the versions of the programs that go generate and the tests build.
package tools

import (
	_ "github.com/conductorone/baton-sdk/cmd/baton"
	_ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
)
