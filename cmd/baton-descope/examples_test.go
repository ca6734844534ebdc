package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/examples"
)

// TestExamples runs the examples of the mapping that is built in, as
// `baton-descope mapping test` does.
func TestExamples(t *testing.T) {
	dirs, err := examples.Find(filepath.Join("..", "..", "mapping", "testdata", "examples"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			c, err := examples.Load(dir, exampleEnvironment.Operations)
			if err != nil {
				t.Fatal(err)
			}
			result, err := c.Run(t.Context(), exampleEnvironment)
			if err != nil {
				t.Fatal(err)
			}
			if !result.OK() {
				t.Errorf("%s (- expected, + seen)\n%s", c.Title(), strings.Join(result.Differences, "\n"))
			}
		})
	}
}
