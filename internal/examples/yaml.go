package examples

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/mapping"
)

// Limits of a case.yaml, beside its size.
const (
	maxDepth = 100
	// maxWritten is how many bytes all texts may have with every alias written out.
	maxWritten = 16 << 20
)

// parse reads a file as YAML, and refuses what is no mistake of YAML and one
// here: keys that are given twice, a second document, what nests without end or
// grows without bounds when it is written out. Aliases are welcome: an example
// has the same things in several places.
func parse(src []byte) (*yaml.Node, error) {
	if !utf8.Valid(src) {
		return nil, errors.New("the file is not UTF-8")
	}
	reader := yaml.NewDecoder(bytes.NewReader(src))
	var root, second yaml.Node
	if err := reader.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		return nil, mapping.YAMLError(err)
	}
	if err := reader.Decode(&second); err == nil {
		return nil, fmt.Errorf("line %d: a second YAML document; an example is one", second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, mapping.YAMLError(err)
	}
	m := measure{sizes: map[*yaml.Node]int{}}
	_, err := m.size(&root, 0)
	return &root, err
}

// measure finds how large nodes are with every alias written out; -1 for one
// that is being looked at.
type measure struct{ sizes map[*yaml.Node]int }

func (m measure) size(n *yaml.Node, depth int) (int, error) {
	known, seen := m.sizes[n]
	switch {
	case seen && known < 0:
		return 0, fmt.Errorf("line %d: &%s contains itself", n.Line, n.Anchor)
	case seen:
		return known, nil
	case depth > maxDepth:
		return 0, fmt.Errorf("line %d: nested more than %d levels deep", n.Line, maxDepth)
	case n.Kind == yaml.AliasNode:
		return m.size(n.Alias, depth+1)
	}
	m.sizes[n] = -1
	total, keys := 1+len(n.Value), map[string]bool{}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			if err := checkKey(child, keys); err != nil {
				return 0, err
			}
		}
		size, err := m.size(child, depth+1)
		if err != nil {
			return 0, err
		}
		if total += size; total > maxWritten {
			return 0, fmt.Errorf("line %d: with its aliases written out it has more than %d bytes", n.Line, maxWritten)
		}
	}
	m.sizes[n] = total
	return total, nil
}

func checkKey(key *yaml.Node, seen map[string]bool) error {
	switch {
	case key.Kind != yaml.ScalarNode:
		return fmt.Errorf("line %d: a key that is not text", key.Line)
	case key.Tag == "!!merge":
		return fmt.Errorf("line %d: merge keys (<<) are not supported; write the values out", key.Line)
	case seen[key.Value]:
		return fmt.Errorf("line %d: %q is given twice", key.Line, key.Value)
	}
	seen[key.Value] = true
	return nil
}
