package explain

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping"
)

// accounts says how accounts are created.
func (p *printer) accounts() {
	for _, t := range p.plan.Types {
		if t.Account != nil {
			p.heading("Accounts")
			p.account(t)
		}
	}
}

func (p *printer) account(t *mapping.ResourceType) {
	a := t.Account
	p.linef("%s: before one is created, %s looks for {%s}. One that is there is left as it is.", t.ID, a.Find.Operation.Name, list(a.Find.Sources()))
	base := a.Credentials[0].Create.Sources()
	for _, credential := range a.Credentials[1:] {
		base = slices.DeleteFunc(base, func(s mapping.Source) bool { return !slices.Contains(credential.Create.Sources(), s) })
	}
	create := a.Credentials[0].Create
	p.linef("  create\t%s %s\t{%s}", create.Operation.Method, create.Operation.Path, list(base))
	if create.ReturnsRecord() {
		p.linef("  \tthe reply shows what came about, or else %s", a.Find.Operation.Name)
	} else {
		p.linef("  \t%s shows what came about", a.Find.Operation.Name)
	}
	for i, credential := range a.Credentials {
		name, more := credential.Kind.String(), "nothing more is sent"
		if i == 0 {
			name += " (preferred)"
		}
		if fields := slices.DeleteFunc(credential.Create.Sources(), func(s mapping.Source) bool { return slices.Contains(base, s) }); len(fields) > 0 {
			more = "{" + list(fields) + "} is sent as well"
		}
		p.linef("  %s\t%s", name, more)
	}
	if a.ForceChange != nil {
		p.linef("  change it at the next sign-in\t%s %s\t{%s}", a.ForceChange.Operation.Method, a.ForceChange.Operation.Path, list(a.ForceChange.Sources()))
	}
	p.linef("\nWhoever creates one is asked for:\n")
	p.linef("  FIELD\tKIND\tDEFAULT\tCALLED")
	for _, f := range a.Fields {
		p.linef("  %s\t%s\t%s\t%s", f.Name, f.Kind, defaultOf(f), strings.TrimSpace(f.DisplayName))
	}
}

// defaultOf says what a field is that is not given.
func defaultOf(f mapping.AccountField) string {
	switch text, err := json.Marshal(f.Default); {
	case f.Required:
		return "required"
	case f.Default == nil:
		return "-"
	case err != nil:
		return fmt.Sprint(f.Default)
	default:
		return string(text)
	}
}
