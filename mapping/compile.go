package mapping

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/internal/spelling"
)

// defaultParallelRequests is how many requests may be in flight when the file does not say.
const defaultParallelRequests = 6

// compiler checks a document against the API and compiles it.
type compiler struct {
	*mistakeList
	ops     api.Operations
	options map[string]bool

	plan  *Plan
	types map[string]*typeUnderWork
}

// typeUnderWork is a resource type with what the file says of it.
type typeUnderWork struct {
	*ResourceType
	key   text
	doc   *resourceType
	scope scope
}

func newCompiler(found *mistakeList, env Environment) *compiler {
	return &compiler{mistakeList: found, ops: env.Operations, options: env.Options, plan: &Plan{}, types: map[string]*typeUnderWork{}}
}

func (c *compiler) compile(doc *document) *Plan {
	if doc.Version.given() && doc.Version.value != 1 {
		c.addf(doc.Version.pos, "version %d is not known; this is a connector for version 1", doc.Version.value)
	}
	c.plan.DisplayName = doc.Connector.DisplayName.value
	c.plan.Description = doc.Connector.Description.value
	c.plan.HelpURL = doc.Connector.HelpURL.value

	// Each round needs what the one before found out of every type.
	var work []*typeUnderWork
	for i := range doc.ResourceTypes.entries {
		work = append(work, c.startType(&doc.ResourceTypes.entries[i]))
	}
	for _, round := range []func(*typeUnderWork){
		c.compileParent, c.compileFields, c.compileEntitlements, c.compileAlso, c.compileGrants,
		c.compileAllHolders, c.compileProvisions, c.checkReadable, c.compileIgnored,
	} {
		for _, t := range work {
			round(t)
		}
	}
	c.compileLimits(doc.Limits)
	c.compileErrors(doc.Errors)
	c.plan.FailOnUnknown = c.oneOf(doc.Unknown, "way with unknown references", unknowns...) == unknownFail
	return c.plan
}

// name returns the name that a key gives to what it is. It reports one that
// Baton does not take, and returns it in small letters.
func (c *compiler) name(key text, what string) string {
	if !namePattern.MatchString(key.value) {
		c.addf(key.pos, "the %s %q is not made of small letters, digits, - and _", what, key.value)
	}
	return strings.ToLower(key.value)
}

