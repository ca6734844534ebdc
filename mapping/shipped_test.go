package mapping_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

// TestTheShippedMapping holds descope.yaml to what has to be so, however it is
// written: it loads without a warning, and its lock says what customers refer to.
func TestTheShippedMapping(t *testing.T) {
	report := mapping.Check("descope.yaml", mapping.Descope, descopeAPI)
	if report.Plan == nil {
		t.Fatal(report.Mistakes)
	}
	if len(report.Warnings) > 0 {
		t.Error(report.Warnings)
	}
	locked, err := mapping.ReadContract("descope.lock.yaml", mapping.DescopeLock)
	if err != nil {
		t.Fatal(err)
	}
	is := report.Plan.Contract()
	if changes := is.Changes(locked); len(changes) > 0 {
		t.Errorf("descope.yaml changes what customers refer to:\n  - %s\nIf that is meant: baton-descope mapping check mapping/descope.yaml --write-lock", strings.Join(changes, "\n  - "))
	}
	written, err := is.Write()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(written, mapping.DescopeLock) {
		t.Errorf("descope.lock.yaml is not as check --write-lock writes it:\n%s", written)
	}
}
