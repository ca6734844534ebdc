//go:build linux

package e2e

import (
	"bytes"
	"context"
	"debug/elf"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// contained is a run as in the container: the static program, as a user without a
// name, in a folder that it cannot write to, with a folder for temporary files and
// nothing else in the environment.
type contained struct {
	*exec.Cmd
	tmp    string
	output bytes.Buffer
}

// nobody is the user of the image.
const nobody = 65532

func inContainer(t *testing.T, env []string, args ...string) *contained {
	t.Helper()
	root := t.TempDir()
	c := &contained{tmp: t.TempDir()}
	c.Cmd = exec.CommandContext(t.Context(), filepath.Join(programs, "baton-descope"), args...)
	c.Dir = root
	c.Env = append([]string{"BATON_TMPDIR=" + c.tmp}, env...)
	c.Stdout, c.Stderr = &c.output, &c.output
	c.WaitDelay = 10 * time.Second
	if os.Geteuid() == 0 { // Else it is somebody without rights already.
		c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
		if err := os.Chown(c.tmp, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(root, 0o555); err != nil {
		t.Fatal(err)
	}
	openUpTo(t, root)
	openUpTo(t, c.tmp)
	return c
}

// openUpTo lets every user reach a folder; the folders of a test are private otherwise.
func openUpTo(t *testing.T, dir string) {
	t.Helper()
	for parent := filepath.Dir(dir); strings.HasPrefix(parent, os.TempDir()+"/"); parent = filepath.Dir(parent) {
		if err := os.Chmod(parent, 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// The image has no C library and no loader.
func TestProgramIsStatic(t *testing.T) {
	t.Parallel()
	file, err := elf.Open(filepath.Join(programs, "baton-descope"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range file.Progs {
		if part.Type == elf.PT_INTERP {
			t.Error("the program needs a loader")
		}
	}
	if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) > 0 {
		t.Errorf("the program needs %v (%v)", libraries, err)
	}
}

func TestSyncInAContainer(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	c := inContainer(t, []string{
		"BATON_PROJECT_ID=" + d.ProjectID(), "BATON_MANAGEMENT_KEY=" + key, "BATON_BASE_URL=" + d.URL,
	})
	file := filepath.Join(c.tmp, "descope.c1z")
	c.Args = append(c.Args, "-f", file)
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, c.output.String())
	}
	equal(t, read(t, file), wantedOf(emulator.New(emulator.Demo(), emulator.Options{}).Store(), false, false))
	empty(t, c.Dir)
}

// The systemd unit passes a file and nothing else.
func TestSettingsInAFile(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	c := inContainer(t, nil)
	settings := filepath.Join(c.tmp, "baton.yaml")
	content := "project-id: " + d.ProjectID() + "\nmanagement-key: " + key + "\nbase-url: " + d.URL + "\nprovisioning: true\n"
	if err := os.WriteFile(settings, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	c.Env = append(c.Env, "BATON_CONFIG_PATH="+settings)
	c.Args = append(c.Args, "-f", filepath.Join(c.tmp, "descope.c1z"))
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s", err, c.output.String())
	}
	hidden(t, "the log", c.output.Bytes())
}

// The Deployment's settings and probes work in service mode. ConductorOne is a fake; the
// rest is real.
func TestServiceAsDeployed(t *testing.T) {
	t.Parallel()
	d, c1 := descope(t, emulator.Demo()), newConductorOne(t)
	deployed := readDeployment(t)
	port := freePort(t)
	env := append(c1.environment(t),
		"BATON_PROJECT_ID="+d.ProjectID(), "BATON_MANAGEMENT_KEY="+key, "BATON_BASE_URL="+d.URL)
	for _, setting := range deployed.Env {
		switch setting.Name {
		case "BATON_HEALTH_CHECK_PORT": // That of the manifest may be in use here.
			setting.Value = port
		case "BATON_HEALTH_CHECK_BIND_ADDRESS": // A test is not to be seen from outside.
			setting.Value = "127.0.0.1"
		}
		env = append(env, setting.Name+"="+setting.Value)
	}
	openUpTo(t, c1.roots)
	c := inContainer(t, env)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "uploaded.c1z")
	if err := os.WriteFile(file, received(t, c, c1.uploads), 0o600); err != nil {
		t.Fatal(err)
	}
	if finish := received(t, c, c1.finished); finish.GetSuccess() == nil {
		t.Errorf("the task ended with %v", finish)
	}
	equal(t, read(t, file), wantedOf(emulator.New(emulator.Demo(), emulator.Options{}).Store(), false, false))

	for name, probe := range map[string]probe{
		"startup": deployed.StartupProbe, "liveness": deployed.LivenessProbe, "readiness": deployed.ReadinessProbe,
	} {
		if code := get(t, "http://127.0.0.1:"+port+probe.HTTPGet.Path); code != http.StatusOK {
			t.Errorf("the %s probe gets %d from %s", name, code, probe.HTTPGet.Path)
		}
	}
	for _, endpoint := range []string{"live", "ready", "health"} {
		if e := run(t, nil, "baton-descope", "health-check", "--endpoint", endpoint, "--health-check-port", port); e.code != 0 {
			t.Errorf("health-check --endpoint %s: exit code %d\n%s", endpoint, e.code, e.all)
		}
	}

	// As STOPSIGNAL and KillSignal say.
	if err := c.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := c.Wait(); err != nil {
		t.Errorf("the service ended with %v\n%s", err, c.output.String())
	}
	hidden(t, "the log", c.output.Bytes())
	empty(t, c.Dir)
	empty(t, c.tmp)
}

// received waits for a value that a service sends.
func received[T any](t *testing.T, c *contained, from <-chan T) T {
	t.Helper()
	select {
	case it := <-from:
		return it
	case <-time.After(time.Minute):
		if err := c.Process.Kill(); err != nil {
			t.Error(err)
		}
		c.Wait() // Its output is complete, and why it ended is known.
		t.Fatalf("nothing came\n%s", c.output.String())
		panic("not reached")
	}
}

type probe struct {
	HTTPGet struct{ Path string } `yaml:"httpGet"`
}

// deployed is the part of the container in deploy/kubernetes that the test reads.
type deployed struct {
	Env            []struct{ Name, Value string }
	StartupProbe   probe `yaml:"startupProbe"`
	LivenessProbe  probe `yaml:"livenessProbe"`
	ReadinessProbe probe `yaml:"readinessProbe"`
}

func readDeployment(t *testing.T) deployed {
	t.Helper()
	return parse[struct {
		Spec struct {
			Template struct {
				Spec struct{ Containers []deployed }
			}
		}
	}](t, file(t, "deploy/kubernetes/deployment.yaml")).Spec.Template.Spec.Containers[0]
}

func get(t *testing.T, url string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Errorf("%s: %v", url, err)
		return 0
	}
	defer response.Body.Close()
	io.Copy(io.Discard, response.Body)
	return response.StatusCode
}

// empty fails the test unless a folder is empty.
func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("there are %v in %s (%v)", entries, dir, err)
	}
}