// startType compiles how the records of a type are read, and their id.
func (c *compiler) startType(e *entry[resourceType]) *typeUnderWork {
	doc := &e.value
	t := &typeUnderWork{
		ResourceType: &ResourceType{ID: c.name(e.key, "resource type id"), DisplayName: doc.DisplayName.value},
		key:          e.key,
		doc:          doc,
	}
	c.types[t.ID] = t
	c.plan.Types = append(c.plan.Types, t.ResourceType)
	t.Trait = Trait(c.oneOf(doc.Trait, "trait", traits...))
	t.List = c.compileList(t, doc.List)
	if t.record != nil {
		t.scope = scope{record: t.record, name: recordName(t.ID, t.record), noParent: fmt.Sprintf("a %s has no parent here", t.ID), usesParent: &t.NeedsParent}
	}
	c.compileID(t)
	if doc.Get.given() {
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
func (c *compiler) oneOf(t text, what string, options ...string) string {
	if t.value == "" || slices.Contains(options, t.value) {
		return t.value
	}
	c.addf(t.pos, "%q is not a %s%s", t.value, what, spelling.DidYouMean(t.value, options))
	return spelling.Nearest(t.value, options)
}

func (c *compiler) operation(t text) *api.Operation {
	if t.value == "" {
		return nil
	}
	op := c.ops[t.value]
	if op == nil {
		c.addf(t.pos, "the API has no operation %q%s", t.value, spelling.DidYouMean(t.value, c.ops.Names()))
		op = c.ops[spelling.Nearest(t.value, c.ops.Names())]
	}
	return op
}

// resourceType returns the type that a key or value names.
func (c *compiler) resourceType(name text) *typeUnderWork {
	t := c.types[name.value]
	if t == nil && name.value != "" {
		c.addf(name.pos, "there is no resource type %q%s", name.value, spelling.DidYouMean(name.value, sortedKeys(c.types)))
		t = c.types[spelling.Nearest(name.value, sortedKeys(c.types))]
	}
	return t
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *compiler) compileID(t *typeUnderWork) {
	sure := true
	for _, part := range t.doc.ID.items {
		name := partName(part.value)
		if p := c.compileIDPath(t, part); p != nil {
			name = partName(p.written)
			t.parts = append(t.parts, p)
		} else if t.record != nil {
			sure = false
		}
		if slices.Contains(t.Parts, name) {
			c.addf(part.pos, "the id has two parts named %q", name)
			sure = false
		}
		t.Parts = append(t.Parts, name)
	}
	if !sure {
		// What refers to the parts cannot be judged.
		t.Parts = nil
	}
}

// partName is what a part of an id is called: the last field of its path.
func partName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

// compileIDPath compiles the path to a part of an id in a record of t. It
// reports a path that is wrong, and returns the one that was probably meant, or nil.
func (c *compiler) compileIDPath(t *typeUnderWork, written text) *path {
	if written.value == "" || t.record == nil {
		return nil
	}
	p, mistake := compilePath(written.value, t.record, t.scope.name)
	if mistake != nil {
		c.addf(written.at(mistake.offset), "%s", mistake.what)
	}
	if p != nil && (p.list() || !canBeID(p)) {
		if mistake == nil {
			c.addf(written.pos, "%s is %s and cannot be part of an id", written.value, p.describe())
		}
		return nil
	}
	return p
}

// canBeID tells whether the value of a path, or each of its values, can be part of an id.
func canBeID(p *path) bool {
	k := kindOfType(p.typ)
	return k == kindText || k == kindNumber || k == kindAny
}

func (c *compiler) compileParent(t *typeUnderWork) {
	if !t.doc.Parent.given() {
		return
	}
	t.scope.noParent = ""
	entries := t.doc.Parent.entries
	if len(entries) == 0 {
		return
	}
	if len(entries) > 1 {
		c.addf(entries[1].key.pos, "a resource has one parent; here are %d", len(entries))
	}
	key, value := entries[0].key, entries[0].value
	parent := c.resourceType(key)
	if parent == nil {
		return
	}
	t.Parent = parent.ResourceType
	switch {
	case parent.record == nil:
	case !parent.Unpaged():
		t.scope.noParent = fmt.Sprintf("the list of %s is paged, so a parent's record is not at hand", parent.ID)
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

func (c *compiler) parentPart(t *typeUnderWork, w *text) parentPart {
	if w == nil {
		return parentPart{own: -1}
	}
	if own := slices.Index(t.Parts, w.value); own >= 0 {
		return parentPart{own: own}
	}
	p := c.compileIDPath(t, *w)
	if own := slices.IndexFunc(t.parts, func(part *path) bool { return p != nil && part.written == p.written }); own >= 0 {
		return parentPart{own: own}
	}
	if p != nil && len(t.doc.Also) > 0 && len(t.Parts) > 0 {
		c.addf(w.pos, "%s is not a part of the id, so resources shown by other records have no parent", w.value)
	}
	return parentPart{own: -1, path: p}
}

func (c *compiler) compileLimits(doc limits) {
	c.plan.ParallelRequests = defaultParallelRequests
	if doc.ParallelRequests.given() {
		c.plan.ParallelRequests = doc.ParallelRequests.value
		if doc.ParallelRequests.value < 1 || doc.ParallelRequests.value > 100 {
			c.addf(doc.ParallelRequests.pos, "parallel_requests has to be from 1 to 100")
		}
	}
	for _, e := range doc.PerMinute.entries {
		if c.operation(e.key) == nil {
			continue
		}
		if e.value.value < 1 {
			c.addf(e.value.pos, "requests a minute have to be above 0")
		}
		if c.plan.PerMinute == nil {
			c.plan.PerMinute = map[string]int{}
		}
		c.plan.PerMinute[e.key.value] = e.value.value
	}
}

// compileErrors compiles the error rules against the error reply of the first
// operation that is used; an API has one form of errors.
func (c *compiler) compileErrors(doc errorRules) {
	rules := &c.plan.Errors
	rules.notFound, rules.passing = doc.NotFound.values(), doc.Passing.values()
	if !doc.given() {
		return
	}
	for _, t := range c.plan.Types {
		if op := t.List.Operation; op != nil && op.Failure != nil && kindOfType(op.Failure) == kindObject {
			rules.reply = op.Failure
			break
		}
	}
	if rules.reply == nil {
		if slices.ContainsFunc(c.plan.Types, func(t *ResourceType) bool { return t.List.Operation != nil }) {
			c.addf(doc.pos, "the API document does not say what an error reply holds")
		}
		return
	}
	s := scope{record: rules.reply, name: fmt.Sprintf("an error reply (%s)", rules.reply.Name()), noParent: "an error has no parent"}
	rules.code = c.compileExpr(doc.Code, s, wantText)
	rules.message = c.compileExpr(doc.Message, s, wantText)
	rules.own = map[string]bool{}
	for _, source := range rules.code.sources() {
		key, _, _ := strings.Cut(source.written, ".")
		rules.keys = append(rules.keys, strconv.Quote(key))
		for name, op := range c.ops {
			if _, mistake := compilePath(source.written, op.Reply, ""); mistake == nil {
				rules.own[name] = true
			}
		}
	}
	if len(rules.notFound)+len(rules.passing) > 0 && !doc.Code.given() && !doc.broken {
		c.addf(doc.pos, "error codes need \"code\": the path to the code in an error reply")
	}
}
