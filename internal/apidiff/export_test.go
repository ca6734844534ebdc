package apidiff

import (
	"maps"
	"slices"
)

// Aspects are all words for what can differ.
func Aspects() []string { return slices.Sorted(maps.Keys(aspects)) }
