package connector

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/conductorone/baton-descope/mapping"
)

// Names in any script are shown as they are; what would break the line that they
// stand on is not.
func TestDisplayNames(t *testing.T) {
	id := mapping.ID{"T1", "role"}
	for name, want := range map[string]string{
		"Zoë Quill":                      "Zoë Quill",
		"山田 太郎":                          "山田 太郎",
		"नमस्ते क्\u200dष":               "नमस्ते क्\u200dष",
		"می\u200cخواهم":                  "می\u200cخواهم",
		"\u200fשלום\u200e":               "\u200fשלום\u200e",
		"👩\u200d👩\u200d👧":                "👩\u200d👩\u200d👧",
		"\U0001f3f4\U000e0067\U000e007f": "\U0001f3f4\U000e0067\U000e007f",
		" spaces ":                       " spaces ",
		"e\u0301":                        "e\u0301",
		"Ann\r\nLevel: admin":            "Ann  Level: admin",
		"\x1b[31mred\x1b[0m":             " [31mred [0m",
		"a\x00b\x7fc\u0085d":             "a b c d",
		"a\u2028b\u2029c":                "a b c",
		"\u202egnp.exe\u202c":            "gnp.exe",
		"\u2066a\u2069\u202ab\u202db":    "abb",
		"":                               "T1/role",
		"\u202e":                         "T1/role",
		" \n\t":                          "T1/role",
		strings.Repeat("x", 1024):        strings.Repeat("x", 1024),
		strings.Repeat("x", 1025):        strings.Repeat("x", 1021) + "…",
		strings.Repeat("森", 400):         strings.Repeat("森", 340) + "…",
		strings.Repeat("🌲", 400):         strings.Repeat("🌲", 255) + "…",
	} {
		if got := displayName(name, id); got != want || len(got) > maxDisplayName || !utf8.ValidString(got) {
			t.Errorf("%.80q is shown as %.80q (%d bytes), want %.80q", name, got, len(got), want)
		}
	}
}

func TestLargeProfiles(t *testing.T) {
	deep := any("bottom")
	for range 500 {
		deep = map[string]any{"in": []any{deep}}
	}
	profile := map[string]any{
		"short": "as it is \n\u202e", "long": strings.Repeat("é", 4000), "number": 1.5, "none": nil, "list": []any{strings.Repeat("x", 5000), true}, "deep": deep,
	}
	if bytes := shortenAll(profile, 0); bytes < 8000 || bytes > 20000 {
		t.Errorf("%d bytes are left", bytes)
	}
	if profile["short"] != "as it is \n\u202e" || profile["number"] != 1.5 || profile["none"] != nil {
		t.Errorf("short values changed: %v", profile)
	}
	if long := profile["long"].(string); len(long) > 4096 || !strings.HasSuffix(long, "é…") {
		t.Errorf("the long text has %d bytes", len(long))
	}
	levels := 0
	for value := profile["deep"]; value != mark; levels++ {
		switch v := value.(type) {
		case map[string]any:
			value = v["in"]
		case []any:
			value = v[0]
		default:
			t.Fatalf("%v at level %d", v, levels)
		}
	}
	if levels != maxDepth {
		t.Errorf("%d levels are left", levels)
	}
}
