package mapping

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// defaultParallelRequests is how many requests may be in flight when the file does not say.
const defaultParallelRequests = 6

// compiler checks a document against the API and compiles it.
type compiler struct {
	mistakes
	// warnings are what is legal and probably wrong, as far as the compiler sees it.
	warnings mistakes

	ops     api.Operations
	options map[string]any

	plan  *Plan
	types map[string]*typeBuilder
	// current is the type that is being compiled.
	current *typeBuilder
}

// typeBuilder is a resource type with what the file says of it.
type typeBuilder struct {
	*ResourceType
	key   syntax.Text
	doc   *syntax.ResourceType
	scope scope
}

func newCompiler(found *syntax.Collector, env Environment) *compiler {
	return &compiler{mistakes: mistakes{found}, warnings: mistakes{&syntax.Collector{File: found.File}}, ops: env.Operations, options: env.Options, plan: &Plan{}, types: map[string]*typeBuilder{}}
}

func (c *compiler) compile(doc *syntax.Document) *Plan {
	if doc.Version.Given() && doc.Version.Value != 1 {
		c.unknownVersion(doc.Version.Pos, doc.Version.Value)
	}
	c.plan.DisplayName = doc.Connector.DisplayName.Value
	c.plan.Description = doc.Connector.Description.Value
	c.plan.HelpURL = doc.Connector.HelpURL.Value

	// Each round needs the results of the one before for every type.
	var work []*typeBuilder
	for i := range doc.ResourceTypes.Entries {
		work = append(work, c.startType(&doc.ResourceTypes.Entries[i]))
	}
	for _, round := range []func(*typeBuilder){
		c.compileParent, c.compileFields, c.compileEntitlements, c.compileAlso, c.compileGrants,
		c.compileAllHolders, c.compileProvisions, c.compileDelete, c.compileActions, c.checkReadable, c.compileAccount, c.compileIgnored,
		c.checkCircles,
	} {
		for _, t := range work {
			c.current = t
			round(t)
		}
	}
	c.compileLimits(doc.Limits)
	c.compileErrors(doc.Errors)
	c.plan.FailOnUnknown = c.oneOf(doc.Unknown, "value of unknown_references", syntax.UnknownReferences...) == syntax.Fail
	return c.plan
}

// name returns the name in a key, in lower case, and reports one that Baton does not
// accept.
func (c *compiler) name(key syntax.Text, what string) string {
	if !syntax.NamePattern.MatchString(key.Value) {
		c.notAName(key.Pos, what, key.Value)
	}
	return strings.ToLower(key.Value)
}

// startType compiles how the records of a type are read, and their id.
func (c *compiler) startType(e *syntax.Entry[syntax.ResourceType]) *typeBuilder {
	doc := &e.Value
	t := &typeBuilder{
		ResourceType: &ResourceType{ID: c.name(e.Key, "resource type id"), DisplayName: doc.DisplayName.Value},
		key:          e.Key,
		doc:          doc,
	}
	c.types[t.ID], c.current = t, t
	c.plan.Types = append(c.plan.Types, t.ResourceType)
	t.Trait = Trait(c.oneOf(doc.Trait, "trait", syntax.Traits...))
	t.List = c.compileList(t, doc.List)
	if t.record != nil {
		t.scope = scope{record: t.record, name: recordName(t.ID, t.record), noParent: noParentHere(t.ID), usesParent: &t.NeedsParent}
	}
	c.compileID(t)
	if doc.Get.Given() {
		t.Get = c.compileGet(t, doc.Get)
	}
	return t
}

func recordName(id string, record reflect.Type) string {
	return fmt.Sprintf("%s %s record (%s)", article(id), id, record.Name())
}

func article(word string) string {
	if word != "" && strings.ContainsAny(word[:1], "aeio") {
		return "an"
	}
	return "a"
}

// oneOf returns the option that a text names. It reports one that is no option,
// and returns the option that was probably meant, or "".
func (c *compiler) oneOf(t syntax.Text, what string, options ...string) string {
	if t.Value == "" || slices.Contains(options, t.Value) {
		return t.Value
	}
	c.notOneOf(t.Pos, t.Value, what, options)
	return spelling.Nearest(t.Value, options)
}

func (c *compiler) operation(t syntax.Text) *api.Operation {
	if t.Value == "" {
		return nil
	}
	op := c.ops[t.Value]
	if op == nil {
		c.noOperation(t.Pos, t.Value, c.ops.Names())
		op = c.ops[spelling.Nearest(t.Value, c.ops.Names())]
	}
	return op
}

