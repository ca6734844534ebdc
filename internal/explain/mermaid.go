package explain

import (
	"fmt"
	"io"
	"strings"

	"github.com/conductorone/baton-descope/mapping"
)

// Mermaid draws a mapping as a Mermaid flowchart: types as boxes with what they
// are read by, entitlements as rounded ones on their types, and an arrow from
// who holds to what is held, with where that is said.
func Mermaid(w io.Writer, plan *mapping.Plan) error {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for _, t := range plan.Types {
		fmt.Fprintf(&b, "  %s[\"%s<br>%s\"]\n", node(t.ID), label(t.DisplayName), label(t.List.Operation.Name))
	}
	for _, t := range plan.Types {
		for _, e := range t.Entitlements {
			text := label(e.Slug)
			if e.ReadOnly {
				text += "<br>read-only"
			}
			fmt.Fprintf(&b, "  %s([\"%s\"]) --- %s\n", entitlementNode(e), text, node(t.ID))
		}
	}
	for _, t := range plan.Types {
		drawHeld(&b, t)
		for _, e := range t.Entitlements {
			if e.Holders != nil {
				fmt.Fprintf(&b, "  %s -->|\"%s\"| %s\n", node(e.Holders.Of.ID), label(e.Holders.List.Operation.Name), entitlementNode(e))
			}
		}
		if t.Parent != nil {
			fmt.Fprintf(&b, "  %s -.->|\"parent\"| %s\n", node(t.ID), node(t.Parent.ID))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// drawHeld draws an arrow to each entitlement granted by records of a type.
func drawHeld(b *strings.Builder, t *mapping.ResourceType) {
	from := map[*mapping.Entitlement][]string{}
	var order []*mapping.Entitlement
	for _, rule := range t.Grants {
		if from[rule.Entitlement] == nil {
			order = append(order, rule.Entitlement)
		}
		sources := rule.Sources()
		from[rule.Entitlement] = append(from[rule.Entitlement], label(sources[len(sources)-1].From))
	}
	for _, e := range order {
		fmt.Fprintf(b, "  %s -->|\"%s\"| %s\n", node(t.ID), strings.Join(from[e], "<br>"), entitlementNode(e))
	}
}

// node is the name of a type's box. Capitals keep it apart from Mermaid's words.
func node(id string) string {
	id = strings.ReplaceAll(id, "-", "_")
	return strings.ToUpper(id[:1]) + id[1:]
}

func entitlementNode(e *mapping.Entitlement) string {
	return node(e.On.ID) + "__" + strings.ReplaceAll(e.Slug, "-", "_")
}

// label makes text safe inside quotes.
func label(s string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "<", "#lt;", ">", "#gt;", "\n", " ").Replace(s)
}
