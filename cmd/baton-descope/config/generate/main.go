// Generate writes the configuration struct to gen/config.
package main

import (
	"log"
	"os"

	"github.com/conductorone/baton-sdk/pkg/config"

	baton "github.com/conductorone/baton-descope/cmd/baton-descope/config"
)

func main() {
	if err := os.Chdir("../../../gen/config"); err != nil {
		log.Fatal(err)
	}
	config.Generate("descope", baton.Schema)
}
