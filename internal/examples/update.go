package examples

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/internal/replay"
)

// Update rewrites what the example expects to what was seen, where the two
// differ. The rest of the file stays as it is, and in what is rewritten, the
// comments and the choice of attributes.
func (c *Case) Update(r *Result) error {
	if r.OK() {
		return nil
	}
	src := c.src
	if r.synced != nil {
		expect := c.top("expect")
		if expect == nil || expect.Kind != yaml.MappingNode {
			expect = &yaml.Node{Kind: yaml.MappingNode}
		}
		c.updateExpect(expect, r.synced)
		src = splice(src, "expect", expect)
	}
	if steps := c.top("steps"); steps != nil {
		for i, done := range r.stepped {
			updateStep(steps.Content[i], done)
		}
		src = splice(src, "steps", steps)
	}
	return os.WriteFile(filepath.Join(c.Dir, File), src, 0o644) //nolint:gosec // Examples are there to be read.
}

// top returns the value of a key of the file, nil without one.
func (c *Case) top(key string) *yaml.Node {
	if len(c.root.Content) == 0 {
		return nil
	}
	return valueAt(c.root.Content[0], key)
}

func (c *Case) updateExpect(expect *yaml.Node, seen *observed) {
	if seen.err != nil {
		expect.Content = nil
		set(expect, "error", scalar(seen.err.Error()))
		return
	}
	remove(expect, "error")
	doc := c.doc.Expect
	if doc == nil {
		doc = &expectation{}
	}
	o := seen.outcome
	updateTable(expect, "resources", resourceTable(o), []string{"name", "parent", "status"})
	entitlements := entitlementTable(o)
	if doc.Entitlements != nil || len(compareTables(ownEntitlements(o, seen.plan), entitlements)) > 0 {
		updateTable(expect, "entitlements", entitlements, []string{"name"})
	}
	updateHolders(expect, "grants", doc.Grants, grantTable(o))
	updateHolders(expect, "left_out", doc.LeftOut, leftOutTable(o))
	if doc.Requests != nil && len(compareRequests(doc.Requests, seen.requests)) > 0 {
		set(expect, "requests", requestNodes(seen.requests))
	}
}

// updateTable makes a section say what there is: the attributes that it has of
// what it names, and the usual ones of the rest.
func updateTable(expect *yaml.Node, section string, there table, usual []string) {
	node := valueAt(expect, section)
	if node == nil || node.Kind != yaml.MappingNode {
		node = &yaml.Node{Kind: yaml.MappingNode}
		if len(there) > 0 {
			set(expect, section, node)
		}
	}
	for _, id := range keysOf(node) {
		if _, ok := there[id]; !ok {
			remove(node, id)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(there)) {
		named := valueAt(node, id)
		if named == nil {
			named = &yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
			for _, name := range usual {
				if value := there[id][name]; value != nil {
					set(named, name, valueNode(value))
				}
			}
			set(node, id, named)
			continue
		}
		updateAttributes(named, there[id])
	}
}

func updateAttributes(node *yaml.Node, there map[string]any) {
	for _, name := range keysOf(node) {
		old := valueAt(node, name)
		inner, ok := there[name].(map[string]any)
		if ok && old.Kind == yaml.MappingNode {
			updateAttributes(old, inner)
			continue
		}
		var wanted any
		if err := old.Decode(&wanted); err == nil && reflect.DeepEqual(normal(wanted), there[name]) {
			continue
		}
		set(node, name, valueNode(there[name]))
	}
}

// updateHolders makes a section say who there is.
func updateHolders(expect *yaml.Node, section string, wanted, there holders) {
	if slices.Equal(pairs(wanted), pairs(there)) {
		return
	}
	node := valueAt(expect, section)
	if node == nil || node.Kind != yaml.MappingNode {
		node = &yaml.Node{Kind: yaml.MappingNode}
		set(expect, section, node)
	}
	for _, what := range keysOf(node) {
		if _, ok := there[what]; !ok {
			remove(node, what)
		}
	}
	for _, what := range slices.Sorted(maps.Keys(there)) {
		old := slices.Clone(wanted[what])
		slices.Sort(old)
		if !slices.Equal(old, there[what]) {
			set(node, what, valueNode(there[what]))
		}
	}
	if len(there) == 0 {
		remove(expect, section)
	}
}

func updateStep(node *yaml.Node, done stepped) {
	for _, key := range []string{"result", "resource", "error"} {
		remove(node, key)
	}
	if len(done.requests) > 0 {
		set(node, "requests", requestNodes(done.requests))
	} else {
		remove(node, "requests")
	}
	switch {
	case done.err != nil:
		set(node, "error", scalar(done.err.Error()))
	case done.result != resultDone:
		set(node, "result", scalar(done.result))
	}
	if done.resource != "" {
		set(node, "resource", scalar(done.resource))
	}
}

func requestNodes(requests []replay.Request) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for _, r := range requests {
		entry := &yaml.Node{Kind: yaml.MappingNode}
		set(entry, r.Operation, valueNode(r.Fields))
		list.Content = append(list.Content, entry)
	}
	return list
}

