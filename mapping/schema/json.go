package schema

import (
	"bytes"
	"encoding/json"
)

// object is a JSON object that keeps its order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON writes the members in their order.
func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		for j, part := range []any{m.name, m.value} {
			if j > 0 {
				b.WriteByte(':')
			}
			written, err := json.Marshal(part)
			if err != nil {
				return nil, err
			}
			b.Write(written)
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// lineWidth is how long a line of laid out JSON may be.
const lineWidth = 140

// layOut puts objects and lists that fit in a line on one, and the members of
// others on lines of their own.
func layOut(compact []byte) ([]byte, error) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, compact, "", "  "); err != nil {
		return nil, err
	}
	lines := bytes.Split(indented.Bytes(), []byte("\n"))
	var b bytes.Buffer
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if end := closing(lines, i); end > i {
			if folded := fold(lines[i : end+1]); len(folded) <= lineWidth {
				line, i = folded, end
			}
		}
		b.Write(append(line, '\n'))
	}
	return b.Bytes(), nil
}

// closing returns the line that closes what the i-th opens, i when it opens nothing.
func closing(lines [][]byte, i int) int {
	if !bytes.HasSuffix(lines[i], []byte("{")) && !bytes.HasSuffix(lines[i], []byte("[")) {
		return i
	}
	depth := indentation(lines[i])
	for end := i + 1; ; end++ {
		if indentation(lines[end]) == depth {
			return end
		}
	}
}

func indentation(line []byte) int { return len(line) - len(bytes.TrimLeft(line, " ")) }

func fold(lines [][]byte) []byte {
	folded := bytes.Clone(lines[0])
	for _, line := range lines[1:] {
		line = bytes.TrimLeft(line, " ")
		if folded[len(folded)-1] == ',' {
			folded = append(folded, ' ')
		}
		folded = append(folded, line...)
		if len(folded) > lineWidth {
			break
		}
	}
	return folded
}
