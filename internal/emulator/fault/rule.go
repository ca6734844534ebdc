package fault

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// Parse returns the fault of a rule:
//
//	KIND[:VALUE] [on=OPERATION,...] [call=N|N-M|N-,...] [every=N] [p=CHANCE] [seed=N] [times=N] [taken]
//
// KIND is the fault, and the rest says when it applies: to requests for one of the
// operations, by their number among those (from 1 on), to every n-th of them, with a
// chance from 0 to 1, and at most so many times. With taken, the request is carried
// out first, and only its answer is lost. Examples:
//
//	429:2 on=SearchUsers call=3
//	reset on=AddUserRoles times=1 taken
//	half p=0.05 seed=7
//
// [Kinds] lists the kinds. An error names the invalid part of the rule, and the valid
// forms of it.
func Parse(rule string) (Fault, error) {
	f, err := parse(rule)
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", rule, err)
	}
	return f, nil
}

func parse(rule string) (Fault, error) {
	words := strings.Fields(rule)
	if len(words) == 0 {
		return Fault{}, errors.New("the rule is empty; the kinds are " + kindForms())
	}
	kind, value, err := findKind(words[0])
	if err != nil {
		return Fault{}, err
	}
	f := Fault{rule: strings.Join(words, " ")}
	if f.effect, err = kind.parse(value); err != nil {
		return Fault{}, fmt.Errorf("%q: %w; it has the form %s", words[0], err, kind.form)
	}
	given := map[string]bool{}
	for _, word := range words[1:] {
		name, value, _ := strings.Cut(word, "=")
		if given[name] {
			return Fault{}, fmt.Errorf("%s is given twice", name)
		}
		given[name] = true
		if err := f.set(kind, name, value); err != nil {
			return Fault{}, fmt.Errorf("%q: %w", word, err)
		}
	}
	switch {
	case given["seed"] && !given["p"]:
		return Fault{}, errors.New("seed has no effect without p=CHANCE")
	case given["every"] && given["call"]:
		return Fault{}, errors.New("call and every exclude each other")
	case kind.searches && !given["on"]:
		f.when.operations = []string{"SearchUsers"}
	}
	return f, nil
}

// set reads one word of a rule after its kind.
func (f *Fault) set(of *kind, name, value string) (err error) {
	w := &f.when
	switch name {
	case "on":
		if of.pages {
			return errors.New("this kind applies to SearchUsers only; remove on=")
		}
		w.operations, err = parseOperations(value)
	case "call":
		w.calls, err = parseCalls(value)
	case "every":
		w.every, err = positive(value)
	case "times":
		w.times, err = positive(value)
	case "seed":
		if w.seed, err = strconv.ParseUint(value, 10, 64); err != nil {
			err = errors.New("a seed is a whole number, 0 or more")
		}
	case "p":
		if w.chance, err = strconv.ParseFloat(value, 64); err != nil || !(w.chance > 0 && w.chance <= 1) {
			err = errors.New("a chance is more than 0 and at most 1, such as p=0.05")
		}
	case "taken":
		switch f.taken = true; {
		case value != "":
			err = errors.New("taken has no value")
		case !of.replaces:
			err = errors.New("with this kind the request is carried out anyway; remove taken")
		}
	default:
		err = errors.New("after the kind come on=, call=, every=, p=, seed=, times= and taken")
	}
	return err
}

func parseOperations(value string) ([]string, error) {
	names := strings.Split(value, ",")
	for _, name := range names {
		if !slices.Contains(emulator.OperationIDs(), name) {
			return nil, fmt.Errorf("unknown operation %q; the operations are %s", name, strings.Join(emulator.OperationIDs(), ", "))
		}
	}
	return names, nil
}

func parseCalls(value string) ([]span, error) {
	var spans []span
	for part := range strings.SplitSeq(value, ",") {
		first, last, isRange := strings.Cut(part, "-")
		var s span
		var err, err2 error
		s.first, err = positive(first)
		switch {
		case !isRange:
			s.last = s.first
		case last != "":
			s.last, err2 = positive(last)
		}
		if cmp.Or(err, err2) != nil || s.last != 0 && s.last < s.first {
			return nil, errors.New("calls are counted from 1, as in call=3, call=3-5, call=3- or call=1,4-6")
		}
		spans = append(spans, s)
	}
	return spans, nil
}

func positive(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, errors.New("the number must be 1 or more")
	}
	return n, nil
}

// kind is a kind of faults.
type kind struct {
	name  string // the first word of a rule
	form  string // the name and its value, for the help text
	about string
	parse func(value string) (effect, error)

	replaces bool // it replaces the server's own answer
	searches bool // it applies to SearchUsers, unless the rule has on=
	pages    bool // it applies to SearchUsers only
}

// allKinds returns all kinds, in the order of the help text.
func allKinds() []kind {
	return slices.Concat(replyFaults, bodyFaults, timeFaults, driftFaults, lagFaults, pagingFaults)
}

// Kinds returns the kinds of faults for a help text, one a line.
func Kinds() string {
	var text strings.Builder
	for _, k := range allKinds() {
		fmt.Fprintf(&text, "  %-24s %s\n", k.form, k.about)
	}
	return text.String()
}

func kindForms() string {
	var forms []string
	for _, k := range allKinds() {
		forms = append(forms, k.form)
	}
	return strings.Join(forms, ", ")
}

// findKind returns the kind and the value in the first word of a rule. A number is an
// HTTP status.
func findKind(word string) (*kind, string, error) {
	name, value, hasValue := strings.Cut(word, ":")
	if _, err := strconv.Atoi(name); err == nil {
		name, value = statusKind, word
	} else if hasValue && value == "" {
		return nil, "", fmt.Errorf("%q: the value after the colon is missing", word)
	}
	for _, k := range allKinds() {
		if k.name == name {
			return &k, value, nil
		}
	}
	return nil, "", fmt.Errorf("unknown kind %q; the kinds are %s", name, kindForms())
}

// without returns the parse function of a kind without a value.
func without(e effect) func(string) (effect, error) {
	return func(value string) (effect, error) {
		if value != "" {
			return nil, errors.New("this kind has no value")
		}
		return e, nil
	}
}

// parseDuration reads a positive duration.
func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, errors.New("a duration is written as in 300ms or 2s")
	}
	return d, nil
}
