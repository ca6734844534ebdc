// Package descope creates the connector of a Descope project from its settings: it checks
// the mapping, the base URL and the credentials.
package descope

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/connector/transport"
	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/internal/descope/config"
	"github.com/conductorone/baton-descope/mapping"
)

// Name is the connector's name in errors, in c1z files and in its requests.
const Name = "baton-descope"

// Options returns the options of the connector for a configuration, without the version.
func Options(cfg *generated.Descope) (connector.Options, error) {
	plan, err := LoadMapping(cfg)
	if err != nil {
		return connector.Options{}, err
	}
	base, err := BaseURL(cfg)
	if err != nil {
		return connector.Options{}, err
	}
	if err := CheckKey(cfg); err != nil {
		return connector.Options{}, err
	}
	options := Offline(cfg, plan)
	options.BaseURL, options.Token = base, cfg.ProjectId+":"+cfg.ManagementKey
	return options, nil
}

// LoadMapping loads the mapping that is configured, or the one built in.
func LoadMapping(cfg *generated.Descope) (*mapping.Plan, error) {
	file, src, err := MappingSource(cfg.Mapping)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", config.Mapping.FieldName, err)
	}
	plan, err := mapping.Load(file, src, Environment(cfg))
	if err != nil {
		return nil, fmt.Errorf("invalid mapping:\n%w", err)
	}
	return plan, nil
}

// MappingSource returns a mapping file and its name: those of the built-in mapping when
// none is given.
func MappingSource(file string) (string, []byte, error) {
	if file == "" {
		return "descope.yaml", mapping.Descope, nil
	}
	src, err := bounded.ReadFile(file, bounded.Text)
	return file, src, err
}

const defaultBaseURL = "https://api.descope.com"

// A project id of this length or more names its region in its second to fifth
// characters.
const regionalLength = 32

var (
	projectID = regexp.MustCompile(`^[A-Za-z0-9]+$`)
	// pasted is a project ID and a key as they appear in a request.
	pasted = regexp.MustCompile(`^P[A-Za-z0-9]+:`)
)

// checkProjectID reports a value that is not a project ID. It may be the key, so the
// error does not quote it.
func checkProjectID(cfg *generated.Descope) error {
	var what string
	switch id := cfg.ProjectId; {
	case projectID.MatchString(id):
		if strings.HasPrefix(id, "K") && strings.HasPrefix(cfg.ManagementKey, "P") {
			return fmt.Errorf("--%s and --%s are in each other's place", config.ProjectID.FieldName, config.ManagementKey.FieldName)
		}
		return nil
	case strings.Contains(id, ":"):
		what = "holds a colon: give the project ID alone, and what follows the colon with --" + config.ManagementKey.FieldName
	case projectID.MatchString(strings.TrimSpace(id)):
		what = "begins or ends with a blank or a line break: give it without"
	default:
		what = "is not a Descope project ID: those are letters and digits, as in P2abc...; see Project in the Descope console"
	}
	return fmt.Errorf("--%s %s", config.ProjectID.FieldName, what)
}

// CheckKey reports a value that is not a management key. The error does not quote it.
func CheckKey(cfg *generated.Descope) error {
	key := strings.TrimSpace(cfg.ManagementKey)
	scheme, _, _ := strings.Cut(key, " ")
	var what string
	switch {
	case strings.EqualFold(scheme, "Bearer"):
		what = "begins with the word Bearer: give the key alone"
	case pasted.MatchString(key):
		what = "holds the project ID as well: give what follows the colon, and the project ID with --" + config.ProjectID.FieldName
	case key != "" && strings.ContainsAny(key[:1], "\"'`"):
		what = "begins with a quotation mark: give the key without"
	case key != cfg.ManagementKey:
		what = "begins or ends with a blank or a line break: give it without, in a file as printf '%s' writes it"
	case strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c > '~' }):
		what = "holds a blank or another character that no key has: copy it again from the Descope console"
	default:
		return nil
	}
	return fmt.Errorf("--%s %s", config.ManagementKey.FieldName, what)
}

// BaseURL returns where the project's API is.
func BaseURL(cfg *generated.Descope) (string, error) {
	if err := checkProjectID(cfg); err != nil {
		return "", err
	}
	if cfg.BaseUrl != "" {
		checked, err := transport.CheckBaseURL(cfg.BaseUrl, cfg.Insecure)
		if err != nil {
			return "", fmt.Errorf("--%s: %w", config.BaseURL.FieldName, err)
		}
		if u, err := url.Parse(checked); err == nil && u.Path != "" {
			return "", fmt.Errorf("--%s: the base URL ends with the host: give %s://%s, without a path",
				config.BaseURL.FieldName, u.Scheme, u.Host)
		}
		return checked, nil
	}
	if len(cfg.ProjectId) >= regionalLength {
		return "https://api." + cfg.ProjectId[1:5] + ".descope.com", nil
	}
	return defaultBaseURL, nil
}
