//go:build ignore

// This program writes the configuration struct to gen/config.
package main

import (
	"go/format"
	"log"
	"os"

	"github.com/conductorone/baton-sdk/pkg/config"

	baton "github.com/conductorone/baton-descope/internal/descope/config"
)

func main() {
	if err := generate("../../../gen/config"); err != nil {
		log.Fatal(err)
	}
}

// generate writes the struct as the SDK does, and formats it.
func generate(dir string) error {
	const file = "conf.gen.go" // The SDK's own name for it.
	if err := os.Chdir(dir); err != nil {
		return err
	}
	config.Generate("descope", baton.Schema)
	written, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	formatted, err := format.Source(written)
	if err != nil {
		return err
	}
	return os.WriteFile(file, formatted, 0o644) //nolint:gosec // Checked in.
}
