package connector

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/conductorone/baton-descope/mapping"
)

// The SDK's limits, in bytes. It checks them when something is granted or
// revoked, and not in a sync.
const (
	maxID          = 1024
	maxDisplayName = 1024
	maxDescription = 2048
)

// Limits of our own, in bytes.
const (
	// maxProfileText is how long one text of a profile may be.
	maxProfileText = 4096
	// maxResource is how large one resource may be. gRPC stops at 4 MiB.
	maxResource = 3 << 20
	// maxDepth is how deep a profile may nest; protobuf reads 10,000 levels, and
	// uses up several for each.
	maxDepth = 100
	// maxShown is how much of a long text a log shows.
	maxShown = 100
)

// mark replaces text that was left out.
const mark = "…"

// displayName makes a name fit for a display; the id replaces one that
// would be invisible.
func displayName(name string, id mapping.ID) string {
	if name = clip(name, maxDisplayName); strings.TrimSpace(name) == "" {
		return clip(id.String(), maxDisplayName)
	}
	return name
}

// clip makes text fit for a display: of at most limit bytes, on one line, and
// without what changes how the text around it is shown. All else stays, so that
// names in any script are what they were.
func clip(s string, limit int) string {
	if strings.ContainsFunc(s, unsightly) {
		s = strings.Map(func(r rune) rune {
			switch {
			case isolating(r):
				return -1
			case unsightly(r):
				return ' '
			}
			return r
		}, s)
	}
	return shorten(s, limit)
}

// unsightly reports whether a character changes the line around it.
func unsightly(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || isolating(r)
}

// isolating reports whether a character turns the direction of all text until
// another ends it: one that is not ended reaches into the text of others. The
// marks that Arabic and Hebrew names need are not among them.
func isolating(r rune) bool {
	return r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069'
}

// shorten cuts a text to at most limit bytes, between two characters, and marks
// the cut.
func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// shortenAll shortens the texts of a profile in place, and what is nested deeper
// than gRPC reads. It returns about how many bytes are left.
func shortenAll(profile map[string]any, depth int) (bytes int) {
	for name, value := range profile {
		value, size := shortened(value, depth+1)
		profile[name] = value
		bytes += len(name) + size
	}
	return bytes
}

func shortened(value any, depth int) (any, int) {
	const scalar = 10 // bytes, about
	switch v := value.(type) {
	case string:
		v = shorten(v, maxProfileText)
		return v, len(v) + scalar
	case []any:
		if depth > maxDepth {
			return mark, scalar
		}
		bytes := scalar
		for i := range v {
			size := 0
			v[i], size = shortened(v[i], depth+1)
			bytes += size
		}
		return v, bytes
	case map[string]any:
		if depth > maxDepth {
			return mark, scalar
		}
		return v, shortenAll(v, depth) + scalar
	}
	return value, scalar
}
