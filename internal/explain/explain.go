// Package explain describes a mapping in words or as a diagram: what is read and what
// it becomes, the cost of a sync, the requests to grant, to revoke, to delete and of
// actions, and the operations that a key has to permit. It knows no particular API.
package explain

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/internal/replay"
	"github.com/conductorone/baton-descope/mapping"
)

// Text writes an explanation of a mapping.
func Text(w io.Writer, plan *mapping.Plan) error {
	p := &printer{plan: plan}
	p.linef("%s", strings.TrimSuffix(plan.DisplayName+": "+plan.Description, ": "))
	p.types()
	for _, t := range plan.Types {
		p.resourceType(t)
	}
	p.cost()
	p.provisioning()
	p.accounts()
	p.actions()
	p.permissions()
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if _, err := io.WriteString(table, p.text.String()); err != nil {
		return err
	}
	return table.Flush()
}

// printer writes lines; cells are set apart by tabs, and a table ends with the
// first line that has none.
type printer struct {
	plan *mapping.Plan
	text strings.Builder
}

func (p *printer) linef(format string, args ...any) {
	fmt.Fprintf(&p.text, format+"\n", args...)
}

func (p *printer) heading(text string) { p.linef("\n%s\n", strings.ToUpper(text)) }

func (p *printer) types() {
	p.heading("Resource types")
	p.linef("  TYPE\tTRAIT\tREAD BY\tID\tPARENT")
	for i, t := range p.plan.Types {
		parent := "-"
		if t.Parent != nil {
			parent = t.Parent.ID
		}
		trait := string(t.Trait)
		if trait == "" {
			trait = "-"
		}
		p.linef("  %s\t%s\t%s\t%s\t%s", t.ID, trait, t.List.Operation.Name, p.idForm(i), parent)
	}
}

// idForm is how the ids of the i-th type are made.
func (p *printer) idForm(i int) string {
	for _, t := range p.plan.Contract().ResourceTypes {
		if t.Type == p.plan.Types[i].ID {
			return t.ID
		}
	}
	return ""
}

func (p *printer) resourceType(t *mapping.ResourceType) {
	p.heading(t.ID)
	p.linef("One for each record of %s, %s.", t.List.Operation.Name, pagesOf(t.List))
	p.linef("%s", sent(t.List.Operation, t.List.Request(mapping.Position{}, 0)))
	p.narrowed(t)
	if t.Get != nil {
		p.linef("One alone is read by %s.", t.Get.Operation.Name)
	}
	if t.Parent != nil {
		p.linef("The parent is the %s with %s; without a value there is none.", t.Parent.ID, list(t.ParentSources()))
	}
	for _, a := range t.Derivations {
		p.linef("The records of %s show more of them: %s. What these do not say comes from the listed %s that they are like.", a.In.ID, list(a.Sources(t)), t.ID)
	}
	p.linef("")
	for _, s := range t.Sources() {
		p.linef("  %s\t%s", s.Key, s.From)
	}
	p.statuses(t)
	p.entitlements(t)
	p.holds(t)
	if ignored := t.Ignored(); len(ignored) > 0 {
		p.linef("\nNot read on purpose: %s.", strings.Join(ignored, ", "))
	}
}

// narrowed says what the lists of a type leave out.
func (p *printer) narrowed(t *mapping.ResourceType) {
	for _, l := range t.Lists() {
		for _, n := range l.Narrowed {
			p.linef("%s is asked for a part, by %s: %s. %s", l.Operation.Name, n.Field, n.Value, cmp.Or(n.Reason, "The mapping gives no reason."))
		}
	}
}

func pagesOf(l *mapping.List) string {
	switch {
	case l.Pages == nil:
		return "all in one reply"
	case l.Pages.Size == 0:
		return "page by page"
	}
	return fmt.Sprintf("%d a page", l.Pages.Size)
}

func (p *printer) statuses(t *mapping.ResourceType) {
	statuses := t.Statuses()
	if statuses == nil {
		return
	}
	p.linef("\nOf the API's values for the status:\n")
	for _, value := range slices.Sorted(maps.Keys(statuses)) {
		p.linef("  %s\tmeans\t%s", value, statuses[value])
	}
	p.linef("  any other\tis shown\twithout a status")
}

func (p *printer) entitlements(t *mapping.ResourceType) {
	if len(t.Entitlements) == 0 {
		return
	}
	p.linef("\nOn each %s there is:\n", t.ID)
	p.linef("  ENTITLEMENT\tFOR\tHELD BY\tWHO HOLDS IT SAYS")
	for _, e := range t.Entitlements {
		where := "the holder's record"
		if e.Holders != nil {
			where = fmt.Sprintf("%s {%s}, a request for each %s; the holder is %s",
				e.Holders.List.Operation.Name, list(e.Holders.With()), t.ID, list(e.Holders.Sources()))
		}
		p.linef("  %s\t%s\t%s\t%s", e.Name(), e.Purpose, typeNames(e.GrantableTo), where)
	}
}

func (p *printer) holds(t *mapping.ResourceType) {
	if len(t.Grants) == 0 {
		return
	}
	p.linef("\nThe record of a %s says what it holds:\n", t.ID)
	p.linef("  HOLDS\tON\tFROM")
	for _, rule := range t.Grants {
		p.linef("  %s\ta %s\t%s%s", rule.Entitlement.Name(), rule.Entitlement.On.ID, list(rule.Sources()), expands(t, rule))
	}
}

func expands(t *mapping.ResourceType, rule *mapping.GrantRule) string {
	if rule.Expand == nil {
		return ""
	}
	return fmt.Sprintf(" (with expansion, who holds %s.%s holds it too)", t.ID, rule.Expand.Slug)
}

// list writes sources in one line.
func list(sources []mapping.Source) string {
	parts := make([]string, len(sources))
	for i, s := range sources {
		parts[i] = s.Key + ": " + s.From
	}
	return strings.Join(parts, ", ")
}

func typeNames(types []*mapping.ResourceType) string {
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.ID
	}
	return strings.Join(names, ", ")
}

// sent returns a request as it goes over the wire.
func sent(op *api.Operation, request any) string {
	player := replay.NewPlayer(api.NewOperations(op))
	ctx := transport.WithCall(context.Background(), transport.Call{Operation: op.Name})
	_, _ = op.Call(ctx, api.NewConnection(replay.BaseURL, doer{player}), request) //nolint:errcheck // There is no reply; the request counts.
	for _, r := range player.Requests() {
		return strings.TrimSuffix(fmt.Sprintf("%s %s %s", op.Method, op.Path, strings.TrimPrefix(r.String(), op.Name+" ")), " {}")
	}
	return op.Method + " " + op.Path
}

// doer sends requests to a player.
type doer struct{ player *replay.Player }

// Do answers a request.
func (d doer) Do(req *http.Request) (*http.Response, error) { return d.player.RoundTrip(req) }
