package apidiff

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// aspects are the words for what can differ, each with its message: HERE is the value in
// our document, THERE that in the newer one.
var aspects = map[string]string{
	"operation":        "the operation is gone",
	"operation id":     "its operation id is THERE; here it is HERE",
	"deprecated":       "deprecated: THERE; here: HERE",
	"security":         "it is authenticated by THERE; here by HERE",
	"parameter":        "the parameter is gone",
	"body":             "the body is THERE; here it is HERE",
	"shape":            "it is THERE; here it is HERE",
	"status":           "the status is THERE; here it is HERE",
	"field":            "the field is gone",
	"new and required": "new, and has to be sent: THERE",
	required:           "required: THERE; here: HERE",
	"type":             "the type is THERE; here it is HERE",
	"value":            "a value is THERE; here it is HERE",
	"values":           "the values are THERE; here they are HERE",
	"null":             "null is THERE; here it is HERE",
	"further fields":   "further fields: THERE; here: HERE",
	"address":          "the address is THERE; here it is HERE",
}

func aspectNames() string { return strings.Join(slices.Sorted(maps.Keys(aspects)), ", ") }

// String describes a difference.
func (d Difference) String() string {
	what := strings.NewReplacer("THERE", d.There, "HERE", d.Here).Replace(aspects[d.What])
	switch {
	case d.What == "value" && d.Here == none:
		what = fmt.Sprintf("the value %q is new", d.There)
	case d.What == "value":
		what = fmt.Sprintf("the value %q is gone", d.Here)
	case d.What == "body" && d.There == none:
		what = "it has no JSON body; here it has one"
	case d.What == "status" && strings.HasPrefix(d.There, none):
		what = "no such reply is described; here there is " + d.Here
	case d.What == "deprecated" && d.There == yes(true):
		what = "it is deprecated now"
	case d.What == required && d.There == yes(true):
		what = "it is required now; here it is optional"
	case d.What == required:
		what = "it is optional; here it is required"
	}
	if d.Hint != "" {
		what += "; " + d.Hint
	}
	return d.At + ": " + what
}

// used lists the messages that a difference of a schema affects.
func (d Difference) used() string {
	const most = 3
	named, more := d.Uses[:min(most, len(d.Uses))], len(d.Uses)-most
	line := strings.Join(named, ", ")
	if more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	return line
}

func (a Addition) String() string {
	line := fmt.Sprintf("%s (%s)", a.At, a.Is)
	if a.Hint != "" {
		line += ", " + a.Hint
	}
	return line
}

func (s StaleEntry) String() string {
	return fmt.Sprintf("%s:%d: %s: %s", s.File, s.Line, s.Text, s.Says)
}

// Print writes a report, starting with what breaks.
func (r *Report) Print(w io.Writer) error {
	var text strings.Builder
	if len(r.Breaks) > 0 {
		text.WriteString("What breaks: the generated client or a mapping would be wrong\n")
	}
	differences(&text, r.Breaks)
	if len(r.Changed) > 0 {
		text.WriteString("What changed in what we use, and breaks nothing\n")
	}
	differences(&text, r.Changed)
	part(&text, "What is new and looks like access, or like a newer version of what we use", r.New)
	part(&text, "Known differences that are no longer so: look at them again, and correct or delete them", r.Stale)
	if text.Len() == 0 {
		text.WriteString("No news: nothing breaks, nothing changed in what we use, and nothing new looks like access.\n")
	} else {
		fmt.Fprintf(&text, "%d break, %d changed, %d new, %d no longer so\n", len(r.Breaks), len(r.Changed), len(r.New), len(r.Stale))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func differences(text *strings.Builder, all []Difference) {
	for _, d := range all {
		fmt.Fprintf(text, "  %s\n", d)
		if used := d.used(); used != "" {
			fmt.Fprintf(text, "      %s\n", used)
		}
	}
	if len(all) > 0 {
		text.WriteString("\n")
	}
}

func part[T fmt.Stringer](text *strings.Builder, title string, all []T) {
	if len(all) == 0 {
		return
	}
	text.WriteString(title + "\n")
	for _, a := range all {
		fmt.Fprintf(text, "  %s\n", a)
	}
	text.WriteString("\n")
}
