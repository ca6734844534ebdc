package packaging

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// goreleaser is what the tests read of .goreleaser.yaml.
type goreleaser struct {
	Before struct{ Hooks []string }
	Builds []struct {
		Main, Binary                 string
		Env, Targets, Flags, Ldflags []string
		ModTimestamp                 string `yaml:"mod_timestamp"`
	}
	Archives []struct {
		Files []struct{ Src string }
	}
	Checksum struct {
		NameTemplate string `yaml:"name_template"`
	}
	Sboms, Signs []struct{ Artifacts string }
	Images       []struct {
		Images, Platforms []string
		Dockerfile        string
	} `yaml:"dockers_v2"`
	ImageSigns []struct{ Cmd string } `yaml:"docker_signs"`
}

func releases(t *testing.T) goreleaser {
	t.Helper()
	return parse[goreleaser](t, file(t, ".goreleaser.yaml"))
}

// make cross-build builds what a release builds.
func TestPlatforms(t *testing.T) {
	targets := releases(t).Builds[0].Targets
	platforms := regexp.MustCompile(`(?m)^PLATFORMS := (.*)$`).FindStringSubmatch(file(t, "Makefile"))[1]
	if want := strings.Fields(strings.ReplaceAll(platforms, "/", "_")); !slices.Equal(targets, want) {
		t.Errorf("a release has %v, make cross-build %v", targets, want)
	}
	if len(targets) != 5 {
		t.Errorf("there are %d platforms", len(targets))
	}
}

// The same tag gives the same bytes.
func TestReleaseIsReproducible(t *testing.T) {
	build := releases(t).Builds[0]
	for _, flag := range []string{"-trimpath", "-buildvcs=false"} {
		if !slices.Contains(build.Flags, flag) {
			t.Errorf("programs are built without %s", flag)
		}
	}
	if !slices.Contains(build.Env, "CGO_ENABLED=0") {
		t.Error("programs are built with cgo")
	}
	if build.ModTimestamp != "{{ .CommitTimestamp }}" {
		t.Errorf("the time of a program is %q", build.ModTimestamp)
	}
	// The variable that the linker sets is there: it would not say that it is not.
	if len(build.Ldflags) != 1 || !strings.Contains(build.Ldflags[0], "-X main.version={{ .Tag }}") {
		t.Errorf("the linker is told %q", build.Ldflags)
	}
	if !regexp.MustCompile(`(?m)^var version = `).MatchString(file(t, "cmd/baton-descope/main.go")) {
		t.Error("main has no variable version")
	}
}

func TestReleaseIsSignedAndListed(t *testing.T) {
	r := releases(t)
	if r.Checksum.NameTemplate != "checksums.txt" || !strings.Contains(file(t, "deploy/README.md"), "cosign verify-blob checksums.txt") {
		t.Errorf("the checksums are in %s", r.Checksum.NameTemplate)
	}
	if len(r.Sboms) == 0 || len(r.Signs) == 0 || r.Signs[0].Artifacts != "checksum" || len(r.ImageSigns) == 0 {
		t.Errorf("SBOMs %v, signatures %v, of images %v", r.Sboms, r.Signs, r.ImageSigns)
	}
}

// The files of an archive are there, or made by make man before.
func TestFilesOfARelease(t *testing.T) {
	r := releases(t)
	if !slices.Contains(r.Before.Hooks, "make man") {
		t.Errorf("before a release there are %q", r.Before.Hooks)
	}
	for _, archived := range r.Archives[0].Files {
		if strings.HasPrefix(archived.Src, "bin/") {
			if !strings.Contains(file(t, "Makefile"), "mkdir -p bin/man bin/completions\n") {
				t.Errorf("nothing makes %s", archived.Src)
			}
			continue
		}
		found, err := filepath.Glob(filepath.Join("..", "..", archived.Src))
		if err != nil || len(found) == 0 {
			t.Errorf("there is no %s (%v)", archived.Src, err)
		}
	}
	if got := r.Images[0]; got.Dockerfile != "deploy/docker/release.Dockerfile" || len(got.Images) != 1 {
		t.Errorf("the image is %+v", got)
	}
}
