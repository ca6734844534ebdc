// Command baton-descope syncs a Descope project into Baton, and grants and
// revokes role assignments and tenant memberships there.
//
//	baton-descope --project-id P2... --management-key K2... -f descope.c1z
package main

import (
	"runtime/debug"
	"strings"

	"github.com/conductorone/baton-descope/internal/cli"
)

// version is set by the linker.
var version = dev

const dev = "dev"

func main() {
	// go install has no linker flags, and knows the version of the module.
	if info, ok := debug.ReadBuildInfo(); ok && version == dev && strings.HasPrefix(info.Main.Version, "v") {
		version = info.Main.Version
	}
	cli.Main(version, cli.UsualWindow)
}
