package examples

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/internal/preview"
	"github.com/conductorone/baton-descope/internal/replay"
	"github.com/conductorone/baton-descope/mapping"
)

// compare says, a line each, how a sync differs from what is expected: "-" for
// what is expected and not there, "+" for what is there and not expected.
func (e *expectation) compare(seen *observed) []string {
	if e.Error != "" || seen.err != nil {
		return compareErrors("the sync", e.Error, seen.err)
	}
	var lines []string
	lines = append(lines, section("resources", compareTables(e.Resources, resourceTable(seen.outcome)))...)
	if e.Entitlements != nil {
		lines = append(lines, section("entitlements", compareTables(e.Entitlements, entitlementTable(seen.outcome)))...)
	} else {
		lines = append(lines, section("entitlements", compareTables(ownEntitlements(seen.outcome, seen.plan), entitlementTable(seen.outcome)))...)
	}
	lines = append(lines, section("grants", compareLines(pairs(e.Grants), pairs(grantTable(seen.outcome))))...)
	lines = append(lines, section("left_out", compareLines(pairs(e.LeftOut), pairs(leftOutTable(seen.outcome))))...)
	if e.Requests != nil {
		lines = append(lines, section("requests", compareRequests(e.Requests, seen.requests))...)
	}
	return lines
}

// section puts a heading above lines, where there are any.
func section(name string, lines []string) []string {
	if len(lines) == 0 {
		return nil
	}
	out := []string{name + ":"}
	for _, line := range lines {
		out = append(out, "  "+line)
	}
	return out
}

func compareErrors(what, want string, got error) []string {
	switch {
	case got == nil && want == "":
		return nil
	case got == nil:
		return []string{what + " ends well, and not with an error:", "  - " + want}
	case want == "":
		return []string{what + " ends with an error:", "  + " + got.Error()}
	case !strings.Contains(got.Error(), want):
		return []string{what + " ends with another error:", "  - " + want, "  + " + got.Error()}
	}
	return nil
}

// table is attributes by name, by id.
type table = map[string]map[string]any

func resourceTable(o *preview.Outcome) table {
	t := table{}
	for i := range o.Resources {
		t[o.Resources[i].ID] = attributes(o.Resources[i])
	}
	return t
}

func entitlementTable(o *preview.Outcome) table {
	t := table{}
	for _, e := range o.Entitlements {
		t[e.ID] = attributes(e)
	}
	return t
}

// attributes returns what is known of a thing, without its id.
func attributes(v any) map[string]any {
	all, ok := normal(v).(map[string]any)
	if ok {
		delete(all, "id")
	}
	return all
}

// ownEntitlements returns the entitlements that the resources have by their types.
func ownEntitlements(o *preview.Outcome, plan *mapping.Plan) table {
	t := table{}
	for i := range o.Resources {
		id := o.Resources[i].ID
		typ, _, _ := strings.Cut(id, ":")
		for _, e := range plan.Type(typ).Entitlements {
			t[id+":"+e.Slug] = nil
		}
	}
	return t
}

// holders is who, by what.
type holders = map[string][]string

func grantTable(o *preview.Outcome) holders {
	t := holders{}
	for _, g := range o.Grants {
		holder := g.Principal
		if len(g.Expands) > 0 {
			holder += " (expands " + strings.Join(g.Expands, ", ") + ")"
		}
		t[g.Entitlement] = append(t[g.Entitlement], holder)
	}
	return t
}

func leftOutTable(o *preview.Outcome) holders {
	t := holders{}
	for _, l := range o.LeftOut {
		t[l.Entitlement] = append(t[l.Entitlement], l.Principal)
	}
	return t
}

// pairs returns one line for each holder.
func pairs(t holders) []string {
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(t)) {
		for _, who := range t[what] {
			lines = append(lines, what+": "+who)
		}
	}
	slices.Sort(lines)
	return lines
}

func compareLines(want, got []string) []string {
	var lines []string
	for _, line := range want {
		if !slices.Contains(got, line) {
			lines = append(lines, "- "+line)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			lines = append(lines, "+ "+line)
		}
	}
	return lines
}

func compareTables(want, got table) []string {
	var lines []string
	for _, id := range slices.Sorted(maps.Keys(want)) {
		there, ok := got[id]
		if !ok {
			lines = append(lines, "- "+id)
			continue
		}
		if differences := compareAttributes(want[id], there); len(differences) > 0 {
			lines = append(lines, "  "+id)
			for _, d := range differences {
				lines = append(lines, "    "+d)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[id]; !ok {
			lines = append(lines, "+ "+id+" "+shown(got[id]))
		}
	}
	return lines
}

// compareAttributes compares the attributes that are wanted; in a table among
// them, such as a profile, again those that are wanted.
func compareAttributes(want, got map[string]any) []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		wanted, there := normal(want[name]), got[name]
		inner, table := wanted.(map[string]any)
		innerGot, tableGot := there.(map[string]any)
		switch {
		case reflect.DeepEqual(wanted, there):
		case table && tableGot:
			for _, line := range compareAttributes(inner, innerGot) {
				lines = append(lines, line[:2]+name+"."+line[2:])
			}
		default:
			if wanted != nil {
				lines = append(lines, "- "+name+": "+shown(wanted))
			}
			if there != nil {
				lines = append(lines, "+ "+name+": "+shown(there))
			}
		}
	}
	return lines
}

// compareRequests compares requests in their order.
func compareRequests(want []map[string]map[string]any, got []replay.Request) []string {
	wanted, sent := make([]string, len(want)), make([]string, len(got))
	for i, request := range want {
		for operation, fields := range request {
			if fields == nil {
				fields = map[string]any{}
			}
			wanted[i] += operation + " " + shown(fields)
		}
	}
	for i, request := range got {
		sent[i] = request.String()
	}
	if slices.Equal(wanted, sent) {
		return nil
	}
	var lines []string
	for i := range max(len(wanted), len(sent)) {
		switch {
		case i < len(wanted) && i < len(sent) && wanted[i] == sent[i]:
			lines = append(lines, "  "+wanted[i])
		default:
			if i < len(wanted) {
				lines = append(lines, "- "+wanted[i])
			}
			if i < len(sent) {
				lines = append(lines, "+ "+sent[i])
			}
		}
	}
	return lines
}

// What can be compared: the names that the JSON form of a thing has.
var (
	resourceAttributes    = fieldNames(reflect.TypeFor[preview.Resource]())
	entitlementAttributes = fieldNames(reflect.TypeFor[preview.Entitlement]())
)

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "id" {
			names = append(names, name)
		}
	}
	return names
}

// checkAttributes refuses an attribute that nothing could differ from.
func checkAttributes(what string, t table, known []string) error {
	for _, id := range slices.Sorted(maps.Keys(t)) {
		for name, value := range t[id] {
			if !slices.Contains(known, name) {
				return fmt.Errorf("%s: a %s has no %q; it has %s", id, what, name, strings.Join(known, ", "))
			}
			if _, err := json.Marshal(value); err != nil {
				return fmt.Errorf("%s: %s: %w", id, name, err)
			}
		}
	}
	return nil
}
