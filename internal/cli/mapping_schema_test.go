package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestMappingSchema(t *testing.T) {
	want, err := os.ReadFile("../../mapping/mapping.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "schema.json")
	for _, args := range [][]string{{}, {file}} {
		command := newMappingSchemaCommand()
		command.SetArgs(args)
		command.SetOut(&out)
		if err := command.Execute(); err != nil {
			t.Fatal(err)
		}
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out.Bytes(), want) || !bytes.Equal(written, want) {
		t.Error("not the schema beside the mapping")
	}
}
