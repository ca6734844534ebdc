package main

import (
	"go/parser"
	gotoken "go/token"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	sdkcli "github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/spf13/viper"
)

// The program imports only what another module may import.
func TestPublicPackagesOnly(t *testing.T) {
	file, err := parser.ParseFile(gotoken.NewFileSet(), "main.go", nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, imported := range file.Imports {
		if strings.Contains(imported.Path.Value, "/internal/") {
			t.Error(imported.Path.Value)
		}
	}
}

// The settings lead to the organization that they name, with their token.
func TestSettings(t *testing.T) {
	o := start(t, demo())
	for _, test := range []struct {
		org, token string
		ok         bool
	}{{"acme", demoToken, true}, {"other", demoToken, false}, {"acme", "another token", false}} {
		settings := viper.New()
		settings.Set("org", test.org)
		settings.Set("token", test.token)
		settings.Set("base-url", o.URL+"/")
		server, err := newServer(t.Context(), settings, sdkcli.RunTimeOpts{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := server.Validate(t.Context(), &v2.ConnectorServiceValidateRequest{}); (err == nil) != test.ok {
			t.Errorf("%s with the token %q: %v", test.org, test.token, err)
		}
	}
}
