package api

import "fmt"

// CheckPath refuses path parameters that would make another path of theirs: an
// empty one, and the "." and ".." that every URL parser resolves, escaped or
// not. DELETE /people/7/roles/.. would delete the person.
func CheckPath(parameters ...any) error {
	for _, p := range parameters {
		switch text := fmt.Sprint(p); text {
		case "", ".", "..":
			return fmt.Errorf("%q cannot be part of a path", text)
		}
	}
	return nil
}
