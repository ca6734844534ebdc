// Schemagen writes what is generated from the mapping language: its JSON Schema
// for editors, and the reference in docs/mapping.md. It is run in mapping/.
package main

import (
	"log"
	"os"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/mapping"
)

// schemaID is where editors find the schema.
const schemaID = "https://raw.githubusercontent.com/conductorone/baton-descope/main/mapping/mapping.schema.json"

func main() {
	if err := generate("mapping.schema.json", "../docs/mapping.md"); err != nil {
		log.Fatal(err)
	}
}

func generate(schemaFile, manual string) error {
	schema, err := mapping.Schema(environment(), schemaID)
	if err != nil {
		return err
	}
	if err := os.WriteFile(schemaFile, schema, 0o644); err != nil { //nolint:gosec // Checked in.
		return err
	}
	written, err := os.ReadFile(manual)
	if err != nil {
		return err
	}
	written, err = withReference(written)
	if err != nil {
		return err
	}
	return os.WriteFile(manual, written, 0o644) //nolint:gosec // Checked in.
}

// environment is what mappings of Descope can refer to.
func environment() mapping.Environment {
	return descope.Environment(&generated.Descope{})
}
