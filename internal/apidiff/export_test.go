package apidiff

import (
	"maps"
	"slices"
)

// Aspects are the words for all that can differ.
func Aspects() []string { return slices.Sorted(maps.Keys(aspects)) }
