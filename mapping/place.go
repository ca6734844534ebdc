package mapping

import (
	"reflect"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// place is where a call stands in a mapping: get, holders, grant. All calls are
// compiled by compileCall and sent as Call.Request builds them; a place has what is
// different. A new place takes:
//
//  1. a key of type syntax.Call, or of a block that embeds it (package syntax, language.go);
//  2. a place like those below, with its table of heads: what a reference in its "with"
//     may begin with, and what compiles the rest. partHead, recordHead, givenHead and
//     passwordHead are there; a place without heads has no "with";
//  3. c.compileCall(place, &doc.Call), whose result is nil without a known operation;
//  4. a line in Plan.eachRecordReference if it has recordHead, and one in Plan.readOf if
//     its replies have a record;
//  5. call.Request(Inputs{...}) in the connector, with the inputs of these heads, and
//     call.Record(reply) if the call ReturnsRecord.
//
// ResourceType.Uses has the calls of all places. Further checks of a call look at its
// references with call.eachReference.
type place struct {
	// key names the call in messages: "get".
	key   string
	heads map[string]head
	// complete reports that no reference may lack a value, be its field required or not:
	// what is read without a part of the id would be something else.
	complete bool
	// recordOf are the types whose record a reply has at "record"; needsRecord reports
	// that it has to be there, so that the reply is the record without that key.
	recordOf    []*ResourceType
	needsRecord bool
}

// The heads of references.
const (
	headPrincipal = "principal"
	headResource  = "resource"
	headRecord    = "record"
	headAccount   = "account"
	headInput     = "input"
	headPassword  = "password"
	// headNone is that of a reference without one: PART.
	headNone = ""
)

// headForms are references with the heads, for messages.
var headForms = map[string]string{
	headPrincipal: "principal.PART", headResource: "resource.PART", headRecord: "record.PATH",
	headAccount: "account.NAME", headInput: "input.NAME", headPassword: headPassword,
}

// listPlace is that of list: there is nothing to refer to.
func listPlace() place { return place{key: "list"} }

func getPlace(t *ResourceType) place {
	return place{key: "get", heads: ownHeads(t), complete: true, recordOf: []*ResourceType{t}, needsRecord: true}
}

func holdersPlace(t *ResourceType) place {
	return place{key: "holders", heads: ownHeads(t), complete: true}
}

// ownHeads refer to the parts of the id of the one resource that a call is about.
func ownHeads(t *ResourceType) map[string]head {
	return map[string]head{headNone: ownPartHead(t), headResource: partHead(false, t)}
}

// provisionPlace is that of the grant and the revoke of an entitlement.
func provisionPlace(key string, e *Entitlement) place {
	return place{key: key, recordOf: e.GrantableTo, heads: map[string]head{
		headPrincipal: partHead(true, e.GrantableTo...),
		headResource:  partHead(false, e.On),
		headRecord:    recordHead(e.GrantableTo...),
	}}
}

// deletePlace has no complete: all parts of the id are used, so that what has no value is
// none of the resource's.
func deletePlace(t *ResourceType) place { return place{key: "delete", heads: ownHeads(t)} }

// actionPlace is that of the calls of an action, with what the action asks for.
func actionPlace(t *ResourceType, inputs map[string][]string, fills func(name, key string, typ reflect.Type)) place {
	return place{key: "call", recordOf: []*ResourceType{t}, heads: map[string]head{
		headResource: partHead(false, t),
		headRecord:   recordHead(t),
		headInput:    givenHead(headInput, inputs, fills),
	}}
}

// accountPlace is that of the call of an account that is not there yet.
func accountPlace(key string, account head) place {
	return place{key: key, heads: map[string]head{headAccount: account}}
}

// findPlace is that of the call that finds an account by the values it is to have.
func findPlace(t *ResourceType, account head) place {
	p := accountPlace("find", filled(account))
	p.complete, p.recordOf, p.needsRecord = true, []*ResourceType{t}, true
	return p
}

// filled is a head of whose references an empty value is none.
func filled(h head) head {
	return func(c *compiler, ref writtenReference, into target) (reference, bool) {
		compiled, ok := h(c, ref, into)
		return filledReference{compiled}, ok
	}
}

// head compiles a reference, from what is behind its head on. It reports what is wrong.
type head func(c *compiler, ref writtenReference, into target) (reference, bool)

// writtenReference is a reference as it stands in the file.
type writtenReference struct {
	text   syntax.Text
	offset int    // of the reference in the text
	whole  string // first record.loginIds
	first  bool   // it begins with "first "
	rest   string // loginIds
}

// restPos returns the place of what is behind the head.
func (r writtenReference) restPos() syntax.Pos {
	return r.text.At(r.offset + len(r.whole) - len(r.rest))
}

// target is the request field, or the entry of one, that a reference fills.
type target struct {
	name syntax.Text
	// typ is nil when the field is not known, so that nothing is said of its type.
	typ reflect.Type
}

func (t target) kind() apitype.Kind { return apitype.KindOf(t.typ) }

// ownPartHead compiles PART, a part of the ids of t; a single part is also called id.
func ownPartHead(t *ResourceType) head {
	return func(c *compiler, ref writtenReference, into target) (reference, bool) {
		if len(t.Parts) == 0 { // Its id has a mistake of its own.
			return nil, false
		}
		part := slices.Index(t.Parts, ref.rest)
		if part < 0 && ref.rest == "id" && len(t.Parts) == 1 {
			part = 0
		}
		if part < 0 {
			c.notAPart(ref.restPos(), ref.rest, t.ID, t.Parts)
			return nil, false
		}
		return partReference{part: part, name: t.Parts[part]}, c.takesPart(ref, into)
	}
}

// partHead compiles principal.PART or resource.PART, the same part of the ids of all the types.
func partHead(principal bool, types ...*ResourceType) head {
	return func(c *compiler, ref writtenReference, into target) (reference, bool) {
		part, ok := c.partOf(ref, types)
		return partReference{principal: principal, part: part, name: ref.rest}, ok && c.takesPart(ref, into)
	}
}

// partOf returns the part of the ids of types that a reference names.
func (c *compiler) partOf(ref writtenReference, types []*ResourceType) (int, bool) {
	part := -1
	for _, t := range types {
		at := slices.Index(t.Parts, ref.rest)
		switch {
		case len(t.Parts) == 0: // Its id has a mistake of its own.
			return 0, false
		case at < 0:
			c.partNotKnown(ref.text.At(ref.offset), ref.whole, t.ID, t.Parts)
			return 0, false
		case part >= 0 && at != part:
			c.differentParts(ref.text.At(ref.offset), ref.whole, types)
			return 0, false
		}
		part = at
	}
	return part, part >= 0
}

// takesPart reports whether a part of an id fits a field. One that does not is a mistake.
func (c *compiler) takesPart(ref writtenReference, into target) bool {
	switch {
	case into.typ == nil:
		return false
	case into.kind() == apitype.KindList && apitype.TakesID(into.typ):
		c.listWanted(ref.text.Pos, into.name.Value, []string{ref.text.Value})
		return false
	case !apitype.TakesID(into.typ):
		c.takesNoID(into.name.Pos, into.name.Value, into.typ)
		return false
	}
	return true
}

// recordHead compiles record.PATH, a path in the record of any of the types.
func recordHead(types ...*ResourceType) head {
	return func(c *compiler, ref writtenReference, into target) (reference, bool) {
		var record reflect.Type
		for _, t := range types {
			if t.record == nil {
				return nil, false
			}
			if record != nil && record != t.record {
				c.recordsDiffer(ref.text.At(ref.offset), ref.whole, types)
				return nil, false
			}
			record = t.record
		}
		if into.typ == nil || record == nil {
			return nil, false
		}
		s := scope{record: record, name: recordName(types[0].ID, record), noParent: noParentHere(types[0].ID)}
		w, path, offset := wantFor(into), ref.rest, ref.offset+len(ref.whole)-len(ref.rest)
		if ref.first {
			path, offset = firstPrefix+path, offset-len(firstPrefix)
		}
		src, ok := c.compileSource(ref.text, offset, path, s, w)
		return recordReference{expr: &expr{alternatives: []source{src}}, want: w, written: ref.whole}, ok
	}
}

// wantFor returns what a path in a record has to be for a request field.
func wantFor(into target) want {
	switch k := into.kind(); {
	case k == apitype.KindText || k == apitype.KindNumber || k == apitype.KindTime:
		return wantText
	case k == apitype.KindBool:
		return wantTruth
	case k == apitype.KindList && apitype.TakesID(into.typ.Elem()):
		return wantTexts
	}
	return wantPlain
}

// givenHead compiles account.NAME, input.NAME or input.NAME.KEY. names are the names,
// each with the keys of its object, nil for what is no object. fills is called for each
// reference with the type of the request field: the value has to be of that kind.
func givenHead(of string, names map[string][]string, fills func(name, key string, typ reflect.Type)) head {
	return func(c *compiler, ref writtenReference, into target) (reference, bool) {
		name, key, dotted := strings.Cut(ref.rest, ".")
		keys, ok := names[name]
		switch {
		case !ok:
			c.notGiven(ref.restPos(), of, name, sortedKeys(names))
			return nil, false
		case dotted && !slices.Contains(keys, key):
			c.noKeyGiven(ref.restPos(), of+"."+name, key, keys)
			return nil, false
		case into.typ == nil:
			return nil, false
		}
		fills(name, key, into.typ)
		return givenReference{of, name, key}, true
	}
}

// passwordHead compiles password, which is a text.
func passwordHead() head {
	return func(c *compiler, ref writtenReference, into target) (reference, bool) {
		if into.typ == nil {
			return nil, false
		}
		if into.typ.Kind() != reflect.String || apitype.EnumValues(into.typ) != nil {
			c.notWanted(ref.text.At(ref.offset), ref.whole, "text", apitype.Describe(into.typ))
			return nil, false
		}
		return passwordReference{}, true
	}
}
