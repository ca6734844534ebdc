package preview

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode"
	"unicode/utf8"
)

// JSON writes an outcome as JSON, the same for the same outcome.
func JSON(w io.Writer, o *Outcome) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	all := *o
	all.Resources, all.Entitlements, all.Grants = orEmpty(o.Resources), orEmpty(o.Entitlements), orEmpty(o.Grants)
	return encoder.Encode(all)
}

// orEmpty makes no list an empty one, which JSON distinguishes.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// Table writes an outcome as tables.
func Table(w io.Writer, o *Outcome) error {
	t := &tables{w: tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	t.table(len(o.Resources), "resources", "ID", "NAME", "PARENT", "STATUS", "MORE")
	for i := range o.Resources {
		r := &o.Resources[i]
		t.row(r.ID, r.Name, r.Parent, r.Status, r.more())
	}
	t.table(len(o.Entitlements), "entitlements", "ID", "NAME", "FOR", "HELD BY")
	for _, e := range o.Entitlements {
		held := strings.Join(e.GrantableTo, ", ")
		if e.ReadOnly {
			held += " (read-only)"
		}
		t.row(e.ID, e.Name, e.Purpose, held)
	}
	t.table(len(o.Grants), "grants", "ENTITLEMENT", "HELD BY", "AND WHO HOLDS")
	for _, g := range o.Grants {
		t.row(g.Entitlement, g.Principal, strings.Join(g.Expands, ", "))
	}
	t.table(len(o.LeftOut), "grants left out", "ENTITLEMENT", "OF", "WHY")
	for _, l := range o.LeftOut {
		t.row(l.Entitlement, l.Principal, l.Reason)
	}
	return t.w.Flush()
}

// more says what else is known of a resource, in one line.
func (r *Resource) more() string {
	var parts []string
	add := func(name string, value any) { parts = append(parts, fmt.Sprintf("%s=%v", name, value)) }
	for _, text := range []struct{ name, value string }{
		{"login", r.Login}, {"email", r.Email}, {"created_at", r.CreatedAt}, {"last_login", r.LastLogin},
	} {
		if text.value != "" {
			add(text.name, text.value)
		}
	}
	if len(r.LoginAliases) > 0 {
		add("login_aliases", strings.Join(r.LoginAliases, ","))
	}
	if r.MFA != nil {
		add("mfa", *r.MFA)
	}
	if r.SSO != nil {
		add("sso", *r.SSO)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Profile)) {
		value, err := json.Marshal(r.Profile[name])
		if err != nil {
			continue
		}
		add(name, string(value))
	}
	return strings.Join(parts, " ")
}

// tables writes tables, one below the other.
type tables struct {
	w     *tabwriter.Writer
	after bool
}

// table starts a table of so many things; one of none is left out.
func (t *tables) table(n int, what string, columns ...string) {
	if n == 0 {
		return
	}
	if t.after {
		fmt.Fprintln(t.w)
	}
	t.after = true
	fmt.Fprintf(t.w, "%s: %d\n\n", strings.ToUpper(what), n)
	t.row(columns...)
}

func (t *tables) row(cells ...string) {
	for i, cell := range cells {
		cells[i] = strings.Map(oneLine, cell)
		if cell == "" {
			cells[i] = "-"
		}
	}
	fmt.Fprintln(t.w, strings.Join(cells, "\t"))
}

// oneLine replaces what would end a cell, such as a tab, by a space, and what
// does more to a terminal than to stand in its place by a mark.
func oneLine(r rune) rune {
	switch {
	case r < ' ':
		return ' '
	case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp, unicode.Bidi_Control):
		return utf8.RuneError
	}
	return r
}
