package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// programs is the directory of the programs under test, built once.
var programs string

// builtVersion is the version that they are built as.
const builtVersion = "v0.0.0-e2e"

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() { // with which the race detector runs; the programs are built without it
		fmt.Fprintln(os.Stderr, "the programs are not run with -short")
		return
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	var err error
	if programs, err = os.MkdirTemp("", "baton-descope-e2e"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(programs)
	// As released, but for -trimpath, which would compile all of the SDK once more.
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+builtVersion, "-o", programs,
		"github.com/conductorone/baton-descope/cmd/baton-descope",
		"github.com/conductorone/baton-descope/cmd/descope-emulator",
		"github.com/conductorone/baton-sdk/cmd/baton")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n%s", err, out)
		return 1
	}
	if err := os.Chmod(programs, 0o755); err != nil { // Other users run them too.
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestSources opens the folders of the programs' sources. go test caches a result by the
// files that tests open, and does not see those that the build reads.
func TestSources(t *testing.T) {
	for _, dir := range []string{"api", "cmd", "connector", "gen", "internal", "mapping"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// key is the management key of every test. It must never appear in output.
const key = "K2e2eNobodyMayEverReadThisKey"

// descope starts the local Descope.
func descope(t *testing.T, project emulator.Project) *emulatortest.Running {
	t.Helper()
	return emulatortest.Start(t, project, emulator.Options{ManagementKey: key})
}

// ended is a completed run.
type ended struct {
	code   int
	stdout string
	all    string // stdout and stderr
}

// run runs a program in an empty directory of its own, with the given environment only.
func run(t *testing.T, env []string, program string, args ...string) ended {
	t.Helper()
	return runIn(t, t.TempDir(), env, program, args...)
}

// runIn is run in an existing directory.
func runIn(t *testing.T, dir string, env []string, program string, args ...string) ended {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, program), args...)
	cmd.Dir = dir
	cmd.Env = append([]string{"HOME=" + dir, "TMPDIR=" + dir, "PATH=" + os.Getenv("PATH")}, env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.WaitDelay = 10 * time.Second // No process stays behind and holds the output open.
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stdout.String() + stderr.String()}
}

// connector runs baton-descope against the local Descope with debug logs. It fails the
// test when the key is in the output.
func connector(t *testing.T, d *emulatortest.Running, args ...string) ended {
	t.Helper()
	e := run(t, []string{"BATON_MANAGEMENT_KEY=" + key}, "baton-descope", append([]string{
		"--project-id", d.ProjectID(), "--base-url", d.URL, "--log-level", "debug",
	}, args...)...)
	hidden(t, "the output", []byte(e.all))
	return e
}

// hidden fails the test when the key is in the text.
func hidden(t *testing.T, what string, text []byte) {
	t.Helper()
	harness.KeyOf(key).Hidden(t, what, text)
}

// fails is connector for runs that must fail.
func fails(t *testing.T, d *emulatortest.Running, args ...string) ended {
	t.Helper()
	e := connector(t, d, args...)
	if e.code == 0 {
		t.Fatalf("%v ended with exit code 0\n%s", args, e.all)
	}
	return e
}

// synced syncs into a new file and returns its path.
func synced(t *testing.T, d *emulatortest.Running, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sync.c1z")
	if e := connector(t, d, append([]string{"-f", file}, args...)...); e.code != 0 {
		t.Fatalf("exit code %d\n%s", e.code, e.all)
	}
	for _, found := range harness.KeyOf(key).InFolder(t, filepath.Dir(file)) {
		t.Error(found)
	}
	return file
}

// stored is the content of a c1z, as the reader shows it.
type stored struct {
	resources    map[string]resource // by type and id, as in "user:U2"
	entitlements map[string]entitlement
	grants       map[string]grant
}

type resource struct {
	ID          resourceID     `json:"id"`
	Parent      *resourceID    `json:"parentResourceId"`
	DisplayName string         `json:"displayName"`
	Description string         `json:"description"`
	Profile     map[string]any `json:"profile"`
	Status      struct{ Status, Details string }
	Annotations []struct {
		Type   string `json:"@type"`
		Status struct{ Status, Details string }
	}
}

type resourceID struct {
	ResourceType, Resource string
}

func (id resourceID) String() string { return id.ResourceType + ":" + id.Resource }

type entitlement struct {
	ID          string                  `json:"id"`
	Resource    struct{ ID resourceID } `json:"resource"`
	Slug        string                  `json:"slug"`
	GrantableTo []struct{ ID string }   `json:"grantableTo"`
	Annotations []struct {
		Type string `json:"@type"`
	} `json:"annotations"`
}

type grant struct {
	ID          string                  `json:"id"`
	Entitlement struct{ ID string }     `json:"entitlement"`
	Principal   struct{ ID resourceID } `json:"principal"`
	Sources     struct {
		Sources map[string]any `json:"sources"`
	} `json:"sources"`
}

// read reads a c1z with baton.
func read(t *testing.T, file string) stored {
	t.Helper()
	var list struct {
		Resources    []struct{ Resource resource }
		Entitlements []struct{ Entitlement entitlement }
		Grants       []struct{ Grant grant }
	}
	for _, what := range []string{"resources", "entitlements", "grants"} {
		e := run(t, nil, "baton", what, "-f", file, "-o", "json")
		if e.code != 0 {
			t.Fatalf("baton %s: exit code %d\n%s", what, e.code, e.all)
		}
		hidden(t, "the c1z", []byte(e.stdout))
		if err := json.Unmarshal([]byte(e.stdout), &list); err != nil {
			t.Fatalf("baton %s: %v\n%s", what, err, e.stdout)
		}
	}
	s := stored{map[string]resource{}, map[string]entitlement{}, map[string]grant{}}
	for _, r := range list.Resources {
		s.resources[r.Resource.ID.String()] = r.Resource
	}
	for _, e := range list.Entitlements {
		s.entitlements[e.Entitlement.ID] = e.Entitlement
	}
	for _, g := range list.Grants {
		s.grants[g.Grant.ID] = g.Grant
	}
	return s
}

// equalSets compares the keys of the values found with those wanted.
func equalSets[T any](t *testing.T, what string, found map[string]T, wanted map[string]bool) {
	t.Helper()
	for _, id := range slices.Sorted(maps.Keys(wanted)) {
		if _, ok := found[id]; !ok {
			t.Errorf("%s: %s is missing", what, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(found)) {
		if !wanted[id] {
			t.Errorf("%s: %s is not wanted", what, id)
		}
	}
}

// contains fails the test when the output lacks a text.
func (e ended) contains(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(e.all, text) {
			t.Errorf("the output lacks %q:\n%s", text, e.all)
		}
	}
}

// freePort returns a port on which nothing listens.
func freePort(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
}
