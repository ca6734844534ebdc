package spelling_test

import (
	"testing"

	"github.com/conductorone/baton-descope/internal/spelling"
)

func TestNearest(t *testing.T) {
	levels := []string{"debug", "info", "warn", "error"}
	for word, want := range map[string]string{
		"debgu": "debug", "INFO": "info", "eror": "error", "warning": "warn", "loud": "", "": "", "x": "",
	} {
		if got := spelling.Nearest(word, levels); got != want {
			t.Errorf("%q is near %q, want %q", word, got, want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	many := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "mapping"}
	for _, c := range []struct {
		word    string
		options []string
		want    string
	}{
		{"maping", many, `; did you mean "mapping"?`},
		{"workers", many, ""},
		{"workers", many[:2], "; it is one of a, b"},
		{"workers", nil, ""},
	} {
		if got := spelling.DidYouMean(c.word, c.options); got != c.want {
			t.Errorf("%q of %v: %q, want %q", c.word, c.options, got, c.want)
		}
	}
}
