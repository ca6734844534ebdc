package mapping

import (
	"errors"
	"fmt"
	"strings"
)

// ID is the id of a resource in its parts. Leading parts may be empty; the
// last never is. Its text is a public contract: `%` and `/` in a part are
// escaped as %25 and %2F, empty leading parts are left out, and the rest is
// joined with `/`.
//
//	ID{"", "Editor"}          Editor
//	ID{"T2abc", "Editor"}     T2abc/Editor
//	ID{"", "Support/L2"}      Support%2FL2
type ID []string

var escapeID = strings.NewReplacer("%", "%25", "/", "%2F")

func (id ID) String() string {
	parts := id
	for len(parts) > 0 && parts[0] == "" {
		parts = parts[1:]
	}
	plain := true
	for _, part := range parts {
		plain = plain && strings.IndexByte(part, '%') < 0 && strings.IndexByte(part, '/') < 0
	}
	switch {
	case plain && len(parts) == 1:
		return parts[0]
	case plain && len(parts) == 2: // Most ids are made here, without a slice.
		return parts[0] + "/" + parts[1]
	}
	escaped := make([]string, len(parts))
	for i, part := range parts {
		escaped[i] = escapeID.Replace(part)
	}
	return strings.Join(escaped, "/")
}

// whole reports whether a resource can have this id.
func (id ID) whole() bool { return len(id) > 0 && id.gap() < 0 }

// gap returns the first part that has to be there and is not, -1 for none:
// the last, and every one behind a part that is there.
func (id ID) gap() int {
	given := false
	for i, part := range id {
		if part == "" && (given || i == len(id)-1) {
			return i
		}
		given = given || part != ""
	}
	return -1
}

var errNotAnID = errors.New("not an id of this resource type")

// parseID reads the text of an id of n parts.
func parseID(s string, n int) (ID, error) {
	escaped := strings.Split(s, "/")
	if len(escaped) > n {
		return nil, fmt.Errorf("%w: %q has %d parts and not %d", errNotAnID, s, len(escaped), n)
	}
	id := make(ID, n)
	for i, part := range escaped {
		id[n-len(escaped)+i] = strings.ReplaceAll(strings.ReplaceAll(part, "%2F", "/"), "%25", "%")
	}
	if !id.whole() || id.String() != s {
		return nil, fmt.Errorf("%w: %q", errNotAnID, s)
	}
	return id, nil
}