// splice puts a node in the place of the value of a top-level key, or at the end
// when there is none. All other lines stay.
func splice(src []byte, key string, value *yaml.Node) []byte {
	var written bytes.Buffer
	encoder := yaml.NewEncoder(&written)
	encoder.SetIndent(2)
	whole := &yaml.Node{Kind: yaml.MappingNode}
	set(whole, key, value)
	if err := encoder.Encode(whole); err != nil {
		return src
	}
	text := unquoted(written.Bytes())
	lines := strings.SplitAfter(string(src), "\n")
	start := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, key+":") })
	if start < 0 {
		return append(append(bytes.TrimRight(src, "\n"), '\n'), text...)
	}
	end := start + 1
	for end < len(lines) && (strings.TrimSpace(lines[end]) == "" || strings.ContainsAny(lines[end][:1], " -\t")) {
		end++
	}
	for end > start+1 && strings.TrimSpace(lines[end-1]) == "" {
		end--
	}
	return []byte(strings.Join(lines[:start], "") + string(text) + strings.Join(lines[end:], ""))
}

var quotedID = regexp.MustCompile(`'([a-z][a-z0-9_-]*:[A-Za-z0-9_./%:-]*[A-Za-z0-9_./%-])'`)

// unquoted leaves out the quotes that the encoder puts around ids in lists, where
// they make no difference.
func unquoted(written []byte) []byte {
	without := quotedID.ReplaceAll(written, []byte("$1"))
	var before, after any
	if yaml.Unmarshal(written, &before) != nil || yaml.Unmarshal(without, &after) != nil || !reflect.DeepEqual(before, after) {
		return written
	}
	return without
}

func keysOf(n *yaml.Node) []string {
	var keys []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	return keys
}

func indexOf(n *yaml.Node, key string) int {
	if n.Kind != yaml.MappingNode {
		return -1
	}
	return 2 * slices.Index(keysOf(n), key)
}

func valueAt(n *yaml.Node, key string) *yaml.Node {
	if i := indexOf(n, key); i >= 0 {
		return n.Content[i+1]
	}
	return nil
}

// set sets the value of a key of a table, and keeps the comment beside it.
func set(n *yaml.Node, key string, value *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		*n = yaml.Node{Kind: yaml.MappingNode, Style: yaml.FlowStyle}
	}
	if i := indexOf(n, key); i >= 0 {
		value.LineComment = cmp.Or(value.LineComment, n.Content[i+1].LineComment)
		n.Content[i+1] = value
		return
	}
	n.Content = append(n.Content, scalar(key), value)
}

func remove(n *yaml.Node, key string) {
	if i := indexOf(n, key); i >= 0 {
		n.Content = slices.Delete(n.Content, i, i+2)
	}
}

func scalar(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// valueNode returns a value in one line.
func valueNode(v any) *yaml.Node {
	n := &yaml.Node{}
	if err := n.Encode(plain(normal(v))); err != nil {
		return scalar(shown(v))
	}
	if n.Kind != yaml.ScalarNode {
		n.Style = yaml.FlowStyle
	}
	return n
}
