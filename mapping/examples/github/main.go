// Command baton-github syncs the members, teams and organization roles of a GitHub
// organization into Baton, and grants and revokes teams and roles there.
//
//	baton-github --org acme --token ghp_... -f github.c1z
package main

import (
	"context"
	_ "embed"
	"net/url"
	"strings"

	sdkcli "github.com/conductorone/baton-sdk/pkg/cli"
	"github.com/conductorone/baton-sdk/pkg/config"
	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/connectorrunner"
	"github.com/conductorone/baton-sdk/pkg/exit"
	"github.com/conductorone/baton-sdk/pkg/field"
	"github.com/conductorone/baton-sdk/pkg/types"
	"github.com/spf13/viper"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/mapping"
	"github.com/conductorone/baton-descope/mapping/examples/github/client"
)

//go:generate go tool oapi-codegen -config client.yaml openapi.yaml

//go:embed github.yaml
var source []byte

// version is set by the linker.
var version = "dev"

const name = "baton-github"

// The settings of the connector, beside those of the SDK.
var (
	org = field.StringField(
		"org",
		field.WithRequired(true),
		field.WithDisplayName("Organization"),
		field.WithDescription("Name of the GitHub organization"),
		field.WithPlaceholder("acme"),
	)
	token = field.StringField(
		"token",
		field.WithRequired(true),
		field.WithIsSecret(true),
		field.WithDisplayName("Access token"),
		field.WithDescription("Access token of an owner of the organization"),
	)
	baseURL = field.StringField(
		"base-url",
		field.WithDefaultValue("https://api.github.com"),
		field.WithDisplayName("Base URL"),
		field.WithDescription("Base URL of the GitHub API"),
	)
	schema = field.NewConfiguration([]field.SchemaField{org, token, baseURL}, field.WithConnectorDisplayName("GitHub"))
)

func main() {
	if err := run(context.Background()); err != nil {
		exit.LogExit(err)
	}
}

func run(ctx context.Context) error {
	plan, err := loadPlan()
	if err != nil {
		return err
	}
	// Without a base URL the connector describes itself, and calls nothing.
	described, err := connector.New(ctx, connector.Options{Name: name, Version: version, Plan: plan})
	if err != nil {
		return err
	}
	_, command, err := config.DefineConfigurationV2(ctx, name, newServer, schema,
		connectorrunner.WithSessionStoreEnabled(),
		connectorrunner.WithDefaultCapabilitiesConnectorBuilderV2(described),
	)
	if err != nil {
		return err
	}
	command.Version = version
	return command.ExecuteContext(ctx)
}

// newServer returns the connector for the settings, as the SDK runs it.
func newServer(ctx context.Context, settings *viper.Viper, run sdkcli.RunTimeOpts) (types.ConnectorServer, error) {
	plan, err := loadPlan()
	if err != nil {
		return nil, err
	}
	chosen := sdkcli.ConnectorOpts{SyncResourceTypeIDs: run.SyncResourceTypeIDs}
	c, err := connector.New(ctx, connector.Options{
		Name:     name,
		Version:  version,
		Plan:     plan,
		BaseURL:  organizationURL(settings.GetString(baseURL.FieldName), settings.GetString(org.FieldName)),
		Token:    settings.GetString(token.FieldName),
		WillSync: chosen.WillSyncResourceType,
	})
	if err != nil {
		return nil, err
	}
	return connector.NewServer(ctx, c, connectorbuilder.WithSessionStore(run.SessionStore))
}

// organizationURL returns the URL below which everything of an organization is.
func organizationURL(baseURL, org string) string {
	return strings.TrimRight(baseURL, "/") + "/orgs/" + url.PathEscape(org)
}

// loadPlan checks the mapping against the operations of the API, and compiles it.
func loadPlan() (*mapping.Plan, error) {
	return mapping.Load("github.yaml", source, mapping.Environment{Operations: client.Operations})
}
