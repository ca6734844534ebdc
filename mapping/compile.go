package mapping

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/api"
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
	doc   *resourceType
	scope scope
}

func newCompiler(found *mistakeList, env Environment) *compiler {
	return &compiler{mistakeList: found, ops: env.Operations, options: env.Options, plan: &Plan{}, types: map[string]*typeUnderWork{}}
}

func (c *compiler) compile(doc *document) *Plan {
	if doc.Version.given() && doc.Version.value != 1 {
		c.add(doc.Version.pos, "version %d is not known; this is a connector for version 1", doc.Version.value)
	}
	c.plan.DisplayName = doc.Connector.DisplayName.value
	c.plan.Description = doc.Connector.Description.value
	c.plan.HelpURL = doc.Connector.HelpURL.value

	// Each round needs what the one before found out of every type.
	var work []*typeUnderWork
	for i := range doc.ResourceTypes.entries {
		work = append(work, c.startType(&doc.ResourceTypes.entries[i]))
	}
	for _, round := range []func(*typeUnderWork){c.compileParent, c.compileFields, c.compileEntitlements, c.compileAlso, c.compileGrants, c.compileProvisions} {
		for _, t := range work {
			round(t)
		}
	}
	c.compileLimits(doc.Limits)
	c.compileErrors(doc.Errors)
	return c.plan
}

