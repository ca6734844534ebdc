package hosted

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const tag = "baton_lambda_support"

// TestTag: the tag is the one that makes the SDK serve AWS, and what builds and tests
// the function has it.
func TestTag(t *testing.T) {
	files := func(tags string) []string {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-tags", tags, "-f", `{{join .GoFiles "\n"}}`, "github.com/conductorone/baton-sdk/pkg/cli").Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	if slices.Equal(files(""), files(tag)) {
		t.Errorf("the SDK has nothing for the tag %s", tag)
	}
	for file, want := range map[string]string{
		"Makefile":                    "-tags " + tag,
		".github/workflows/ci.yaml":   "make test-lambda",
		"internal/hosted/doc.go":      "make test-lambda",
		"internal/hosted/aws_test.go": "//go:build " + tag,
	} {
		content, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(content), want) {
			t.Errorf("%s does not say %q", file, want)
		}
	}
}
