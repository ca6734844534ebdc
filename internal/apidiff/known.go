package apidiff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Known has the intended differences and omissions, each with the reason.
type Known struct {
	Differences []KnownDifference `yaml:"differences"`
	NotUsed     []NotUsed         `yaml:"not_used"`

	name string
}

// KnownDifference declares one difference of several places. With another value on either
// side it is a different one.
type KnownDifference struct {
	Why   string  `yaml:"why"`
	What  string  `yaml:"what"`
	Here  string  `yaml:"here"`
	There string  `yaml:"there"`
	At    []Place `yaml:"at"`
}

// NotUsed declares omissions of our document: operations ("POST /v1/roles"), all operations
// below a path ("/v1/roles/..."), parameters and fields.
type NotUsed struct {
	Why string  `yaml:"why"`
	At  []Place `yaml:"at"`
}

// Place is a place and the line that names it.
type Place struct {
	Text string
	Line int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (p *Place) UnmarshalYAML(n *yaml.Node) error {
	p.Line = n.Line
	return n.Decode(&p.Text)
}

// StaleEntry is an entry of the known differences that no longer holds.
type StaleEntry struct {
	Place
	// File is the name of the file, and Says the entry's text about the place.
	File, Says string
}

// ParseKnown reads a file of known differences. Errors start with the name.
func ParseKnown(name string, src []byte) (*Known, error) {
	known := &Known{name: name}
	decoder := yaml.NewDecoder(bytes.NewReader(src))
	decoder.KnownFields(true)
	if err := decoder.Decode(known); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, d := range known.Differences {
		line := firstLine(d.At)
		switch {
		case d.Why == "" || len(d.At) == 0:
			return nil, fmt.Errorf("%s:%d: the difference %q needs a place (at) and a reason (why)", name, line, d.What)
		case aspects[d.What] == "":
			return nil, fmt.Errorf("%s:%d: %q is nothing that can differ; write one of %s", name, line, d.What, aspectNames())
		}
	}
	for _, n := range known.NotUsed {
		if n.Why == "" || len(n.At) == 0 {
			return nil, fmt.Errorf("%s:%d: what is not used needs a place (at) and a reason (why)", name, firstLine(n.At))
		}
	}
	return known, nil
}

func firstLine(places []Place) int {
	if len(places) == 0 {
		return 1
	}
	return places[0].Line
}

func (k *Known) declares(d Difference) bool {
	return slices.ContainsFunc(k.Differences, func(known KnownDifference) bool {
		return known.What == d.What && known.Here == d.Here && known.There == d.There &&
			slices.ContainsFunc(known.At, func(p Place) bool { return p.Text == d.At })
	})
}

func (k *Known) leavesOut(at string) bool {
	return slices.ContainsFunc(k.NotUsed, func(n NotUsed) bool {
		return slices.ContainsFunc(n.At, func(p Place) bool { return p.covers(at) })
	})
}

// covers reports whether a place equals this one, or is an operation below this path.
func (p Place) covers(at string) bool {
	below, ok := strings.CutSuffix(p.Text, "/...")
	_, path, isOperation := strings.Cut(at, " ")
	if !ok || !isOperation {
		return p.Text == at
	}
	return path == below || strings.HasPrefix(path, below+"/")
}

// publishedIDs returns the known ids of an operation in the whole document.
func (k *Known) publishedIDs(at string) []string {
	var ids []string
	for _, d := range k.Differences {
		if d.What == "operation id" && slices.ContainsFunc(d.At, func(p Place) bool { return p.Text == at }) {
			ids = append(ids, d.There)
		}
	}
	return ids
}

// stale returns the entries that do not hold. An entry for a place that was not reached,
// since its operation was removed, may hold. places has all places of our document.
func (k *Known) stale(found *comparison, places map[string]bool) []StaleEntry {
	var all []StaleEntry
	for _, d := range k.Differences {
		for _, p := range d.At {
			differs := found.index(p.Text, d.What, d.Here, d.There) >= 0
			if !differs && (found.reached[p.Text] || !places[p.Text]) {
				all = append(all, StaleEntry{p, k.name, fmt.Sprintf("%s %s here, %s there", d.What, d.Here, d.There)})
			}
		}
	}
	for _, n := range k.NotUsed {
		for _, p := range n.At {
			if !found.lacks(p, places) {
				all = append(all, StaleEntry{p, k.name, "not used"})
			}
		}
	}
	return all
}

// lacks reports whether only their document has a place, or whether that is unknown.
func (c *comparison) lacks(p Place, places map[string]bool) bool {
	if slices.ContainsFunc(c.fresh, func(f Addition) bool { return f.At == p.Text }) {
		return true
	}
	for _, o := range c.theirs.operations {
		if _, used := c.ours.operation(o.where()); !used && p.covers(o.where()) {
			return true
		}
	}
	in := p.Text[:max(0, strings.LastIndexByte(p.Text, '.'))]
	return places[in] && !c.reached[in]
}
