package schema_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/mapping"
)

// A block of the manual is a fenced one, of which the words behind the fence
// say what it is:
//
//	yaml file            a whole mapping
//	yaml in=PATH         keys to add to the built-in mapping, at a path of keys,
//	                     "." for the top, to what the blocks before added
//	yaml mistake=PATH    the same, but with the mistake in the text block behind it
//	text, console        no mapping
type manualBlock struct{ kind, path, text string }

func manualBlocks(t *testing.T) []manualBlock {
	t.Helper()
	manual, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []manualBlock
	for i, part := range strings.Split(string(manual), "\n```") {
		if i%2 == 0 {
			continue
		}
		info, text, _ := strings.Cut(part, "\n")
		kind, path, _ := strings.Cut(info, "=")
		blocks = append(blocks, manualBlock{kind, path, text})
	}
	return blocks
}

func TestTheMappingsOfTheManual(t *testing.T) {
	var added yaml.Node
	if err := yaml.Unmarshal(mapping.Descope, &added); err != nil {
		t.Fatal(err)
	}
	wanted := "" // the mistake that the next text has to be
	for _, b := range manualBlocks(t) {
		switch b.kind {
		case "yaml file":
			if found := findings([]byte(b.text)); found != "" {
				t.Errorf("%s\nin\n%s", found, b.text)
			}
		case "yaml in":
			add(t, &added, b)
		case "yaml mistake":
			var wrong yaml.Node
			if err := yaml.Unmarshal(write(t, &added), &wrong); err != nil {
				t.Fatal(err)
			}
			add(t, &wrong, b)
			wanted = findings(write(t, &wrong))
		case "text":
			if _, what, _ := strings.Cut(wanted, ": "); what != b.text {
				t.Errorf("the manual has the mistake\n%s\nand it is\n%s", b.text, what)
			}
		case "yaml example": // The command's own test runs it.
		case "console":
		default:
			t.Errorf("a block that nothing tests: %s", b.kind)
		}
	}
	if wanted == "" {
		t.Error("the manual has no mistake")
	}
	if found := findings(write(t, &added)); found != "" {
		t.Errorf("with all that the manual adds:\n%s", found)
	}
}

// findings returns the mistakes and warnings of a mapping, a line each.
func findings(src []byte) string {
	report := mapping.Check("f", src, environment())
	found := slices.Concat(report.Mistakes, report.Warnings)
	return found.Error()
}

func add(t *testing.T, root *yaml.Node, b manualBlock) {
	t.Helper()
	var fragment yaml.Node
	if err := yaml.Unmarshal([]byte(b.text), &fragment); err != nil {
		t.Fatal(err)
	}
	at := root.Content[0]
	for key := range strings.FieldsFuncSeq(b.path, func(r rune) bool { return r == '.' }) {
		if at = valueOf(at, key); at == nil {
			t.Fatalf("the built-in mapping has no %s", b.path)
		}
	}
	merge(at, fragment.Content[0])
}

func valueOf(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// merge adds the keys of a table to another: tables and lists grow, and the
// rest is replaced.
func merge(into, from *yaml.Node) {
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		switch there := valueOf(into, key.Value); {
		case there == nil:
			into.Content = append(into.Content, key, value)
		case value.Kind == yaml.MappingNode:
			merge(there, value)
		case value.Kind == yaml.SequenceNode:
			there.Content = append(there.Content, value.Content...)
		default:
			*there = *value
		}
	}
}

func write(t *testing.T, n *yaml.Node) []byte {
	t.Helper()
	written, err := yaml.Marshal(n)
	if err != nil {
		t.Fatal(err)
	}
	return written
}
