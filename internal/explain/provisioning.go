package explain

import (
	"cmp"
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
	p.linef("A change that changes more than that is an error, which lists what.")
}

func (p *printer) entitlement(e *mapping.Entitlement) {
	p.linef("%s: whether the %s holds it already, %s tells.", e.Name(), typeNames(e.GrantableTo), names(readsBefore(e)))
	if r := e.Grant.Requires; r != nil {
		p.linef("Before it is granted, the %s has to hold %s, with %s, where that has a value.",
			typeNames(e.GrantableTo), r.Entitlement.Name(), list(r.Sources(e.On)))
	}
	p.write("grant", e.Grant, e)
	p.write("revoke", e.Revoke, e)
}

func (p *printer) write(what string, w *mapping.Provision, e *mapping.Entitlement) {
	p.linef("  %s\t%s %s\t{%s}%s%s", what, w.Operation.Method, w.Operation.Path, list(w.Sources()),
		along(", which may give ", w.AlsoGrants, e), along(", which may take ", w.AlsoRevokes, e))
	if w.ReturnsRecord() {
		p.linef("  \tthe reply shows that it happened")
	} else {
		p.linef("  \tit is read again, to see that it happened")
	}
}

// along says what may change with a write about e.
func along(what string, all []*mapping.Along, e *mapping.Entitlement) string {
	if len(all) == 0 {
		return ""
	}
	said := make([]string, len(all))
	for i, a := range all {
		said[i] = a.Entitlement.Name()
		if on := a.Sources(e.On); len(on) > 0 {
			said[i] += " {" + list(on) + "}"
		}
	}
	return what + strings.Join(said, " and ")
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

// purposes are what calls are for, by the mapping's names for them.
var purposes = map[string]string{
	"list": "reading", "holders": "reading", "get": "reading one", "grant": "provisioning", "revoke": "provisioning",
	"find": "accounts", "create": "accounts", "force_change": "accounts", "delete": "deleting", "call": "actions",
}

// permissions lists the operations that a key has to permit, with the API's names of the
// rights where the API document has them.
func (p *printer) permissions() {
	p.heading("What the key has to be allowed to call")
	p.linef("  FOR\tTYPE\tOPERATION\tCALL")
	for _, t := range p.plan.Types {
		last := ""
		for _, use := range t.Uses() {
			op := use.Operation
			row := fmt.Sprintf("  %s\t%s\t%s\t%s %s", cmp.Or(purposes[use.Key], use.Key), t.ID, op.Name, op.Method, op.Path)
			if len(op.Scopes) > 0 {
				row += " (" + strings.Join(op.Scopes, ", ") + ")"
			}
			if row != last {
				p.linef("%s", row)
			}
			last = row
		}
	}
}
