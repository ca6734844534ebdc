package packaging

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/field"
	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/descope/config"
)

// file returns a file of the repository.
func file(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// parse reads YAML into a value that may have fields of its own only.
func parse[T any](t *testing.T, text string) T {
	t.Helper()
	var v T
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// flags are all flags of the connector.
func flags() map[string]bool {
	all := map[string]bool{}
	for _, f := range slices.Concat(field.DefaultFields, config.Schema.Fields) {
		all[f.FieldName] = true
	}
	return all
}

// variables are all environment variables of the connector, without the "$".
func variables() map[string]bool {
	// These have no flag in the SDK.
	all := map[string]bool{"BATON_CONFIG_PATH": true, "BATON_HOST_ID": true, "BATON_TMPDIR": true}
	for name := range flags() {
		all["BATON_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = true
	}
	return all
}

var (
	variableName = regexp.MustCompile(`\bBATON_[A-Z0-9_]+`)
	flagName     = regexp.MustCompile("`(?:baton-descope )?--([a-z][a-z0-9-]*)")
)

// Whoever copies a setting from one of these files gets one that exists.
func TestSettingsExist(t *testing.T) {
	known := variables()
	for _, name := range []string{
		"Dockerfile", "deploy/docker/release.Dockerfile", "docs/connector.mdx", "README.md", "deploy/README.md",
		"deploy/kubernetes/deployment.yaml", "deploy/kubernetes/secret.example.yaml", "deploy/kubernetes/kustomization.yaml",
		"deploy/systemd/README.md", "deploy/systemd/baton-descope.service",
	} {
		text := file(t, name)
		for _, variable := range variableName.FindAllString(text, -1) {
			if !known[variable] {
				t.Errorf("%s: the connector has no %s", name, variable)
			}
		}
		for _, match := range flagName.FindAllStringSubmatch(text, -1) {
			if flag := match[1]; !flags()[flag] && flag != "help" {
				t.Errorf("%s: the connector has no flag --%s", name, flag)
			}
		}
	}
	for key := range parse[map[string]any](t, file(t, "deploy/systemd/baton.example.yaml")) {
		if !flags()[key] {
			t.Errorf("deploy/systemd/baton.example.yaml: the connector has no flag --%s", key)
		}
	}
}

// README.md tells of every setting of the connector's own.
func TestSettingsOfREADME(t *testing.T) {
	readme := file(t, "README.md")
	for _, f := range config.Schema.Fields {
		row := "| `--" + f.FieldName + "` | `BATON_" + strings.ToUpper(strings.ReplaceAll(f.FieldName, "-", "_")) + "` | "
		if !strings.Contains(readme, row) {
			t.Errorf("README.md has no row %s", row)
		}
	}
}

// The examples have what the connector cannot do without.
func TestExamplesAreComplete(t *testing.T) {
	needed := []string{"client-id", "client-secret", "project-id", "management-key"}
	secret := parse[struct {
		StringData map[string]string `yaml:"stringData"`
	}](t, file(t, "deploy/kubernetes/secret.example.yaml")).StringData
	unit := parse[map[string]any](t, file(t, "deploy/systemd/baton.example.yaml"))
	for _, flag := range needed {
		if secret["BATON_"+strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))] == "" {
			t.Errorf("the Secret lacks %s: it has %v", flag, slices.Sorted(maps.Keys(secret)))
		}
		if unit[flag] == nil {
			t.Errorf("baton.example.yaml lacks %s", flag)
		}
	}
}
