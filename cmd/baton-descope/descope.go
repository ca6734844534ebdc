package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/conductorone/baton-descope/cmd/baton-descope/config"
	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/connector/transport"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/mapping"
)

// connectorOptions are the options of the connector that a configuration asks for.
func connectorOptions(cfg *generated.Descope) (connector.Options, error) {
	plan, err := loadMapping(cfg)
	if err != nil {
		return connector.Options{}, err
	}
	base, err := baseURL(cfg)
	if err != nil {
		return connector.Options{}, err
	}
	return connector.Options{
		Name:    name,
		Version: version,
		Plan:    plan,
		BaseURL: base,
		Token:   cfg.ProjectId + ":" + cfg.ManagementKey,
		Expand:  cfg.ExpandPermissions,
	}, nil
}

// loadMapping loads the mapping that is configured, or the one built in.
func loadMapping(cfg *generated.Descope) (*mapping.Plan, error) {
	file, src, err := mappingSource(cfg.Mapping)
	if err != nil {
		return nil, fmt.Errorf("%s: --%s: %w", name, config.Mapping.FieldName, err)
	}
	plan, err := mapping.Load(file, src, environment(cfg))
	if err != nil {
		return nil, fmt.Errorf("%s: the mapping is not right:\n%w", name, err)
	}
	return plan, nil
}

// mappingSource returns a mapping file and its name, that of the mapping built
// in when none is given.
func mappingSource(file string) (string, []byte, error) {
	if file == "" {
		return "descope.yaml", mapping.Descope, nil
	}
	src, err := bounded.ReadFile(file, bounded.Text)
	return file, src, err
}

// environment is what a mapping can refer to.
func environment(cfg *generated.Descope) mapping.Environment {
	return mapping.Environment{
		Operations: descope.Operations,
		Options:    map[string]bool{config.IncludeTestUsers.FieldName: cfg.IncludeTestUsers},
	}
}

const defaultBaseURL = "https://api.descope.com"

// A project id of this length or more names its region in its second to fifth
// characters.
const regionalLength = 32

var projectID = regexp.MustCompile(`^[A-Za-z0-9]+$`)

// baseURL returns where the project's API is.
func baseURL(cfg *generated.Descope) (string, error) {
	if strings.Contains(cfg.ProjectId, ":") {
		return "", fmt.Errorf("%s: --%s holds a colon: give the project ID alone, and what follows the colon with --%s",
			name, config.ProjectID.FieldName, config.ManagementKey.FieldName) // It may be the key: it is not quoted.
	}
	if !projectID.MatchString(cfg.ProjectId) {
		return "", fmt.Errorf("%s: --%s %q is not a Descope project ID: those are letters and digits, as in P2abc...; see Project in the Descope console",
			name, config.ProjectID.FieldName, cfg.ProjectId)
	}
	if cfg.BaseUrl != "" {
		checked, err := transport.CheckBaseURL(cfg.BaseUrl, cfg.Insecure)
		if err != nil {
			return "", fmt.Errorf("%s: --%s: %w", name, config.BaseURL.FieldName, err)
		}
		return checked, nil
	}
	if len(cfg.ProjectId) >= regionalLength {
		return "https://api." + cfg.ProjectId[1:5] + ".descope.com", nil
	}
	return defaultBaseURL, nil
}
