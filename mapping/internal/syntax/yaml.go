package syntax

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"regexp"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// What a file may measure. The shipped mapping has 4 kB and 8 levels.
const (
	maxFileSize = 64 << 10
	maxDepth    = 32
	maxText     = 1000
)

// Parse reads a whole file, of which it returns the lines as well. It returns
// false when the file is not YAML at all, so that nothing else can be said of it.
func Parse(found *Collector, src []byte) (doc *Document, lines [][]rune, ok bool) {
	d := &decoder{Collector: found}
	doc, ok = d.parse(src)
	return doc, d.lines, ok
}

func (d *decoder) parse(src []byte) (*Document, bool) {
	if len(src) > maxFileSize {
		d.fileTooLarge(len(src))
		return nil, false
	}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	d.lines = splitLines(string(src))
	if !d.legible(utf8.Valid(src)) {
		return nil, false
	}
	reader := yaml.NewDecoder(bytes.NewReader(src))
	var root, second yaml.Node
	if err := reader.Decode(&root); err != nil && !errors.Is(err, io.EOF) {
		d.syntaxError(src, err)
		return nil, false
	}
	if len(root.Content) == 0 || IsNull(root.Content[0]) {
		d.fileEmpty()
		return nil, false
	}
	if err := reader.Decode(&second); err == nil {
		d.secondDocument(At(&second))
		return nil, false
	} else if !errors.Is(err, io.EOF) {
		d.syntaxError(src, err)
		return nil, false
	}
	if !d.plain(&root, 0) {
		return nil, false
	}
	var doc Document
	d.read(root.Content[0], reflect.ValueOf(&doc).Elem(), "a mapping")
	return &doc, true
}

// splitLines splits text where YAML does.
func splitLines(src string) [][]rune {
	var lines [][]rune
	line := []rune{}
	for _, r := range strings.ReplaceAll(src, "\r\n", "\n") {
		switch r {
		case '\n', '\r', '\u0085', '\u2028', '\u2029':
			lines, line = append(lines, line), nil
		default:
			line = append(line, r)
		}
	}
	return append(lines, line)
}

// legible reports the first byte that is not UTF-8, or the first character that
// YAML does not allow.
func (d *decoder) legible(valid bool) bool {
	for i, line := range d.lines {
		for j, r := range line {
			switch {
			case r == utf8.RuneError && !valid:
				d.notUTF8(Pos{i + 1, j + 1})
				return false
			case r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 || r == '\ufeff' || r == '\ufffe' || r == '\uffff':
				d.badCharacter(Pos{i + 1, j + 1}, r)
				return false
			}
		}
	}
	return true
}

// plain refuses what a mapping has no use for and a hostile file has: anchors,
// aliases, merges, tags, deep nesting and long texts.
func (d *decoder) plain(n *yaml.Node, depth int) bool {
	switch {
	case depth > maxDepth:
		d.tooDeep(At(n))
	case len(n.Value) > maxText:
		d.textTooLong(At(n), len(n.Value))
	case n.Kind == yaml.AliasNode:
		d.alias(At(n), n.Value)
	case n.Anchor != "":
		d.anchor(At(n), n.Anchor)
	case n.Style&yaml.TaggedStyle != 0:
		d.tag(At(n), n.Tag)
	case n.Tag == "!!merge":
		d.mergeKey(At(n))
	default:
		return d.plainContent(n, depth)
	}
	return false
}

func (d *decoder) plainContent(n *yaml.Node, depth int) bool {
	for _, child := range n.Content {
		if !d.plain(child, depth+1) {
			return false
		}
	}
	return true
}

var (
	yamlLine     = regexp.MustCompile(`^yaml: (?:line \d+: )?`)
	unknownAlias = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// syntaxError reports what the YAML parser complained about. The parser names
// the start of the block that it was in; the reader wants the line that spoiled it.
func (d *decoder) syntaxError(src []byte, err error) {
	what := yamlLine.ReplaceAllString(err.Error(), "")
	line := d.spoiledLine(src, what)
	written := string(d.lines[line-1])
	if alias := unknownAlias.FindStringSubmatch(what); alias != nil {
		before, _, _ := strings.Cut(written, "*"+alias[1])
		d.alias(Pos{line, 1 + utf8.RuneCountInString(before)}, alias[1])
		return
	}
	d.notYAML(Pos{line, 1 + len(written) - len(strings.TrimLeft(written, " "))}, what)
}

// spoiledLine returns the first line with which the file draws the complaint:
// up to that line it does, and up to the one before it does not.
func (d *decoder) spoiledLine(src []byte, complaint string) int {
	drawn, read := complain(src)
	line := min(len(splitLines(string(src[:read]))), len(d.lines))
	// What is read again is limited; the files that need more are not written by people.
	budget := 16 * maxFileSize
	for ; line > 1 && drawn == complaint && budget > 0; line-- {
		before := textOf(d.lines[:line-1])
		if drawn, _ = complain(before); drawn != complaint {
			break
		}
		budget -= len(before)
	}
	return line
}

func textOf(lines [][]rune) []byte {
	var b bytes.Buffer
	for _, line := range lines {
		b.WriteString(string(line) + "\n")
	}
	return b.Bytes()
}

// complain returns what the YAML parser says of src, and how far it read.
func complain(src []byte) (complaint string, read int) {
	reader := &byteReader{src: src}
	decoder := yaml.NewDecoder(reader)
	for {
		var n yaml.Node
		if err := decoder.Decode(&n); errors.Is(err, io.EOF) {
			return "", reader.read
		} else if err != nil {
			return yamlLine.ReplaceAllString(err.Error(), ""), reader.read
		}
	}
}

// byteReader hands out single bytes, so that a parser does not read ahead.
type byteReader struct {
	src  []byte
	read int
}

func (r *byteReader) Read(p []byte) (int, error) {
	if r.read == len(r.src) || len(p) == 0 {
		return 0, io.EOF
	}
	p[0] = r.src[r.read]
	r.read++
	return 1, nil
}
