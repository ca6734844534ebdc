package packaging

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// instructions returns what a Dockerfile does, a line for each instruction.
func instructions(t *testing.T, name string) []string {
	t.Helper()
	text := regexp.MustCompile(`(?m)^#.*\n`).ReplaceAllString(file(t, name), "")
	var all []string
	for _, line := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		if words := strings.Fields(line); len(words) > 0 {
			all = append(all, strings.Join(words, " "))
		}
	}
	return all
}

// image returns the instructions of the last stage but those that copy.
func image(t *testing.T, name string) []string {
	t.Helper()
	var stage []string
	for _, line := range instructions(t, name) {
		word, _, _ := strings.Cut(line, " ")
		switch word {
		case "FROM":
			stage = []string{line}
		case "COPY", "ARG":
		default:
			stage = append(stage, line)
		}
	}
	return stage
}

func TestImage(t *testing.T) {
	got := image(t, "Dockerfile")
	// Static: no C library, no shell. A tag can be moved, a digest cannot.
	if base := regexp.MustCompile(`^FROM gcr\.io/distroless/static-debian12:nonroot@sha256:[0-9a-f]{64}$`); !base.MatchString(got[0]) {
		t.Errorf("the image is made from %q", got[0])
	}
	for _, want := range []string{
		"USER 65532:65532",
		`ENTRYPOINT ["/usr/local/bin/baton-descope"]`, // no shell that would need one
		"ENV BATON_TMPDIR=/tmp",
	} {
		if !slices.Contains(got, want) {
			t.Errorf("the image lacks %q: it has %q", want, got)
		}
	}
	if released := image(t, "deploy/docker/release.Dockerfile"); !slices.Equal(released, got) {
		t.Errorf("the image of a release is another:\n%q\n%q", released, got)
	}
}

// The program of the image is built as those of a release, by the Go that go.mod names.
func TestImageIsBuiltAsReleased(t *testing.T) {
	lines := instructions(t, "Dockerfile")
	build := lines[slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, "go build") })]
	release := releases(t).Builds[0]
	for _, part := range slices.Concat(release.Env, release.Flags, []string{release.Main, "-s -w -X main.version="}) {
		if !strings.Contains(build, part) {
			t.Errorf("the Dockerfile does not build with %s: %s", part, build)
		}
	}
	version := regexp.MustCompile(`(?m)^toolchain go(\S+)$`).FindStringSubmatch(file(t, "go.mod"))[1]
	want := regexp.MustCompile(`^FROM --platform=\$BUILDPLATFORM golang:` + regexp.QuoteMeta(version) + `@sha256:[0-9a-f]{64} AS build$`)
	if !slices.ContainsFunc(lines, want.MatchString) {
		t.Errorf("the Dockerfile has no line %s", want)
	}
}

// What .dockerignore lets through is enough to build the program, and has no file
// that git ignores.
func TestContextOfTheImage(t *testing.T) {
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=Module,Dir,GoFiles,EmbedFiles", "./cmd/baton-descope")
	list.Dir = filepath.Join("..", "..")
	list.Env = append(list.Environ(), "CGO_ENABLED=0")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	root, err := filepath.Abs(list.Dir)
	if err != nil {
		t.Fatal(err)
	}
	needed := 0
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var pkg struct {
			Module              *struct{ Main bool }
			Dir                 string
			GoFiles, EmbedFiles []string
		}
		if err := decoder.Decode(&pkg); err != nil {
			t.Fatal(err)
		}
		if pkg.Module == nil || !pkg.Module.Main {
			continue
		}
		for _, name := range slices.Concat(pkg.GoFiles, pkg.EmbedFiles) {
			relative, err := filepath.Rel(root, filepath.Join(pkg.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			needed++
			if !inContext(t, filepath.ToSlash(relative)) {
				t.Errorf("the build needs %s, which .dockerignore leaves out", relative)
			}
		}
	}
	if needed == 0 {
		t.Error("the build needs no file")
	}
	for _, secret := range []string{".git/config", ".baton.yaml", ".env", "sync.c1z", "demo/descope.c1z", "bin/baton-descope"} {
		if inContext(t, secret) {
			t.Errorf("%s is in the image's context", secret)
		}
	}
}

// inContext reads .dockerignore as far as this one goes: names at the top, and
// patterns of any depth; the last that fits decides.
func inContext(t *testing.T, name string) bool {
	t.Helper()
	included := true
	for _, line := range strings.Split(file(t, ".dockerignore"), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, negated := strings.CutPrefix(line, "!")
		deep, anywhere := strings.CutPrefix(pattern, "**/")
		parts := strings.Split(name, "/")
		fits := pattern == "*" || parts[0] == pattern
		if anywhere {
			fits = slices.ContainsFunc(parts, func(part string) bool {
				ok, err := path.Match(deep, part)
				return ok && err == nil
			})
		}
		if fits {
			included = negated
		}
	}
	return included
}
