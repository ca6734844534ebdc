package repo

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
)

// workflow is what a workflow of GitHub says, as far as it is looked at.
type workflow struct {
	Name        string            `yaml:"name"`
	On          yaml.Node         `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency struct {
		Group  string    `yaml:"group"`
		Cancel yaml.Node `yaml:"cancel-in-progress"`
	} `yaml:"concurrency"`
	Defaults yaml.Node      `yaml:"defaults"`
	Jobs     map[string]job `yaml:"jobs"`
}

type job struct {
	Name        string            `yaml:"name"`
	Needs       yaml.Node         `yaml:"needs"`
	RunsOn      string            `yaml:"runs-on"`
	Timeout     int               `yaml:"timeout-minutes"`
	Permissions map[string]string `yaml:"permissions"`
	Strategy    yaml.Node         `yaml:"strategy"`
	Env         map[string]string `yaml:"env"`
	Steps       []struct {
		Name string            `yaml:"name"`
		If   string            `yaml:"if"`
		Uses string            `yaml:"uses"`
		With map[string]string `yaml:"with"`
		Env  map[string]string `yaml:"env"`
		Run  string            `yaml:"run"`
	} `yaml:"steps"`
}

// workflows returns the workflows by their file's name. A key that is not known
// here fails the test: a misspelled one does nothing on GitHub.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*"))
	if err != nil || len(files) < 3 {
		t.Fatalf("%v, %v", files, err)
	}
	all := map[string]workflow{}
	for _, file := range files {
		source, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(source)
		decoder.KnownFields(true)
		var w workflow
		if err := decoder.Decode(&w); err != nil {
			t.Errorf("%s: %v", file, err)
		}
		source.Close()
		all[filepath.Base(file)] = w
	}
	return all
}

// commands are what the workflow runs, a command a line.
func (w workflow) commands() string {
	var all []string
	for _, j := range w.Jobs {
		for _, step := range j.Steps {
			all = append(all, step.Run)
		}
	}
	return strings.Join(all, "\n")
}

// pinned is an action at one commit: a tag can be moved. Dependabot brings the next.
var pinned = regexp.MustCompile(`^[\w-]+/[\w/.-]+@[0-9a-f]{40}$`)

func TestWorkflows(t *testing.T) {
	for name, w := range workflows(t) {
		if w.Name == "" || w.On.IsZero() || len(w.Jobs) == 0 {
			t.Errorf("%s: no name, no event or no job", name)
		}
		if len(w.Permissions) != 1 || w.Permissions["contents"] != "read" {
			t.Errorf("%s: its permissions are %v; a job may have more", name, w.Permissions)
		}
		if w.Concurrency.Group == "" || w.Concurrency.Cancel.IsZero() {
			t.Errorf("%s: no concurrency group, or it does not say what becomes of older runs", name)
		}
		for id, j := range w.Jobs {
			if j.Timeout <= 0 || j.Timeout > 60 || j.RunsOn == "" || len(j.Steps) == 0 {
				t.Errorf("%s: %s needs steps, a system and a time limit of at most an hour", name, id)
			}
			for _, step := range j.Steps {
				switch {
				case (step.Uses == "") == (step.Run == ""):
					t.Errorf("%s: a step of %s neither uses nor runs, or does both", name, id)
				case step.Uses != "" && !pinned.MatchString(step.Uses):
					t.Errorf("%s: %s is not pinned by a commit", name, step.Uses)
				case strings.HasPrefix(step.Uses, "actions/checkout@") && step.With["persist-credentials"] != "false":
					t.Errorf("%s: %s leaves the token in the checkout", name, id)
				case strings.HasPrefix(step.Uses, "actions/setup-go@") && !exists(step.With["go-version-file"]):
					t.Errorf("%s: %s takes the version of Go from %q", name, id, step.With["go-version-file"])
				case strings.Contains(step.Run, "${{"):
					t.Errorf("%s: %s puts an expression into a command, which may run what it holds; pass it in env", name, id)
				}
			}
		}
	}
}

// TestRightsToWrite: only these jobs may write, and only that.
func TestRightsToWrite(t *testing.T) {
	want := []string{"codeql.yaml analyze security-events", "release.yaml publish contents", "release.yaml publish id-token", "release.yaml publish packages"}
	var got []string
	for name, w := range workflows(t) {
		for id, j := range w.Jobs {
			for right, kind := range j.Permissions {
				if kind != "read" {
					got = append(got, name+" "+id+" "+right)
				}
			}
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWhatCIRuns: the commands that README.md and CONTRIBUTING.md name as CI's,
// and the five platforms.
func TestWhatCIRuns(t *testing.T) {
	ci := workflows(t)["ci.yaml"]
	for _, command := range []string{"make test", "make lint", "make check-generated", "make cross-build", "baton_capabilities.json", "config_schema.json", "govulncheck@v"} {
		if !strings.Contains(ci.commands(), command) {
			t.Errorf("CI does not run %s", command)
		}
	}
	if !strings.Contains(read(t, ".ci/run"), "make test") {
		t.Error(".ci/run runs something else")
	}
	var systems struct {
		Matrix struct{ OS []string } `yaml:"matrix"`
	}
	test, build := ci.Jobs["test"], ci.Jobs["build"]
	if err := test.Strategy.Decode(&systems); err != nil || !slices.Equal(systems.Matrix.OS, []string{"ubuntu-latest", "macos-latest", "windows-latest"}) {
		t.Errorf("tested on %v, %v", systems.Matrix.OS, err)
	}
	var platforms struct {
		Matrix struct{ Include []struct{ OS, Arch string } } `yaml:"matrix"`
	}
	if err := build.Strategy.Decode(&platforms); err != nil {
		t.Fatal(err)
	}
	var built []string
	for _, p := range platforms.Matrix.Include {
		built = append(built, p.OS+"/"+p.Arch)
	}
	if want := []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}; !slices.Equal(built, want) || build.Env["CGO_ENABLED"] != "0" {
		t.Errorf("built for %v with CGO_ENABLED=%s", built, build.Env["CGO_ENABLED"])
	}
}

// TestTestsOfThePage: CI runs all tests of docs/connector.mdx by name.
func TestTestsOfThePage(t *testing.T) {
	run := regexp.MustCompile(`-run '([^']+)'`).FindStringSubmatch(workflows(t)["ci.yaml"].commands())
	if run == nil {
		t.Fatal("no job runs them")
	}
	tests := regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllStringSubmatch(read(t, "internal/packaging/mdx_test.go"), -1)
	if len(tests) < 5 {
		t.Errorf("there are only %v", tests)
	}
	for _, test := range tests {
		if !regexp.MustCompile(run[1]).MatchString(test[1]) {
			t.Errorf("the job mdx does not run %s", test[1])
		}
	}
}

