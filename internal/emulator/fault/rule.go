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

// Parse makes a fault of a rule:
//
//	KIND[:VALUE] [on=OPERATION,...] [call=N|N-M|N-,...] [every=N] [p=CHANCE] [seed=N] [times=N] [taken]
//
// KIND is what goes wrong, and the rest is when: in requests for one of the
// operations, by their number among those (from 1 on), in every n-th of them, with
// a chance from 0 to 1, and at most so many times. taken means that the request is
// carried out first, and only its answer is lost. Examples:
//
//	429:2 on=SearchUsers call=3
//	reset on=AddUserRoles times=1 taken
//	half p=0.05 seed=7
//
// [Kinds] lists the kinds. An error tells what of the rule is wrong, and what
// is possible there.
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
			return Fault{}, fmt.Errorf("%s is there twice", name)
		}
		given[name] = true
		if err := f.set(kind, name, value); err != nil {
			return Fault{}, fmt.Errorf("%q: %w", word, err)
		}
	}
	switch {
	case given["seed"] && !given["p"]:
		return Fault{}, errors.New("seed is of no use without p=CHANCE")
	case given["every"] && given["call"]:
		return Fault{}, errors.New("call and every exclude each other")
	case kind.searches && !given["on"]:
		f.when.operations = []string{"SearchUsers"}
	}
	return f, nil
}

// set takes one word of a rule after its kind.
func (f *Fault) set(of *kind, name, value string) (err error) {
	w := &f.when
	switch name {
	case "on":
		if of.pages {
			return errors.New("this kind is about SearchUsers alone; leave on= out")
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
			err = errors.New("this kind takes the request anyway; leave taken out")
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
			return nil, fmt.Errorf("there is no operation %q; there are %s", name, strings.Join(emulator.OperationIDs(), ", "))
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
		return 0, errors.New("it has to be a whole number, 1 or more")
	}
	return n, nil
}

// kind is one way for things to go wrong.
type kind struct {
	name  string // what a rule starts with
	form  string // the name and its value, as help shows it
	about string
	parse func(value string) (effect, error)

	replaces bool // it does without the server's own answer
	searches bool // it is about SearchUsers, unless the rule says otherwise
	pages    bool // it is about SearchUsers alone
}

// allKinds are in the order of the help.
func allKinds() []kind {
	return slices.Concat(replyFaults, bodyFaults, timeFaults, driftFaults, lagFaults, pagingFaults)
}

// Kinds tells the kinds of faults, one a line, for a help text.
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

// findKind takes the first word of a rule apart. A number is an HTTP status.
func findKind(word string) (*kind, string, error) {
	name, value, hasValue := strings.Cut(word, ":")
	if _, err := strconv.Atoi(name); err == nil {
		name, value = statusKind, word
	} else if hasValue && value == "" {
		return nil, "", fmt.Errorf("%q: there is no value after the colon", word)
	}
	for _, k := range allKinds() {
		if k.name == name {
			return &k, value, nil
		}
	}
	return nil, "", fmt.Errorf("there is no kind %q; the kinds are %s", name, kindForms())
}

// without is the parse of a kind that has no value.
func without(e effect) func(string) (effect, error) {
	return func(value string) (effect, error) {
		if value != "" {
			return nil, errors.New("there is no value to give")
		}
		return e, nil
	}
}

// parseDuration reads how long something takes.
func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil || d <= 0 {
		return 0, errors.New("a time is given as in 300ms or 2s")
	}
	return d, nil
}
