package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/field"

	"github.com/conductorone/baton-descope/internal/descope/config"
)

// release is what the tests read of .goreleaser.yaml.
type release struct {
	Builds []struct {
		Main                string
		Env, Targets, Flags []string
	}
	Images []struct{ Images []string } `yaml:"dockers_v2"`
}

// once returns what a pattern captures in a file, which it has to match once.
func once(t *testing.T, name, pattern string) string {
	t.Helper()
	found := regexp.MustCompile(pattern).FindAllStringSubmatch(file(t, name), -1)
	if len(found) != 1 {
		t.Fatalf("%s has %q", name, found)
	}
	return found[0][1]
}

// TestImages checks that the image of a release is the one that the Dockerfile makes,
// and that the Dockerfile builds the program as a release does, with the Go of go.mod.
func TestImages(t *testing.T) {
	t.Parallel()
	stage := func(name string) []string {
		text := file(t, name)
		lines := strings.Split(text[strings.LastIndex(text, "\nFROM ")+1:], "\n")
		return slices.DeleteFunc(lines, func(line string) bool {
			return strings.HasPrefix(line, "COPY ") || strings.HasPrefix(line, "ARG ") || strings.HasPrefix(line, "#") || line == ""
		})
	}
	if made, released := stage("Dockerfile"), stage("deploy/docker/release.Dockerfile"); !slices.Equal(made, released) {
		t.Errorf("the Dockerfile makes\n%q\na release has\n%q", made, released)
	}
	build := parse[release](t, file(t, ".goreleaser.yaml")).Builds[0]
	for _, part := range slices.Concat(build.Env, build.Flags, []string{build.Main, "-s -w -X main.version=", "golang:" + once(t, "go.mod", `(?m)^toolchain go(\S+)$`) + "@"}) {
		if !strings.Contains(file(t, "Dockerfile"), part) {
			t.Errorf("the Dockerfile does not build with %s", part)
		}
	}
	platforms := strings.Fields(strings.ReplaceAll(once(t, "Makefile", `(?m)^PLATFORMS := (.*)$`), "/", "_"))
	if !slices.Equal(build.Targets, platforms) {
		t.Errorf("a release has %v, make cross-build %v", build.Targets, platforms)
	}
}

// TestManifests checks that what the Deployment names is there: the Secret, the image,
// its user and its folder for temporary files.
func TestManifests(t *testing.T) {
	t.Parallel()
	type container struct {
		Image   string
		EnvFrom []struct {
			SecretRef struct{ Name string } `yaml:"secretRef"`
		} `yaml:"envFrom"`
		VolumeMounts []struct {
			MountPath string `yaml:"mountPath"`
		} `yaml:"volumeMounts"`
	}
	pod := parse[struct {
		Spec struct {
			Template struct {
				Spec struct {
					SecurityContext struct {
						RunAsUser int `yaml:"runAsUser"`
					} `yaml:"securityContext"`
					Containers []container
				}
			}
		}
	}](t, file(t, "deploy/kubernetes/deployment.yaml")).Spec.Template.Spec
	secret := parse[struct {
		Metadata   struct{ Name string }
		StringData map[string]string `yaml:"stringData"`
	}](t, file(t, "deploy/kubernetes/secret.example.yaml"))
	c := pod.Containers[0]
	for what, pair := range map[string][2]string{
		"Secret":           {c.EnvFrom[0].SecretRef.Name, secret.Metadata.Name},
		"image":            {c.Image, parse[release](t, file(t, ".goreleaser.yaml")).Images[0].Images[0] + ":latest"},
		"user":             {fmt.Sprint(pod.SecurityContext.RunAsUser), once(t, "Dockerfile", `(?m)^USER (\d+):`)},
		"temporary folder": {c.VolumeMounts[0].MountPath, once(t, "Dockerfile", `(?m)^ENV BATON_TMPDIR=(.*)$`)},
	} {
		if pair[0] != pair[1] {
			t.Errorf("the Deployment has the %s %s; it is %s", what, pair[0], pair[1])
		}
	}
	for _, resource := range parse[struct{ Resources []string }](t, file(t, "deploy/kubernetes/kustomization.yaml")).Resources {
		if _, err := os.Stat(filepath.Join(root, "deploy", "kubernetes", resource)); err != nil {
			t.Error(err)
		}
	}
}

// TestUnit checks that the systemd unit reads what it loads, and runs what its README installs.
func TestUnit(t *testing.T) {
	t.Parallel()
	const unit, guide = "deploy/systemd/baton-descope.service", "deploy/systemd/README.md"
	name, path, _ := strings.Cut(once(t, unit, `(?m)^LoadCredential=(.*)$`), ":")
	if !strings.Contains(file(t, unit), "\nEnvironment=BATON_CONFIG_PATH=%d/"+name+"\n") {
		t.Errorf("the connector does not read the credential %s", name)
	}
	for _, installed := range []string{path, once(t, unit, `(?m)^ExecStart=(.*)$`)} {
		if !strings.Contains(file(t, guide), " "+installed+"\n") {
			t.Errorf("%s does not install %s", guide, installed)
		}
	}
	if stop := once(t, unit, `(?m)^KillSignal=(.*)$`); stop != once(t, "Dockerfile", `(?m)^STOPSIGNAL (.*)$`) {
		t.Errorf("the image does not stop by %s", stop)
	}
}

// TestExamplesOfSettings checks that the examples of settings have those that are
// needed, and no others than there are.
func TestExamplesOfSettings(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, f := range slices.Concat(field.DefaultFields, config.Schema.Fields) {
		known[f.FieldName] = true
	}
	given := parse[map[string]any](t, file(t, "deploy/systemd/baton.example.yaml"))
	for name := range given {
		if !known[name] {
			t.Errorf("baton.example.yaml: there is no setting %s", name)
		}
	}
	secret := file(t, "deploy/kubernetes/secret.example.yaml")
	for _, f := range config.Schema.Fields {
		if f.Required && (given[f.FieldName] == nil || !strings.Contains(secret, variableOf(f)+":")) {
			t.Errorf("an example lacks %s, which is required", f.FieldName)
		}
	}
}

// TestActionsArePinned checks that workflows name actions by a commit, since a tag can
// be moved. actionlint has no rule for that.
func TestActionsArePinned(t *testing.T) {
	t.Parallel()
	workflows := strings.Join(contents(t, filepath.Join(root, ".github", "workflows", "*")), "\n")
	for _, found := range regexp.MustCompile(`\buses: *(\S+)`).FindAllStringSubmatch(workflows, -1) {
		if !regexp.MustCompile(`^[\w-]+/[\w/.-]+@[0-9a-f]{40}$`).MatchString(found[1]) {
			t.Errorf("%s is not pinned by a commit", found[1])
		}
	}
}
