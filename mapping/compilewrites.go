package mapping

import (
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// The keys of writes.
const (
	grantKey  = "grant"
	revokeKey = "revoke"
)

// readWhole reports whether nothing in a table could not be read.
func readWhole(t syntax.Table[syntax.Argument]) bool {
	var whole func(a syntax.Argument) bool
	whole = func(a syntax.Argument) bool {
		return readWhole(a.Fields) && !slices.ContainsFunc(a.List, func(entry syntax.Argument) bool { return !whole(entry) })
	}
	return !t.Broken && !slices.ContainsFunc(t.Entries, func(e syntax.Entry[syntax.Argument]) bool { return !whole(e.Value) })
}

// checkWrite reports a grant or a revocation that could change other grants than the
// one that it is about. It sees what the call says, and not what the API does: the
// runtime compares the principal's grants before and after.
func (c *compiler) checkWrite(key string, e *Entitlement, doc *syntax.Provision, call *Call) {
	op := call.Operation
	c.checkMethod(doc.Operation.Pos, key, op)
	for _, t := range append(slices.Clone(e.GrantableTo), e.On) {
		if t.Get != nil && op.Method == http.MethodDelete && op.Path == t.Get.Operation.Path {
			c.deletes(doc.Operation.Pos, op.Name, t.ID, t.Get.Operation.Name)
		}
	}
	c.checkPair(key, e, doc, call)
	if bodyOf(op).Kind() == reflect.Slice {
		c.bodyNotFilled(doc.Operation.Pos, op.Name)
	}
	if !doc.Broken {
		c.checkReplaces(key, doc, call)
	}
}

// checkMethod reports an operation that is to change something and only reads.
func (c *compiler) checkMethod(at syntax.Pos, key string, op *api.Operation) {
	if slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, op.Method) {
		c.notAWrite(at, key, op.Name, op.Method)
	}
}

// checkPair reports a write that does not name both the principal and the resource.
func (c *compiler) checkPair(key string, e *Entitlement, doc *syntax.Provision, call *Call) {
	principal, used := false, map[int]bool{}
	call.eachValue(func(ref reference) {
		principal = principal || namesPrincipal(ref)
		used[resourcePartOf(ref)] = true
	})
	if !principal {
		c.principalNotUsed(doc.With.Pos, key, e.GrantableTo[0].Parts)
	}
	if unused := e.On.partsWithout(used); unused != nil {
		c.resourceNotUsed(doc.With.Pos, key, e.On.ID, unused)
	}
}

// partsWithout returns the parts of the type's ids that are not used, nil when all are.
func (t *ResourceType) partsWithout(used map[int]bool) []string {
	var unused []string
	for i, part := range t.Parts {
		if !used[i] {
			unused = append(unused, part)
		}
	}
	return unused
}

// namesPrincipal reports whether a reference always stands for the principal: a part of
// its id, or a text or a number in its record that is not one of a few values.
func namesPrincipal(ref reference) bool {
	switch ref := ref.(type) {
	case partReference:
		return ref.principal
	case recordReference:
		typ := ref.path().typ
		return apitype.TakesID(typ) && apitype.EnumValues(typ) == nil
	case alternatives:
		return !slices.ContainsFunc(ref, func(r reference) bool { return !namesPrincipal(r) })
	}
	return false
}

// resourcePartOf returns the part of the resource's id that a reference always is, -1
// for another reference.
func resourcePartOf(ref reference) int {
	switch ref := ref.(type) {
	case partReference:
		if !ref.principal {
			return ref.part
		}
	case alternatives:
		part := resourcePartOf(ref[0])
		if !slices.ContainsFunc(ref, func(r reference) bool { return resourcePartOf(r) != part }) {
			return part
		}
	}
	return -1
}

