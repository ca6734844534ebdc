// Package secondapi is Workbench: an invented API that is as unlike the
// product's own as the mapping language allows, its mapping, and a server of it
// for tests. It proves that the connector's runtime knows no particular API.
//
// What differs: ids are numbers; people come by opaque cursor, groups by the
// number of the page, workspaces as a bare list; a status is a truth value and
// a time is text; memberships lie two lists deep; what is written is named by
// the path, and most writes are answered with no content; errors have a form of
// their own.
package secondapi

import (
	_ "embed"

	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen -config client.yaml workbench.yaml

// Mapping is the mapping of Workbench.
//
//go:embed mapping.yaml
var Mapping []byte

// Plan loads the mapping.
func Plan() (*mapping.Plan, error) {
	return mapping.Load("mapping.yaml", Mapping, mapping.Environment{Operations: client.Operations})
}
