package descopeaccess_test

import (
	"testing"

	"gopkg.in/yaml.v3"
)

// merged returns a mapping with more added to it.
func merged(t testing.TB, to, more []byte) []byte {
	t.Helper()
	var whole, added yaml.Node
	if err := yaml.Unmarshal(to, &whole); err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(more, &added); err != nil {
		t.Fatal(err)
	}
	merge(t, whole.Content[0], added.Content[0])
	src, err := yaml.Marshal(&whole)
	if err != nil {
		t.Fatal(err)
	}
	return src
}

// merge adds keys to a table and entries to a list; one entry may stand without
// its list. What is there stays as it is.
func merge(t testing.TB, to, more *yaml.Node) {
	t.Helper()
	if more.Kind == yaml.SequenceNode {
		if to.Kind != yaml.SequenceNode {
			one := *to
			*to = yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: []*yaml.Node{&one}}
		}
		to.Content = append(to.Content, more.Content...)
		return
	}
	if to.Kind != yaml.MappingNode || more.Kind != yaml.MappingNode {
		t.Fatalf("access.yaml:%d:%d: this is in descope.yaml already, at line %d", more.Line, more.Column, to.Line)
	}
	for i := 0; i < len(more.Content); i += 2 {
		if at := indexOf(to, more.Content[i].Value); at >= 0 {
			merge(t, to.Content[at+1], more.Content[i+1])
		} else {
			to.Content = append(to.Content, more.Content[i], more.Content[i+1])
		}
	}
}

// indexOf returns where a table has a key, -1 for nowhere.
func indexOf(table *yaml.Node, key string) int {
	for i := 0; i < len(table.Content); i += 2 {
		if table.Content[i].Value == key {
			return i
		}
	}
	return -1
}
