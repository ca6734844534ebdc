// Package secondapi is Workbench: an invented API that is as unlike the product's own as
// the mapping language allows, with its mapping and a server for tests. It proves that the
// connector's runtime knows no particular API.
//
// The differences: ids are numbers; people are paged by an opaque cursor, groups by page
// number, and workspaces come as a bare list; a status is a truth value and a time is
// text; memberships are nested two lists deep; writes name their target in the path, and
// most return no content; errors have a different form.
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
