package api_test

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/apidiff"
)

func TestDocumentIsValid(t *testing.T) {
	spec, err := openapi3.NewLoader().LoadFromData(api.DescopeDocument)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	ids := make(map[string]bool)
	for path, item := range spec.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.OperationID == "" || ids[operation.OperationID] {
				t.Errorf("%s %s: operation id %q is missing or taken", method, path, operation.OperationID)
			}
			ids[operation.OperationID] = true
		}
	}
}

// TestDocumentIsSubset holds descope.yaml against a copy of the document that
// Descope publishes, which is not ours to keep in this repository. What is new there
// is no failure: make api-diff reports it.
func TestDocumentIsSubset(t *testing.T) {
	path := cmp.Or(os.Getenv("DESCOPE_OPENAPI"), filepath.Join("..", "..", "shared", "reference", "descope-openapi.yml"))
	published, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("no copy of Descope's published document at %s: download it from https://docs.descope.com/api/openapi-spec and name it in DESCOPE_OPENAPI", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := apidiff.Parse(path, published)
	if err != nil {
		t.Fatal(err)
	}
	report, err := apidiff.Compare(subset(t), theirs, knownDifferences(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Breaks)+len(report.Changed)+len(report.Stale) > 0 {
		t.Errorf("make api-diff SPEC=%s:\n%s", path, text(t, report))
	}
}

// TestKnownDifferencesAreOfTheDocument needs no copy of the published one.
func TestKnownDifferencesAreOfTheDocument(t *testing.T) {
	places, err := apidiff.Places(subset(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range knownDifferences(t).Differences {
		for _, place := range d.At {
			if !places[place.Text] {
				t.Errorf("known-differences.yaml:%d: descope.yaml has no %s", place.Line, place.Text)
			}
		}
	}
}

func subset(t *testing.T) *apidiff.Document {
	t.Helper()
	document, err := apidiff.Parse("descope.yaml", api.DescopeDocument)
	if err != nil {
		t.Fatal(err)
	}
	return document
}

func knownDifferences(t *testing.T) *apidiff.Known {
	t.Helper()
	const name = "known-differences.yaml"
	src, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	known, err := apidiff.ParseKnown(name, src)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func text(t *testing.T, report *apidiff.Report) string {
	t.Helper()
	var text strings.Builder
	if err := report.Print(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
