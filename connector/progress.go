package connector

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/mapping"
)

// Progress receives the progress of a sync, from several goroutines.
type Progress interface {
	// Read reports, after each step of a list that comes in pages, how many records of
	// the type are read and of how many, 0 when that is not known. By then the
	// limits of the API let the rest be asked for, at the earliest.
	Read(resourceTypeID string, read, total int, earliest time.Time)
	// Wait reports that requests wait until then, and for what, as in "Shop's limit of
	// 200 searches a minute".
	Wait(until time.Time, reason string)
	// LeftOut reports at the end of a sync how many grants it left out, since they refer
	// to what the API does not list.
	LeftOut(grants int)
}

// earliestEnd returns when the requests for so many more records of the type's list
// can be sent, as far as limits are concerned.
func (ts *typeSync) earliestEnd(records int) time.Time {
	requests, perPage := 0, 0
	if p := ts.typ.List.Pages; p != nil {
		perPage = p.Size
		if p.ByOffset() && perPage > 1 { // Pages overlap by one.
			perPage--
		}
	}
	if perPage > 0 {
		requests = (records + perPage - 1) / perPage
	}
	return ts.transport.Earliest(ts.typ.List.Operation.Name, requests)
}

// reasonOf says what requests wait for, in the names of the API and of the operation:
// SearchUsers makes searches.
func reasonOf(plan *mapping.Plan, w transport.Wait) string {
	if w.PerMinute == 0 {
		return plan.DisplayName + "'s rate limit"
	}
	verb := strings.ToLower(w.Operation)
	if end := strings.IndexFunc(w.Operation[1:], unicode.IsUpper); end >= 0 {
		verb = verb[:end+1]
	}
	switch {
	case w.PerMinute == 1:
	case strings.HasSuffix(verb, "ch"), strings.HasSuffix(verb, "sh"), strings.HasSuffix(verb, "s"):
		verb += "es"
	default:
		verb += "s"
	}
	return fmt.Sprintf("%s's limit of %d %s a minute", plan.DisplayName, w.PerMinute, verb)
}
