package mapping

import (
	"slices"

	"github.com/conductorone/baton-descope/api"
)

// Use is an operation that is called for the resources of a type.
type Use struct {
	// Key is what the mapping calls the call: "list", "get", "grant".
	Key       string
	Operation *api.Operation
}

// Uses returns what is called to read the resources of the type, and for every change
// that the mapping has for them: each call that the mapping names for the type, and then,
// under the key "grant", what shows whether somebody holds an entitlement of it.
func (t *ResourceType) Uses() []Use {
	all := slices.Clone(t.uses)
	for _, e := range t.Entitlements {
		if e.ReadOnly || e.listed() {
			continue
		}
		for _, holder := range e.GrantableTo {
			read := holder.List.Operation
			if holder.Get != nil {
				read = holder.Get.Operation
			}
			all = withUse(all, Use{grantKey, read})
		}
	}
	return all
}

// withUse adds a use that is not among the others.
func withUse(all []Use, use Use) []Use {
	if slices.Contains(all, use) {
		return all
	}
	return append(all, use)
}

// Rights returns what a key has to be allowed to do for the type, each right once: in the
// words of the API, or else as the method and the path of an operation.
func (t *ResourceType) Rights() []string {
	var all []string
	for _, use := range t.Uses() {
		for _, right := range use.Operation.Rights() {
			if !slices.Contains(all, right) {
				all = append(all, right)
			}
		}
	}
	return all
}