// TestIssueForms: forms are what GitHub takes for forms, and ask for what a report
// needs.
func TestIssueForms(t *testing.T) {
	for form, asked := range map[string][]string{
		"bug.yml":     {"mapping explain", "--version", "--record", "Look through it"},
		"feature.yml": {"mapping explain", "--version", "--record", "Look through it"},
	} {
		source := read(t, ".github/ISSUE_TEMPLATE/"+form)
		var parsed struct {
			Name, Description string
			Labels            []string
			Body              []struct {
				Type, ID    string
				Attributes  map[string]any
				Validations map[string]bool
			}
		}
		decoder := yaml.NewDecoder(strings.NewReader(source))
		decoder.KnownFields(true)
		if err := decoder.Decode(&parsed); err != nil || parsed.Name == "" || parsed.Description == "" {
			t.Errorf("%s: %v", form, err)
		}
		ids := map[string]bool{}
		for _, field := range parsed.Body {
			switch {
			case !slices.Contains([]string{"markdown", "textarea", "input", "dropdown", "checkboxes"}, field.Type):
				t.Errorf("%s: there are no fields of type %q", form, field.Type)
			case field.Type == "markdown":
				continue
			case field.ID == "" || ids[field.ID] || field.Attributes["label"] == nil:
				t.Errorf("%s: the field %q needs a label and an id of its own", form, field.ID)
			}
			ids[field.ID] = true
		}
		for _, want := range asked {
			if !strings.Contains(source, want) {
				t.Errorf("%s does not ask for %s", form, want)
			}
		}
	}
	for _, file := range []string{".github/ISSUE_TEMPLATE/config.yml", ".github/dependabot.yml"} {
		var anything map[string]any
		if err := yaml.Unmarshal([]byte(read(t, file)), &anything); err != nil || len(anything) < 2 {
			t.Errorf("%s: %v", file, err)
		}
	}
}
