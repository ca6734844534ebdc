package packaging

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// container is what the tests read of the Deployment's container.
type container struct {
	Name, Image string
	Env         []struct{ Name, Value string }
	EnvFrom     []struct {
		SecretRef struct{ Name string } `yaml:"secretRef"`
	} `yaml:"envFrom"`
	Ports []struct {
		Name          string
		ContainerPort int `yaml:"containerPort"`
	}
	StartupProbe    probe `yaml:"startupProbe"`
	LivenessProbe   probe `yaml:"livenessProbe"`
	ReadinessProbe  probe `yaml:"readinessProbe"`
	SecurityContext struct {
		ReadOnlyRootFilesystem   bool  `yaml:"readOnlyRootFilesystem"`
		AllowPrivilegeEscalation *bool `yaml:"allowPrivilegeEscalation"`
		Capabilities             struct{ Drop []string }
	} `yaml:"securityContext"`
	Resources    struct{ Requests, Limits map[string]string }
	VolumeMounts []struct {
		MountPath string `yaml:"mountPath"`
	} `yaml:"volumeMounts"`
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

type pod struct {
	SecurityContext struct {
		RunAsNonRoot bool `yaml:"runAsNonRoot"`
		RunAsUser    int  `yaml:"runAsUser"`
	} `yaml:"securityContext"`
	AutomountServiceAccountToken *bool `yaml:"automountServiceAccountToken"`
	Containers                   []container
}

func deployedPod(t *testing.T) pod {
	t.Helper()
	return parse[struct {
		Spec struct {
			Template struct{ Spec pod }
		}
	}](t, file(t, "deploy/kubernetes/deployment.yaml")).Spec.Template.Spec
}

// That the probes are answered is tested with the program, in internal/e2e.
func TestProbes(t *testing.T) {
	c := deployedPod(t).Containers[0]
	env := map[string]string{}
	for _, setting := range c.Env {
		env[setting.Name] = setting.Value
	}
	if env["BATON_HEALTH_CHECK"] != "true" || env["BATON_HEALTH_CHECK_BIND_ADDRESS"] != "0.0.0.0" {
		t.Errorf("the probes find nobody: %v", env)
	}
	if len(c.Ports) != 1 || fmt.Sprint(c.Ports[0].ContainerPort) != env["BATON_HEALTH_CHECK_PORT"] {
		t.Errorf("the ports are %v, the connector answers on %s", c.Ports, env["BATON_HEALTH_CHECK_PORT"])
	}
	for name, probe := range map[string]probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
		if probe.HTTPGet.Port != c.Ports[0].Name {
			t.Errorf("the %s probe asks port %s", name, probe.HTTPGet.Port)
		}
		if probe.HTTPGet.Path == "/health" {
			t.Errorf("the %s probe asks Descope each time", name)
		}
	}
}

func TestSecretIsTheOneThatIsRead(t *testing.T) {
	secret := parse[struct{ Metadata struct{ Name string } }](t, file(t, "deploy/kubernetes/secret.example.yaml")).Metadata.Name
	if from := deployedPod(t).Containers[0].EnvFrom; len(from) != 1 || from[0].SecretRef.Name != secret {
		t.Errorf("the Deployment reads %v, the Secret is %s", from, secret)
	}
	for _, setting := range deployedPod(t).Containers[0].Env {
		if strings.Contains(setting.Name, "SECRET") || strings.Contains(setting.Name, "KEY") {
			t.Errorf("%s is in the Deployment", setting.Name)
		}
	}
}

func TestPodHasFewRights(t *testing.T) {
	p := deployedPod(t)
	c := p.Containers[0]
	user := regexp.MustCompile(`(?m)^USER (\d+):`).FindStringSubmatch(file(t, "Dockerfile"))[1]
	if !p.SecurityContext.RunAsNonRoot || fmt.Sprint(p.SecurityContext.RunAsUser) != user {
		t.Errorf("the pod runs as %d, the image as %s", p.SecurityContext.RunAsUser, user)
	}
	if p.AutomountServiceAccountToken == nil || *p.AutomountServiceAccountToken {
		t.Error("the pod can talk to the cluster")
	}
	escalates := c.SecurityContext.AllowPrivilegeEscalation
	if !c.SecurityContext.ReadOnlyRootFilesystem || escalates == nil || *escalates || !slices.Equal(c.SecurityContext.Capabilities.Drop, []string{"ALL"}) {
		t.Errorf("the container may too much: %+v", c.SecurityContext)
	}
	tmp := regexp.MustCompile(`(?m)^ENV BATON_TMPDIR=(.*)$`).FindStringSubmatch(file(t, "Dockerfile"))[1]
	if len(c.VolumeMounts) != 1 || c.VolumeMounts[0].MountPath != tmp {
		t.Errorf("the image puts temporary files into %s, and can write to %v", tmp, c.VolumeMounts)
	}
	if c.Resources.Limits["memory"] == "" || c.Resources.Requests["memory"] == "" {
		t.Errorf("the container takes any memory: %+v", c.Resources)
	}
	if image := releases(t).Images[0].Images[0]; c.Image != image+":latest" {
		t.Errorf("the Deployment runs %s, a release makes %s", c.Image, image)
	}
}

// kustomize is not needed to see that it would find what it names.
func TestKustomization(t *testing.T) {
	for _, resource := range parse[struct{ Resources []string }](t, file(t, "deploy/kubernetes/kustomization.yaml")).Resources {
		if resource == "secret.example.yaml" {
			t.Error("applying overwrites the Secret with an example")
		}
		file(t, "deploy/kubernetes/"+resource)
	}
}

// unit returns the settings of the unit, by name; some are there more than once.
func unit(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, line := range strings.Split(file(t, "deploy/systemd/baton-descope.service"), "\n") {
		if key, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") {
			all[key] = append(all[key], value)
		}
	}
	return all
}

func TestUnit(t *testing.T) {
	settings := unit(t)
	for key, want := range map[string]string{
		"DynamicUser":             "yes",
		"NoNewPrivileges":         "yes",
		"ProtectSystem":           "strict",
		"ProtectHome":             "yes",
		"PrivateTmp":              "yes",
		"CapabilityBoundingSet":   "",
		"RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
		"KillSignal":              "SIGINT",
	} {
		if got := settings[key]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	// The credentials that are loaded are the settings that are read.
	name, path, _ := strings.Cut(settings["LoadCredential"][0], ":")
	if !slices.Contains(settings["Environment"], "BATON_CONFIG_PATH=%d/"+name) {
		t.Errorf("the connector reads %q, systemd loads %s", settings["Environment"], name)
	}
	guide := file(t, "deploy/systemd/README.md")
	for _, installed := range []string{path, settings["ExecStart"][0]} {
		if !strings.Contains(guide, " "+installed+"\n") {
			t.Errorf("README.md does not install %s", installed)
		}
	}
	if signal := "STOPSIGNAL " + settings["KillSignal"][0]; !slices.Contains(image(t, "Dockerfile"), signal) {
		t.Errorf("the image does not stop by %s", signal)
	}
	if keys := slices.Sorted(maps.Keys(settings)); !slices.Contains(keys, "SystemCallFilter") {
		t.Errorf("the unit may make any system call: %v", keys)
	}
}
