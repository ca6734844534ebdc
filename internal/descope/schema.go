package descope

import (
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/mapping/schema"
)

// schemaID is where editors find the schema.
const schemaID = "https://raw.githubusercontent.com/conductorone/baton-descope/main/mapping/mapping.schema.json"

// MappingSchema returns the JSON Schema of mappings of Descope, for editors.
func MappingSchema() ([]byte, error) {
	return schema.JSON(Environment(&generated.Descope{}), schemaID)
}