// bodyOf returns the type of the body of an operation's requests, an empty struct
// without one.
func bodyOf(op *api.Operation) reflect.Type {
	for i := range op.Request.NumField() {
		if f := op.Request.Field(i); f.Tag.Get("in") == "body" {
			return apitype.Deref(f.Type)
		}
	}
	return reflect.TypeFor[struct{}]()
}

// checkReplaces reports a list that takes the place of a longer one.
func (c *compiler) checkReplaces(key string, doc *syntax.Provision, call *Call) {
	op := call.Operation
	field, list := listInBody(op, doc.With)
	replaces := doc.Replaces
	switch {
	case !list.Given() || op.Method != http.MethodPut && !maySet(op):
		if replaces.Given() {
			c.replacesNothing(replaces.Pos, op.Name)
		}
	case key == grantKey && replaces.Value:
		c.replacesOfGrant(replaces.Pos)
	case op.Method != http.MethodPut:
		if !replaces.Given() {
			c.mayReplace(list, field, op.Name)
		}
	case key == grantKey:
		c.grantReplaces(list, field, op.Name)
	case !replaces.Value:
		c.replacesNotGiven(list, field, op.Name)
	}
}

// listInBody returns the first list of references in the body of a call, with the name
// of the field that it is in, and its place.
func listInBody(op *api.Operation, with syntax.Table[syntax.Argument]) (field string, at syntax.Pos) {
	body := bodyOf(op)
	if body.Kind() != reflect.Struct {
		return "", syntax.Pos{}
	}
	inBody := apitype.Names(apitype.FieldsOf(body))
	var find func(name string, a syntax.Argument) bool
	find = func(name string, a syntax.Argument) bool {
		if a.IsList {
			field, at = name, a.Pos
			return true
		}
		return slices.ContainsFunc(a.Fields.Entries, func(e syntax.Entry[syntax.Argument]) bool { return find(name+"."+e.Key.Value, e.Value) })
	}
	for _, e := range with.Entries {
		if slices.Contains(inBody, e.Key.Value) && find(e.Key.Value, e.Value) {
			break
		}
	}
	return field, at
}

// maySet reports whether the lists in the body of an operation may take the place of
// those that are there: in a PATCH they do in some APIs, and in a POST where its name
// says so.
func maySet(op *api.Operation) bool {
	if op.Method == http.MethodPatch {
		return true
	}
	last := op.Path[strings.LastIndexByte(op.Path, '/')+1:]
	return op.Method == http.MethodPost && (setsByName(op.Name) || setsByName(last))
}

// setsByName reports whether the first word of a name is one for setting a whole:
// SetUserRoles, replace-members, update.
func setsByName(name string) bool {
	end := strings.IndexFunc(name, func(r rune) bool { return !unicode.IsLetter(r) })
	if end < 0 {
		end = len(name)
	}
	first := name[:end]
	for i, r := range first {
		if i > 0 && unicode.IsUpper(r) {
			first = first[:i]
			break
		}
	}
	return slices.Contains([]string{"set", "reset", "replace", "overwrite", "update", "patch", "put", "edit", "modify", "save"}, strings.ToLower(first))
}

// sameAs reports whether two calls send the same.
func (c *Call) sameAs(other *Call) bool {
	sorted := func(call *Call) []Source {
		return slices.SortedFunc(slices.Values(call.Sources()), func(a, b Source) int { return strings.Compare(a.Key, b.Key) })
	}
	return c.Operation == other.Operation && slices.Equal(sorted(c), sorted(other))
}

// headedText matches a text that is written as a reference.
var headedText = regexp.MustCompile(`^\s*(first\s+)?(principal|resource|record|account|input)\.[A-Za-z_]`)

// hasReference reports the texts in a fixed value that are written as references.
func (c *compiler) hasReference(n *yaml.Node) bool {
	if n.Kind == yaml.ScalarNode && headedText.MatchString(n.Value) {
		c.referenceInRequest(syntax.At(n), n.Value)
		return true
	}
	found := false
	for i, inner := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 {
			found = c.hasReference(inner) || found
		}
	}
	return found
}
