package descope_test

import (
	"cmp"
	"maps"
	"slices"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// history is what a project held while a sync ran: what existed throughout, and what
// existed at any time. A sync has to store all of the first, and nothing beyond the
// second. For a project that does not change, both are its exact content.
type history struct{ throughout, ever ids }

func newHistory(d *emulatortest.Running) *history {
	return &history{expected(project(d), false), expected(project(d), false)}
}

// note adds the current content of the project. It has to be called after each change.
func (h *history) note(d *emulatortest.Running) {
	now := expected(project(d), false)
	for _, set := range []struct{ throughout, ever, now map[string]bool }{
		{h.throughout.resources, h.ever.resources, now.resources},
		{h.throughout.entitlements, h.ever.entitlements, now.entitlements},
		{h.throughout.grants, h.ever.grants, now.grants},
	} {
		maps.DeleteFunc(set.throughout, func(id string, _ bool) bool { return !set.now[id] })
		maps.Copy(set.ever, set.now)
	}
}

func (h *history) compare(t *testing.T, got *harness.Snapshot) {
	t.Helper()
	compareBetween(t, "resource", h.throughout.resources, h.ever.resources, keys(got.Resources))
	compareBetween(t, "entitlement", h.throughout.entitlements, h.ever.entitlements, keys(got.Entitlements))
	compareBetween(t, "grant", h.throughout.grants, h.ever.grants, keys(got.Grants))
}

// compareBetween reports every missing id, and every one that never existed.
func compareBetween(t *testing.T, what string, least, most, got map[string]bool) {
	t.Helper()
	between := maps.Clone(got)
	maps.DeleteFunc(between, func(id string, _ bool) bool { return most[id] && !least[id] })
	compareIDs(t, what, least, between)
}

// sortByCreation puts users in the order in which they are listed.
func sortByCreation(users []emulator.User) {
	slices.SortFunc(users, func(a, b emulator.User) int {
		return cmp.Or(cmp.Compare(a.CreatedTime, b.CreatedTime), cmp.Compare(a.UserID, b.UserID))
	})
}
