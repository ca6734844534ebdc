package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	subset = "../testdata/ours.yaml"
	newer  = "../testdata/newer.yaml"
)

func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	swagger := file("swagger.json", `{"swagger": "2.0"}`)
	broken := file("broken.yaml", "openapi: 3.0.3\npaths: {\n")
	none := file("none.yaml", "")
	missing := filepath.Join(dir, "missing.yaml")

	for _, c := range []struct {
		title string
		args  []string
		code  int
		says  string
	}{
		{"nothing breaks", []string{subset}, 0, "No news: "},
		{"something breaks", []string{newer}, 1, "What breaks: "},
		{"no document is named", []string{""}, 2, "make api-diff SPEC=FILE"},
		{"two documents are named", []string{newer, newer}, 2, "usage: api-diff"},
		{"an unknown flag", []string{"-strict", newer}, 2, "usage: api-diff"},
		{"the document is missing", []string{missing}, 2, "missing.yaml"},
		{"the document is not OpenAPI 3", []string{swagger}, 2, "it is Swagger 2.0"},
		{"the document is not YAML", []string{broken}, 2, "broken.yaml: yaml: line "},
		{"the known differences are missing", []string{"-known", missing, newer}, 2, "missing.yaml"},
		{"the known differences are wrong", []string{"-known", newer, newer}, 2, "field openapi not found"},
	} {
		var out, errs strings.Builder
		code := run(append([]string{"-subset", subset, "-known", none}, c.args...), &out, &errs)
		if said := out.String() + errs.String(); code != c.code || !strings.Contains(said, c.says) {
			t.Errorf("%s: exit code %d, with\n%swant %d, with %s", c.title, code, said, c.code, c.says)
		}
	}
}

func TestHelp(t *testing.T) {
	var out, errs strings.Builder
	if code := run([]string{"-h"}, &out, &errs); code != 0 || !strings.Contains(errs.String(), "usage: api-diff") {
		t.Errorf("exit code %d, with\n%s", code, errs.String())
	}
}
