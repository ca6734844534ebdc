package descope

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/connector"
	generated "github.com/conductorone/baton-descope/gen/config"
	api "github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/descope/config"
	"github.com/conductorone/baton-descope/mapping"
)

// A new switch is a field in the package config and its lines in this file: the help,
// examples and the name of the partial file follow.

// Switches returns the settings that are on or off and affect the result of a sync, by
// the names of their flags.
func Switches(cfg *generated.Descope) map[string]*bool {
	return map[string]*bool{
		config.IncludeTestUsers.FieldName:  &cfg.IncludeTestUsers,
		config.ExpandPermissions.FieldName: &cfg.ExpandPermissions,
	}
}

// Environment returns what a mapping can refer to: the operations of the API, and the
// switches that a request may depend on, as option.NAME.
func Environment(cfg *generated.Descope) mapping.Environment {
	return mapping.Environment{
		Operations: api.Operations,
		Options:    map[string]any{config.IncludeTestUsers.FieldName: cfg.IncludeTestUsers},
	}
}

// Offline returns the options that need no credentials, for a connector that reads
// recorded replies.
func Offline(cfg *generated.Descope, plan *mapping.Plan) connector.Options {
	return connector.Options{Name: Name, Plan: plan, Expand: cfg.ExpandPermissions}
}

// Set sets the switches with these names.
func Set(cfg *generated.Descope, states map[string]bool) error {
	known := Switches(cfg)
	for name, state := range states {
		target, ok := known[name]
		if !ok {
			return fmt.Errorf("there is no option %q; there are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		}
		*target = state
	}
	return nil
}
