package explain

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/mapping"
)

// Cost returns how many requests a sync needs, as a formula:
// ⌈(users − 1) / 99⌉ + 3.
func Cost(plan *mapping.Plan) string {
	var terms []string
	constant := 0
	for _, t := range plan.Types {
		if t.List.Pages == nil {
			constant++
		} else {
			term, more := pagesTerm(t.List.Pages, many(t))
			terms, constant = append(terms, term), constant+more
		}
		for _, e := range t.Entitlements {
			if e.Holders != nil {
				terms = append(terms, holdersTerm(t, e))
			}
		}
	}
	if constant > 0 {
		terms = append(terms, strconv.Itoa(constant))
	}
	return strings.Join(terms, " + ")
}

// pagesTerm returns the cost of a number of records, and the extra requests: a list
// that does not report its end is read until a page is empty.
func pagesTerm(p *mapping.Pages, records string) (term string, more int) {
	if !p.ByCursor() && !p.ReportsTotal() {
		more = 1
	}
	if p.Size == 0 {
		return "pages of " + records, more
	}
	if p.ByOffset() && p.Size > 1 { // Each page starts with the last record of the one before.
		return fmt.Sprintf("⌈(%s − 1) / %d⌉", records, p.Size-1), more
	}
	return fmt.Sprintf("⌈%s / %d⌉", records, p.Size), more
}

// holdersTerm returns the cost of reading the holders of an entitlement per resource.
func holdersTerm(t *mapping.ResourceType, e *mapping.Entitlement) string {
	if e.Holders.List.Pages == nil {
		return many(t)
	}
	term, more := pagesTerm(e.Holders.List.Pages, "holders of "+e.Name())
	if more > 0 {
		term = fmt.Sprintf("(%s + %d)", term, more)
	}
	return many(t) + " × " + term
}

// many returns the plural of a type in a formula.
func many(t *mapping.ResourceType) string { return strings.ToLower(t.DisplayName) + "s" }

func (p *printer) cost() {
	p.heading("Requests of a sync")
	p.linef("%s, and %d before it, to see that everything can be read.", Cost(p.plan), len(p.plan.Types))
	p.linef("At most %d are in flight at once.", p.plan.ParallelRequests)
	for _, operation := range slices.Sorted(maps.Keys(p.plan.PerMinute)) {
		p.linef("%s is called at most %d times in any 60 seconds.", operation, p.plan.PerMinute[operation])
	}
}
