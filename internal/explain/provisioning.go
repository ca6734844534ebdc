package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping"
)

func (p *printer) provisioning() {
	p.heading("Granting and revoking")
	for _, t := range p.plan.Types {
		for _, e := range t.Entitlements {
			switch {
			case e.ReadOnly && e.Hint != "":
				p.linef("%s is read-only. %s", e.Name(), e.Hint)
			case e.ReadOnly:
				p.linef("%s is read-only.", e.Name())
			default:
				p.entitlement(e)
			}
			p.linef("")
		}
	}
	p.linef("What is held already is not granted again, and what is gone is not revoked; each is a success.")
}

func (p *printer) entitlement(e *mapping.Entitlement) {
	p.linef("%s: whether the %s holds it already, %s tells.", e.Name(), typeNames(e.GrantableTo), names(readsBefore(e)))
	if r := e.Grant.Requires; r != nil {
		p.linef("Before it is granted, the %s has to hold %s, with %s, where that has a value.",
			typeNames(e.GrantableTo), r.Entitlement.Name(), list(r.Sources(e.On)))
	}
	p.write("grant", e.Grant, e.Grant.Sources())
	p.write("revoke", e.Revoke, e.Revoke.Sources())
}

func (p *printer) write(what string, w *mapping.Provision, with []mapping.Source) {
	p.linef("  %s\t%s %s\t{%s}", what, w.Operation.Method, w.Operation.Path, list(with))
	if w.ReturnsRecord() {
		p.linef("  \tthe reply shows that it happened")
	} else {
		p.linef("  \tit is read again, to see that it happened")
	}
}

// readsBefore returns the operations that show whether an entitlement is held.
func readsBefore(e *mapping.Entitlement) []*api.Operation {
	if e.Holders != nil {
		return []*api.Operation{e.Holders.List.Operation}
	}
	var all []*api.Operation
	for _, t := range e.GrantableTo {
		op := t.List.Operation
		if t.Get != nil {
			op = t.Get.Operation
		}
		if !slices.Contains(all, op) {
			all = append(all, op)
		}
	}
	return all
}

func names(operations []*api.Operation) string {
	all := make([]string, len(operations))
	for i, op := range operations {
		all[i] = op.Name
	}
	return strings.Join(all, ", ")
}

// permissions lists the operations that a key has to permit. A mapping does not know
// the API's names of permissions.
func (p *printer) permissions() {
	p.heading("What the key has to be allowed to call")
	p.linef("  FOR\tTYPE\tOPERATION\tCALL")
	seen := map[string]bool{}
	row := func(why string, t *mapping.ResourceType, op *api.Operation) {
		key := fmt.Sprint(why, t.ID, op.Name)
		if !seen[key] {
			seen[key] = true
			p.linef("  %s\t%s\t%s\t%s %s", why, t.ID, op.Name, op.Method, op.Path)
		}
	}
	for _, t := range p.plan.Types {
		row("reading", t, t.List.Operation)
		if t.Get != nil {
			row("reading one", t, t.Get.Operation)
		}
		for _, e := range t.Entitlements {
			if e.Holders != nil {
				row("reading", t, e.Holders.List.Operation)
			}
		}
	}
	for _, t := range p.plan.Types {
		for _, e := range t.Entitlements {
			if e.ReadOnly {
				continue
			}
			for _, op := range readsBefore(e) {
				row("provisioning", t, op)
			}
			if e.Grant.Requires != nil {
				for _, holder := range e.GrantableTo {
					if holder.Get != nil {
						row("provisioning", t, holder.Get.Operation)
					}
				}
			}
			row("provisioning", t, e.Grant.Operation)
			row("provisioning", t, e.Revoke.Operation)
		}
	}
	for _, t := range p.plan.Types {
		if a := t.Account; a != nil {
			row("accounts", t, a.Find.Operation)
			row("accounts", t, a.Credentials[0].Create.Operation)
			if a.ForceChange != nil {
				row("accounts", t, a.ForceChange.Operation)
			}
		}
		if t.Delete != nil {
			row("deleting", t, readBy(t))
			row("deleting", t, t.Delete.Operation)
		}
		for _, a := range t.Actions {
			row("actions", t, readBy(t))
			for _, call := range a.Calls {
				row("actions", t, call.Operation)
			}
		}
	}
}
