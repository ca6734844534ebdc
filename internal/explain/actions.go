package explain

import (
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping"
)

// actions says what else can be done with resources than granting and revoking.
func (p *printer) actions() {
	started := false
	for _, t := range p.plan.Types {
		if t.Delete == nil && len(t.Actions) == 0 {
			continue
		}
		if !started {
			p.heading("Deleting and actions")
			started = true
		} else {
			p.linef("")
		}
		p.linef("%s: it is read by %s first.", t.ID, readBy(t).Name)
		if t.Delete != nil {
			p.call("delete", t.Delete)
			p.linef("  \tit is read again, to see that it is gone")
		}
		for _, a := range t.Actions {
			p.action(t, a)
		}
	}
}

// readBy returns the operation that reads one resource of a type.
func readBy(t *mapping.ResourceType) *api.Operation {
	if t.Get != nil {
		return t.Get.Operation
	}
	return t.List.Operation
}

func (p *printer) action(t *mapping.ResourceType, a *mapping.Action) {
	arguments := []string{t.ID + "_id"}
	shows := false
	for _, in := range a.Inputs {
		arguments = append(arguments, in.Name)
	}
	name := a.Name + "(" + strings.Join(arguments, ", ") + ")"
	for _, call := range a.Calls {
		p.call(name, call)
		name = ""
		shows = shows || call.ReturnsRecord()
	}
	if a.OnlyIf != mapping.StatusUnknown {
		p.linef("  \tonly if the status is %s", a.OnlyIf)
	}
	switch {
	case a.Becomes == mapping.StatusUnknown:
	case shows:
		p.linef("  \tthe reply shows that the status is %s", a.Becomes)
	default:
		p.linef("  \tit is read again, to see that the status is %s", a.Becomes)
	}
}

func (p *printer) call(what string, c *mapping.Call) {
	p.linef("  %s\t%s %s\t{%s}", what, c.Operation.Method, c.Operation.Path, list(c.Sources()))
}
