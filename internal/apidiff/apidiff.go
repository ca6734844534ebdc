// Package apidiff compares the part of an API that we describe with a newer document of
// the whole API. It reports what breaks, what changed in the part that we use, and what is
// new and looks like access.
//
// Our document is a subset: an omission is not a difference. Intended differences and
// omissions are declared, with the reason, in a file of known differences, and reported
// only when they no longer hold.
package apidiff

import (
	"cmp"
	"slices"
)

// Report is the result of a comparison, each part sorted by place.
type Report struct {
	// Breaks would make the generated client or a mapping wrong.
	Breaks []Difference
	// Changed differs in the part that we use, and breaks nothing.
	Changed []Difference
	// New is what we do not use and looks like access.
	New []Addition
	// Stale are the known differences that no longer hold.
	Stale []StaleEntry
}

// Difference is one aspect of one place that differs between the documents.
type Difference struct {
	// At is an operation ("GET /v1/roles"), a part of one ("GET /v1/roles: query
	// id", "GET /v1/roles: reply"), a schema of ours or a field in one ("Role.name";
	// "Role.tags[]" is an entry of a list, "Role.labels{}" a value of a table).
	At string
	// What is the aspect, one of the words of aspects.
	What string
	// Here and There are its values in our document and in the newer one.
	Here, There string
	// Uses are the messages that the place is part of, such as "reply of LoadAllRoles".
	Uses []string
	// Hint is what else there is to say, "" for nothing.
	Hint string

	breaks bool
}

// Addition is an operation, a parameter or a field that only the newer document has.
type Addition struct {
	At string
	// Is is the id of an operation, or the type of a parameter or a field.
	Is string
	// Hint is what else there is to say, "" for nothing.
	Hint string
}

// Compare compares our document with a newer one of the whole API. The error is a dangling
// reference in one of them.
func Compare(ours, theirs *Document, known *Known) (*Report, error) {
	places, err := Places(ours)
	if err != nil {
		return nil, err
	}
	found, err := walk(ours, theirs)
	if err != nil {
		return nil, err
	}
	report := new(Report)
	for _, d := range found.differences {
		switch {
		case known.declares(*d):
		case d.breaks:
			report.Breaks = append(report.Breaks, found.hinted(*d, known))
		default:
			report.Changed = append(report.Changed, *d)
		}
	}
	for _, addition := range found.additions() {
		if !known.leavesOut(addition.At) {
			report.New = append(report.New, addition)
		}
	}
	report.Stale = known.stale(found, places)
	slices.SortFunc(report.Breaks, byPlace)
	slices.SortFunc(report.Changed, byPlace)
	return report, nil
}

// Places returns all places of a document that can have a difference.
func Places(document *Document) (map[string]bool, error) {
	itself, err := walk(document, document)
	return itself.reached, err
}

func byPlace(a, b Difference) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.What, b.What), cmp.Compare(a.There, b.There))
}
