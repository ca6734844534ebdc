// Package apidiff compares the part of an API that we describe with a newer
// document of the whole API, and says in words what breaks, what changed in what
// we use, and what is new and looks like access.
//
// Ours is a subset: what it leaves out is no difference. What differs or is left
// out on purpose is declared, with the reason, in a file of known differences, and
// is reported only once it is no longer so.
package apidiff

import (
	"cmp"
	"slices"
)

// Report is the outcome of a comparison, each part in the order of the places.
type Report struct {
	// Breaks would make the generated client or a mapping wrong.
	Breaks []Difference
	// Changed differs in what we use, and breaks nothing.
	Changed []Difference
	// New is what we do not use and what looks like access.
	New []Addition
	// Stale are the known differences that are no longer so.
	Stale []StaleEntry
}

// Difference is one aspect of one place that is not the same in both documents.
type Difference struct {
	// At is an operation ("GET /v1/roles"), a part of one ("GET /v1/roles: query
	// id", "GET /v1/roles: reply"), a schema of ours or a field in one ("Role.name";
	// "Role.tags[]" is an entry of a list, "Role.labels{}" a value of a table).
	At string
	// What is the aspect, one of the words of aspects.
	What string
	// Here and There are its values in our document and in the newer one.
	Here, There string
	// Uses are the messages it is part of, such as "reply of LoadAllRoles".
	Uses []string
	// Hint is what else there is to say, "" for nothing.
	Hint string

	breaks bool
}

// Addition is an operation, a parameter or a field that only the newer document has.
type Addition struct {
	At string
	// Is says what it is: the id of an operation, the type of the others.
	Is string
	// Hint is what else there is to say, "" for nothing.
	Hint string
}

// Compare holds our document against a newer one of the whole API. The error is of
// a reference in one of them that leads nowhere.
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

// Places are all places of a document at which something can differ.
func Places(document *Document) (map[string]bool, error) {
	itself, err := walk(document, document)
	return itself.reached, err
}

func byPlace(a, b Difference) int {
	return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.What, b.What), cmp.Compare(a.There, b.There))
}
