package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestWhatIsGeneratedIsUpToDate(t *testing.T) {
	const schemaFile, manual = "../../mapping/mapping.schema.json", "../../docs/mapping.md"
	before, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	anew := t.TempDir()
	newSchema, newManual := filepath.Join(anew, "schema"), filepath.Join(anew, "manual")
	if err := os.WriteFile(newManual, before, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := generate(newSchema, newManual); err != nil {
		t.Fatal(err)
	}
	for anew, checkedIn := range map[string]string{newSchema: schemaFile, newManual: manual} {
		want, err := os.ReadFile(anew)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(checkedIn); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not up to date: go generate ./mapping", filepath.Base(checkedIn))
		}
	}
}

func TestAManualWithoutAPlaceForTheReference(t *testing.T) {
	for _, manual := range []string{"", begin, end, end + begin} {
		if _, err := withReference([]byte(manual)); err == nil {
			t.Errorf("no error for %q", manual)
		}
	}
}