var idPattern = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// startType compiles how the records of a type are read, and their id.
func (c *compiler) startType(e *entry[resourceType]) *typeUnderWork {
	doc := &e.value
	t := &typeUnderWork{
		ResourceType: &ResourceType{ID: e.key.value, DisplayName: doc.DisplayName.value, Trait: Trait(doc.Trait.value)},
		doc:          doc,
	}
	c.types[t.ID] = t
	c.plan.Types = append(c.plan.Types, t.ResourceType)
	if !idPattern.MatchString(t.ID) {
		c.add(e.key.pos, "the resource type id %q is not made of small letters, digits, - and _", t.ID)
	}
	c.oneOf(doc.Trait, "trait", string(TraitUser), string(TraitGroup), string(TraitRole), string(TraitApp))
	t.List = c.compileList(t, doc.List)
	if t.record != nil {
		t.scope = scope{record: t.record, name: recordName(t.ID, t.record), noParent: fmt.Sprintf("a %s has no parent here", t.ID)}
	}
	if doc.Get.given() {
		t.Get = c.compileGet(t, doc.Get)
	}
	c.compileID(t)
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

// oneOf reports a text that is given and not one of the options.
func (c *compiler) oneOf(t text, what string, options ...string) {
	if t.given() && !slices.Contains(options, t.value) {
		c.add(t.pos, "%q is not a %s%s", t.value, what, didYouMean(t.value, options))
	}
}

func (c *compiler) operation(t text) *api.Operation {
	if !t.given() || t.value == "" {
		return nil
	}
	op := c.ops[t.value]
	if op == nil {
		c.add(t.pos, "the API has no operation %q%s", t.value, didYouMean(t.value, c.ops.Names()))
		op = c.ops[nearest(t.value, c.ops.Names())]
	}
	return op
}

func (c *compiler) compileList(t *typeUnderWork, doc list) *List {
	l := &List{Operation: c.operation(doc.Operation)}
	if l.Operation == nil {
		if doc.Pages.given() {
			l.Pages = &Pages{}
		}
		return l
	}
	l.request = c.compileRequest(l.Operation, doc.Request)
	reply := l.Operation.Reply
	records := &path{typ: reply}
	if doc.Records.given() {
		var mistake *pathMistake
		if records, mistake = compilePath(doc.Records.value, reply, "a reply of "+l.Operation.Name); mistake != nil {
			c.add(doc.Records.at(mistake.offset), "%s", mistake.what)
			records = nil
		}
	} else {
		records.enterList("", 0)
	}
	switch {
	case records == nil:
	case len(records.lists) != 1 || records.leaf != nil || kindOfType(records.typ) != kindObject:
		where := doc.Operation.pos
		if doc.Records.given() {
			where = doc.Records.pos
		}
		c.add(where, "the records of %s are %s, but a list of objects is wanted here", l.Operation.Name, records.describe())
	default:
		l.records = records.lists[0]
		t.record = deref(records.typ)
	}
	if doc.Pages.given() {
		l.Pages = c.compilePages(l.Operation, doc.Pages)
	}
	c.checkRequired(l.Operation, doc.pos, append(doc.Request.keys(), doc.Pages.Limit.value, doc.Pages.Offset.value, doc.Pages.Page.value, doc.Pages.Cursor.value))
	return l
}

func (c *compiler) compilePages(op *api.Operation, doc pages) *Pages {
	p := &Pages{Size: doc.Size.value, First: doc.First.value}
	p.limit = c.pageField(op, doc.Limit, kindNumber)
	p.offset = c.pageField(op, doc.Offset, kindNumber)
	p.page = c.pageField(op, doc.Page, kindNumber)
	p.cursor = c.pageField(op, doc.Cursor, kindText, kindNumber)
	p.total = c.replyField(op, doc.Total, kindNumber)
	p.next = c.replyField(op, doc.Next, kindText, kindNumber)
	switch {
	case !doc.Offset.given() && !doc.Page.given() && !doc.Cursor.given():
		c.add(doc.pos, "pages needs offset, page or cursor, to ask for the next page")
	case doc.Cursor.given() && (doc.Offset.given() || doc.Page.given()):
		c.add(doc.Cursor.pos, "pages by cursor take neither offset nor page")
	case doc.Cursor.given() != doc.Next.given():
		c.add(doc.pos, "cursor and next belong together: next says where the reply has the next cursor")
	case doc.Offset.given() && doc.Size.value <= 0:
		c.add(doc.pos, "pages by offset need a size above 0")
	}
	if doc.Limit.given() != doc.Size.given() && !(doc.Size.given() && doc.Offset.given()) {
		c.add(doc.pos, "limit and size belong together: limit is the request field that takes the size")
	}
	if doc.Size.given() && doc.Size.value <= 0 {
		c.add(doc.Size.pos, "size is above 0")
	}
	return p
}

// pageField returns where the request takes a paging field of one of the kinds.
func (c *compiler) pageField(op *api.Operation, name text, kinds ...kind) []int {
	if !name.given() {
		return nil
	}
	f, ok := c.requestField(op, name)
	if !ok {
		return nil
	}
	if !slices.Contains(kinds, kindOfType(f.typ)) {
		c.add(name.pos, "%s is %s and cannot steer pages", name.value, describeType(f.typ))
		return nil
	}
	return f.index
}

// replyField returns where the reply has a field of one of the kinds.
func (c *compiler) replyField(op *api.Operation, written text, kinds ...kind) access {
	if !written.given() {
		return nil
	}
	p, mistake := compilePath(written.value, op.Reply, "a reply of "+op.Name)
	if mistake != nil {
		c.add(written.at(mistake.offset), "%s", mistake.what)
		return nil
	}
	if p.list() || !slices.Contains(kinds, kindOfType(p.typ)) {
		c.add(written.pos, "%s is %s and cannot steer pages", written.value, p.describe())
		return nil
	}
	return p.leaf
}

// checkRequired reports the required request fields that nothing gives.
func (c *compiler) checkRequired(op *api.Operation, where pos, given []string) {
	for _, f := range requestFields(op) {
		if f.required && !slices.Contains(given, f.name) {
			c.add(where, "%s needs %q, which nothing here gives", op.Name, f.name)
		}
	}
}

// compileRecord compiles the path from a reply to the one record in it.
func (c *compiler) compileRecord(op *api.Operation, written text, t *ResourceType) access {
	if t.record == nil {
		return access{}
	}
	p, where := &path{typ: op.Reply}, written.pos
	if written.given() {
		var mistake *pathMistake
		if p, mistake = compilePath(written.value, op.Reply, "a reply of "+op.Name); mistake != nil {
			c.add(written.at(mistake.offset), "%s", mistake.what)
			return access{}
		}
	}
	if p.list() || deref(p.typ) != t.record {
		c.add(where, "the reply of %s has %s %s there, but %s is wanted", op.Name, describeType(p.typ), deref(p.typ).Name(), recordName(t.ID, t.record))
	}
	if p.leaf == nil {
		return access{}
	}
	return p.leaf
}

func (c *compiler) compileGet(t *typeUnderWork, doc get) *Get {
	g := &Get{Operation: c.operation(doc.Operation)}
	if g.Operation == nil {
		return nil
	}
	g.request = c.compileRequest(g.Operation, doc.Request)
	if !doc.Record.given() {
		doc.Record.pos = pos{}
	}
	g.record = c.compileRecord(g.Operation, doc.Record, t.ResourceType)
	if !doc.Record.given() && t.record != nil && deref(g.Operation.Reply) != t.record {
		c.add(doc.pos, "get needs \"record\": the path to the record in the reply of %s", g.Operation.Name)
	}
	for _, e := range doc.With.entries {
		f, ok := c.requestField(g.Operation, e.key)
		part := slices.IndexFunc(t.doc.ID.items, func(p text) bool { return partName(p.value) == e.value.value })
		if part < 0 && e.value.value == "id" && len(t.doc.ID.items) == 1 {
			part = 0
		}
		if part < 0 {
			c.add(e.value.pos, "%q is not a part of the id of a %s%s", e.value.value, t.ID, didYouMean(e.value.value, partNames(t.doc.ID)))
			ok = false
		}
		if ok {
			g.with = append(g.with, filledField{name: f.name, index: f.index, required: true, from: []idPart{{part: part}}})
		}
	}
	c.checkRequired(g.Operation, doc.pos, append(doc.With.keys(), doc.Request.keys()...))
	return g
}

// partName is what a part of an id is called: the last field of its path.
func partName(path string) string { return path[strings.LastIndexByte(path, '.')+1:] }

func partNames(id words) []string {
	names := make([]string, len(id.items))
	for i, p := range id.items {
		names[i] = partName(p.value)
	}
	return names
}

func (c *compiler) compileID(t *typeUnderWork) {
	for _, part := range t.doc.ID.items {
		name := partName(part.value)
		if slices.Contains(t.Parts, name) {
			c.add(part.pos, "the id has two parts named %q", name)
		}
		t.Parts = append(t.Parts, name)
		if t.record == nil {
			continue
		}
		p, mistake := compilePath(part.value, t.record, t.scope.name)
		if mistake != nil {
			c.add(part.at(mistake.offset), "%s", mistake.what)
			continue
		}
		if k := kindOfType(p.typ); p.list() || (k != kindText && k != kindNumber && k != kindAny) {
			c.add(part.pos, "%s is %s and cannot be part of an id", part.value, p.describe())
			continue
		}
		t.parts = append(t.parts, p)
	}
}

func (c *compiler) compileParent(t *typeUnderWork) {
	entries := t.doc.Parent.entries
	if len(entries) == 0 {
		return
	}
	if len(entries) > 1 {
		c.add(t.doc.Parent.pos, "a resource has one parent; here are %d", len(entries))
		return
	}
	key, value := entries[0].key, entries[0].value
	parent := c.resourceType(key)
	if parent == nil {
		return
	}
	t.Parent = parent.ResourceType
	written, ok := c.partTexts(value, parent.ResourceType)
	if !ok {
		return
	}
	for _, w := range written {
		t.parent = append(t.parent, c.parentPart(t, w))
	}
	switch {
	case parent.record == nil:
		t.scope.noParent = "the parent's records are not known"
	case !parent.Whole():
		t.scope.noParent = fmt.Sprintf("the list of %s is paged, so a parent's record is not at hand", parent.ID)
	default:
		t.scope.parent, t.scope.parentName = parent.record, recordName(parent.ID, parent.record)
	}
}

func (c *compiler) parentPart(t *typeUnderWork, w *text) parentPart {
	if w == nil {
		return parentPart{own: -1}
	}
	if own := slices.Index(t.Parts, w.value); own >= 0 {
		return parentPart{own: own}
	}
	if t.record == nil {
		return parentPart{own: -1}
	}
	p, mistake := compilePath(w.value, t.record, t.scope.name)
	switch {
	case mistake != nil:
		c.add(w.at(mistake.offset), "%s", mistake.what)
	case p.list():
		c.add(w.pos, "%s is %s, but a resource has one parent", w.value, p.describe())
	case t.doc.Also.given():
		c.add(w.pos, "%s is not a part of the id, so resources shown by other records have no parent", w.value)
	default:
		return parentPart{own: -1, path: p}
	}
	return parentPart{own: -1}
}

// resourceType returns the type that a key or value names.
func (c *compiler) resourceType(name text) *typeUnderWork {
	t := c.types[name.value]
	if t == nil && name.value != "" {
		c.add(name.pos, "there is no resource type %q%s", name.value, didYouMean(name.value, sortedKeys(c.types)))
		t = c.types[nearest(name.value, sortedKeys(c.types))]
	}
	return t
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func (c *compiler) compileFields(t *typeUnderWork) {
	doc := t.doc
	t.fields.name = c.compileExpr(doc.Name, t.scope, wantText)
	t.fields.description = c.compileExpr(doc.Description, t.scope, wantText)
	t.fields.createdAt = c.compileExpr(doc.CreatedAt, t.scope, wantTime)
	if doc.Status.given() {
		t.fields.status = c.compileStatus(t, doc.Status)
	}
	if doc.User.given() {
		if doc.Trait.value != string(TraitUser) {
			c.add(doc.User.pos, "\"user\" belongs to a type with trait: user")
		}
	}
	if doc.Trait.value == string(TraitUser) {
		u := doc.User
		t.fields.user = &userFields{
			login:         c.compileExpr(u.Login, t.scope, wantText),
			aliases:       c.compileExpr(u.LoginAliases, t.scope, wantTexts),
			email:         c.compileExpr(u.Email, t.scope, wantText),
			emailVerified: c.compileExpr(u.EmailVerified, t.scope, wantTruth),
			lastLogin:     c.compileExpr(u.LastLogin, t.scope, wantTime),
			mfa:           c.compileExpr(u.MFA, t.scope, wantTruth),
			sso:           c.compileExpr(u.SSO, t.scope, wantTruth),
		}
	}
	for _, e := range doc.Profile.entries {
		if compiled := c.compileExpr(e.value, t.scope, wantPlain); compiled != nil {
			t.fields.profile = append(t.fields.profile, profileField{e.key.value, compiled})
		}
	}
	t.NeedsParent = t.scope.parent != nil && c.usesParent(t)
}

// usesParent tells whether a resource's own texts or its entitlements' use parent.x.
func (c *compiler) usesParent(t *typeUnderWork) bool {
	texts := []text{t.doc.Name, t.doc.Description}
	for _, e := range t.doc.Profile.entries {
		texts = append(texts, e.value)
	}
	for _, e := range t.doc.Entitlements.entries {
		texts = append(texts, e.value.DisplayName, e.value.Description)
	}
	return slices.ContainsFunc(texts, func(x text) bool { return strings.Contains(x.value, "parent.") })
}

func (c *compiler) compileStatus(t *typeUnderWork, doc status) *statusRule {
	rule := &statusRule{from: c.compileExpr(doc.From, t.scope, wantText), of: map[string]Status{}}
	if rule.from == nil {
		return nil
	}
	var known []string
	if len(rule.from.alternatives) > 0 {
		known = enumValues(rule.from.alternatives[0].typ)
	}
	given := false
	for _, line := range []struct {
		status Status
		words  words
	}{{StatusEnabled, doc.Enabled}, {StatusPending, doc.Pending}, {StatusDisabled, doc.Disabled}, {StatusDeleted, doc.Deleted}} {
		for _, w := range line.words.items {
			given = true
			if known != nil && !slices.Contains(known, w.value) {
				c.add(w.pos, "%q is not a value of %s in the API%s", w.value, doc.From.value, didYouMean(w.value, known))
			}
			if other, twice := rule.of[w.value]; twice {
				c.add(w.pos, "%q is %s already", w.value, other)
			}
			rule.of[w.value] = line.status
		}
	}
	if !given {
		c.add(doc.pos, "status needs enabled, pending, disabled or deleted: which of the API's values mean it")
	}
	return rule
}

func (c *compiler) compileLimits(doc limits) {
	c.plan.ParallelRequests = defaultParallelRequests
	if doc.ParallelRequests.given() {
		c.plan.ParallelRequests = doc.ParallelRequests.value
		if doc.ParallelRequests.value < 1 || doc.ParallelRequests.value > 100 {
			c.add(doc.ParallelRequests.pos, "parallel_requests is from 1 to 100")
		}
	}
	for _, e := range doc.PerMinute.entries {
		if c.operation(e.key) == nil {
			continue
		}
		if e.value.value < 1 {
			c.add(e.value.pos, "requests a minute are above 0")
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
	rules.notFound, rules.permanent = doc.NotFound.values(), doc.Permanent.values()
	for _, t := range c.plan.Types {
		if op := t.List.Operation; op != nil && kindOfType(op.Failure) == kindObject {
			rules.reply = op.Failure
			break
		}
	}
	if rules.reply == nil {
		return
	}
	s := scope{record: rules.reply, name: fmt.Sprintf("an error reply (%s)", rules.reply.Name()), noParent: "an error has no parent"}
	rules.code = c.compileExpr(doc.Code, s, wantText)
	rules.message = c.compileExpr(doc.Message, s, wantText)
	if len(rules.notFound)+len(rules.permanent) > 0 && !doc.Code.given() {
		c.add(doc.pos, "error codes need \"code\": the path to the code in an error reply")
	}
}
