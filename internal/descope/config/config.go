// Package config has the settings of baton-descope: the fields of its flags,
// its BATON_ environment, .baton.yaml and the ConductorOne form.
package config

import "github.com/conductorone/baton-sdk/pkg/field"

//go:generate go run generate.go
//go:generate go run schemagen.go

// The fields. Their names are flags; BATON_PROJECT_ID and the like are their
// names in the environment.
var (
	ProjectID = field.StringField(
		"project-id",
		field.WithRequired(true),
		field.WithDisplayName("Project ID"),
		field.WithDescription("ID of the Descope project, from Project in the Descope console"),
		field.WithPlaceholder("P2abc123def456ghi789jkl012mno"),
	)
	ManagementKey = field.StringField(
		"management-key",
		field.WithRequired(true),
		field.WithIsSecret(true),
		field.WithDisplayName("Management key"),
		field.WithDescription("Management key with access to the project, from Company, Management Keys"),
		field.WithPlaceholder("K2..."),
	)
	BaseURL = field.StringField(
		"base-url",
		field.WithDisplayName("Base URL"),
		field.WithDescription("Base URL of the Descope API (default: from the region in the project ID, else https://api.descope.com)"),
		field.WithPlaceholder("https://api.descope.com"),
	)
	IncludeTestUsers = field.BoolField(
		"include-test-users",
		field.WithDisplayName("Include test users"),
		field.WithDescription("Sync Descope's test users as well"),
	)
	ExpandPermissions = field.BoolField(
		"expand-permissions",
		field.WithDisplayName("Expand permissions"),
		field.WithDescription("Show the holders of a role as holders of its permissions too (several times the grants)"),
	)
	Mapping = field.StringField(
		"mapping",
		field.WithDisplayName("Mapping file"),
		field.WithDescription("YAML file to use in place of the built-in mapping"),
		field.WithPlaceholder("descope.yaml"),
		field.WithExportTarget(field.ExportTargetCLIOnly),
	)
	Record = field.StringField(
		"record",
		field.WithDisplayName("Record replies"),
		field.WithDescription("Folder to write the API's replies to, without anybody's data, for mapping explain --replies"),
		field.WithPlaceholder("replies"),
		field.WithExportTarget(field.ExportTargetCLIOnly),
	)
	ShowPassword = field.BoolField(
		"show-password",
		field.WithDisplayName("Show password"),
		field.WithDescription("Create the account with a random password, and write it to stdout"),
		field.WithExportTarget(field.ExportTargetCLIOnly),
	)
	Insecure = field.BoolField(
		"insecure",
		field.WithDisplayName("Allow plain HTTP"),
		field.WithDescription("Allow a base URL without TLS outside this machine"),
		field.WithExportTarget(field.ExportTargetCLIOnly),
	)
)

// Schema is all of the configuration.
var Schema = field.NewConfiguration(
	[]field.SchemaField{ProjectID, ManagementKey, BaseURL, IncludeTestUsers, ExpandPermissions, Mapping, Record, ShowPassword, Insecure},
	field.WithConnectorDisplayName("Descope"),
	field.WithHelpUrl("/docs/baton/descope"),
)
