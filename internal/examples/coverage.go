package examples

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping"
)

// coverage is what the examples of a mapping show of it.
type coverage struct {
	plan  *mapping.Plan
	shown map[string]bool
}

// coverages are those of each mapping, by its file; "" for that of the examples that
// name none.
type coverages map[string]*coverage

// add notes what an example shows.
func (all coverages) add(c *Case, plan *mapping.Plan) {
	of := all[c.doc.Mapping]
	if of == nil {
		of = &coverage{shown: map[string]bool{}}
		all[c.doc.Mapping] = of
	}
	of.plan = plan
	for _, t := range plan.Types {
		for _, r := range c.records(t.List) {
			of.record(t, r)
		}
		for _, e := range t.Entitlements {
			if e.Holders == nil {
				continue
			}
			for _, r := range c.records(e.Holders.List) {
				_ = e.Holders.Each(r, func(mapping.ID) error { //nolint:errcheck // The sync reports it.
					of.shown[held(e)] = true
					return nil
				})
			}
		}
	}
	for _, s := range c.doc.Steps {
		if s.Error == "" {
			of.shown["a grant of "+nameOf(s.Grant)] = true
			of.shown["a revocation of "+nameOf(s.Revoke)] = true
		}
	}
}

// records are those in an example's replies to the operation of a list.
func (c *Case) records(l *mapping.List) []mapping.Record {
	var all []mapping.Record
	for _, reply := range c.replies[l.Operation.Name] {
		if decoded := decode(l.Operation, reply.Status, reply.Body); decoded != nil {
			all = append(all, l.Read(decoded).Records...)
		}
	}
	return all
}

// decode returns a reply as the API's types have it, as far as it fits them; nil for an
// error.
func decode(op *api.Operation, status int, body []byte) any {
	reply := reflect.New(op.Reply)
	var odd *json.UnmarshalTypeError
	if err := json.Unmarshal(body, reply.Interface()); status != http.StatusOK || err != nil && !errors.As(err, &odd) {
		return nil
	}
	return reply.Interface()
}

// record notes what a record of a type shows.
func (o *coverage) record(t *mapping.ResourceType, r mapping.Record) {
	id, err := t.IDOf(r)
	if err != nil {
		return
	}
	for i, value := range id {
		if value != "" {
			o.shown[idPart(t, i)] = true
		}
	}
	if resource, err := t.Resource(id, r, mapping.Record{}); err == nil && resource.StatusDetail != "" {
		o.shown[status(t, resource.StatusDetail)] = true
	}
	for i, rule := range t.Grants {
		_ = rule.Each(r, func(mapping.ID) error { //nolint:errcheck // The sync reports it.
			o.shown[ruleOf(t, i)] = true
			o.shown[held(rule.Entitlement)] = true
			return nil
		})
	}
}

// all are the things of a mapping that an example can show, in its order.
func (o *coverage) all() []string {
	var all []string
	for _, t := range o.plan.Types {
		for i := range t.Parts {
			all = append(all, idPart(t, i))
		}
		for _, word := range slices.Sorted(maps.Keys(t.Statuses())) {
			all = append(all, status(t, word))
		}
		for i := range t.Grants {
			all = append(all, ruleOf(t, i))
		}
		for _, e := range t.Entitlements {
			all = append(all, held(e))
			if !e.ReadOnly {
				all = append(all, "a grant of "+e.Name(), "a revocation of "+e.Name())
			}
		}
	}
	return all
}

func idPart(t *mapping.ResourceType, part int) string {
	return fmt.Sprintf("%s: a value of %s in the id", t.ID, t.Parts[part])
}

func status(t *mapping.ResourceType, word string) string { return t.ID + ": the status " + word }

func ruleOf(t *mapping.ResourceType, i int) string {
	rule := t.Grants[i]
	from := make([]string, 0, len(t.Parts))
	for _, s := range rule.Sources() {
		from = append(from, s.Key+": "+s.From)
	}
	return fmt.Sprintf("%s: the rule for %s on {%s}", t.ID, rule.Entitlement.Name(), strings.Join(from, ", "))
}

func held(e *mapping.Entitlement) string { return "somebody who holds " + e.Name() }

// nameOf is TYPE.SLUG of TYPE:ID:SLUG.
func nameOf(entitlement string) string {
	typ, _, _ := strings.Cut(entitlement, ":")
	return typ + "." + entitlement[strings.LastIndexByte(entitlement, ':')+1:]
}

// write writes what no example shows of each mapping.
func (all coverages) write(w io.Writer) {
	for _, file := range slices.Sorted(maps.Keys(all)) {
		of := all[file]
		things := of.all()
		missing := slices.DeleteFunc(slices.Clone(things), func(thing string) bool { return of.shown[thing] })
		name := "the mapping"
		if file != "" {
			name = file
		}
		fmt.Fprintf(w, "coverage of %s: %d of %d", name, len(things)-len(missing), len(things))
		if len(missing) > 0 {
			fmt.Fprint(w, "; no example shows")
		}
		fmt.Fprintln(w)
		for _, thing := range missing {
			fmt.Fprintf(w, "         %s\n", thing)
		}
	}
}