// resourceType returns the type that a key or value names.
func (c *compiler) resourceType(name syntax.Text) *typeBuilder {
	t := c.types[name.Value]
	if t == nil && name.Value != "" {
		c.noResourceType(name.Pos, name.Value, sortedKeys(c.types))
		t = c.types[spelling.Nearest(name.Value, sortedKeys(c.types))]
	}
	return t
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *compiler) compileID(t *typeBuilder) {
	sure := true
	for _, part := range t.doc.ID.Items {
		name := partName(part.Value)
		if p := c.compileIDPath(t, part); p != nil {
			name = partName(p.written)
			t.parts = append(t.parts, p)
		} else if t.record != nil {
			sure = false
		}
		if slices.Contains(t.Parts, name) {
			c.partTwice(part.Pos, name)
			sure = false
		}
		t.Parts = append(t.Parts, name)
	}
	if !sure {
		// References to the parts cannot be checked.
		t.Parts = nil
	}
}

// partName is what a part of an id is called: the last field of its path.
func partName(path string) string {
	segments := segmentsOf(path)
	name, _ := unquote(segments[len(segments)-1])
	return name
}

// compileIDPath compiles the path to a part of an id in a record of t. It
// reports a path that is wrong, and returns the one that was probably meant, or nil.
func (c *compiler) compileIDPath(t *typeBuilder, written syntax.Text) *path {
	if written.Value == "" || t.record == nil {
		return nil
	}
	p, mistake := compilePath(written.Value, t.record, t.scope.name)
	if mistake != nil {
		c.wrongPath(written.At(mistake.offset), mistake)
	}
	if p != nil && (p.list() || !canBeID(p)) {
		if mistake == nil {
			c.cannotBeID(written.Pos, written.Value, p.describe())
		}
		return nil
	}
	return p
}

// canBeID reports whether the value of a path, or each of its values, can be part of an id.
func canBeID(p *path) bool {
	k := apitype.KindOf(p.typ)
	return k == apitype.KindText || k == apitype.KindNumber || k == apitype.KindAny
}

func (c *compiler) compileParent(t *typeBuilder) {
	if !t.doc.Parent.Given() {
		return
	}
	t.scope.noParent = ""
	entries := t.doc.Parent.Entries
	if len(entries) == 0 {
		return
	}
	if len(entries) > 1 {
		c.severalParents(entries[1].Key.Pos, len(entries))
	}
	key, value := entries[0].Key, entries[0].Value
	parent := c.resourceType(key)
	if parent == nil {
		return
	}
	t.Parent = parent.ResourceType
	switch {
	case parent.record == nil:
	case !parent.Unpaged():
		t.scope.noParent = parentPaged(parent.ID)
	default:
		t.scope.parent, t.scope.parentName = parent.record, recordName(parent.ID, parent.record)
	}
	written, ok := c.partTexts(value, parent.ResourceType)
	if !ok {
		return
	}
	for _, w := range written {
		t.parent = append(t.parent, c.parentPart(t, w))
	}
}

func (c *compiler) parentPart(t *typeBuilder, w *syntax.Text) parentPart {
	if w == nil {
		return parentPart{own: -1}
	}
	if own := slices.Index(t.Parts, w.Value); own >= 0 {
		return parentPart{own: own}
	}
	p := c.compileIDPath(t, *w)
	if own := slices.IndexFunc(t.parts, func(part *path) bool { return p != nil && part.written == p.written }); own >= 0 {
		return parentPart{own: own}
	}
	if p != nil && len(t.doc.Also) > 0 && len(t.Parts) > 0 {
		c.parentNotInID(w.Pos, w.Value)
	}
	return parentPart{own: -1, path: p}
}

func (c *compiler) compileLimits(doc syntax.Limits) {
	c.plan.ParallelRequests = defaultParallelRequests
	if doc.ParallelRequests.Given() {
		c.plan.ParallelRequests = doc.ParallelRequests.Value
		if doc.ParallelRequests.Value < 1 || doc.ParallelRequests.Value > 100 {
			c.parallelRequestsOutOfRange(doc.ParallelRequests.Pos)
		}
	}
	for _, e := range doc.PerMinute.Entries {
		if c.operation(e.Key) == nil {
			continue
		}
		if e.Value.Value < 1 {
			c.perMinuteNotPositive(e.Value.Pos)
		}
		if c.plan.PerMinute == nil {
			c.plan.PerMinute = map[string]int{}
		}
		c.plan.PerMinute[e.Key.Value] = e.Value.Value
	}
}
