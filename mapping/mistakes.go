package mapping

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// mistakes has a method for each mistake that one can make in a mapping, and for
// each warning: all their words are here. Mistakes in the YAML are in syntax.
type mistakes struct{ *syntax.Collector }

// The file and its types.

func (m mistakes) unknownVersion(at syntax.Pos, version int) {
	m.Addf(at, "version %d is not supported; this connector reads version 1", version)
}

func (m mistakes) notAName(at syntax.Pos, what, name string) {
	m.Addf(at, "the %s %q may have only lower-case letters, digits, - and _", what, name)
}

func (m mistakes) notOneOf(at syntax.Pos, value, what string, options []string) {
	m.Addf(at, "%q is not a %s%s", value, what, spelling.DidYouMean(value, options))
}

func (m mistakes) noOperation(at syntax.Pos, name string, operations []string) {
	m.Addf(at, "the API has no operation %q%s", name, spelling.DidYouMean(name, operations))
}

func (m mistakes) noResourceType(at syntax.Pos, id string, types []string) {
	m.Addf(at, "there is no resource type %q%s", id, spelling.DidYouMean(id, types))
}

func (m mistakes) noEntitlement(at syntax.Pos, name string, entitlements []string) {
	m.Addf(at, "there is no entitlement %q%s", name, spelling.DidYouMean(name, entitlements))
}

func (m mistakes) severalParents(at syntax.Pos, n int) {
	m.Addf(at, "a resource has one parent, not %d", n)
}

func (m mistakes) parentNotInID(at syntax.Pos, path string) {
	m.Addf(at, "%s is not a part of the id, so resources derived from other records would have no parent", path)
}

func (m mistakes) ignoredIsRead(at syntax.Pos, path, key string) {
	m.Addf(at, "%s is not ignored: %q reads it", path, key)
}

// Limits and errors.

func (m mistakes) parallelRequestsOutOfRange(at syntax.Pos) {
	m.Addf(at, "parallel_requests must be from 1 to 100")
}

func (m mistakes) perMinuteNotPositive(at syntax.Pos) {
	m.Addf(at, "requests per minute must be at least 1")
}

func (m mistakes) noErrorReply(at syntax.Pos) {
	m.Addf(at, "the API document does not describe error replies")
}

func (m mistakes) errorCodeMissing(at syntax.Pos) {
	m.Addf(at, `error codes need "code": the path to the code in an error reply`)
}

// Ids.

func (m mistakes) partTwice(at syntax.Pos, part string) {
	m.Addf(at, "the id has two parts named %q", part)
}

func (m mistakes) cannotBeID(at syntax.Pos, path, is string) {
	m.Addf(at, "%s is %s and cannot be part of an id", path, is)
}

func (m mistakes) idHasParts(at syntax.Pos, typ string, parts []string) {
	m.Addf(at, "the id of a %s has the parts %s; give a path to each", typ, strings.Join(parts, ", "))
}

func (m mistakes) noPart(at syntax.Pos, typ, part string, parts []string) {
	m.Addf(at, "the id of a %s has no part %q%s", typ, part, spelling.DidYouMean(part, parts))
}

func (m mistakes) notAPart(at syntax.Pos, part, typ string, parts []string) {
	m.Addf(at, "%q is not a part of the id of a %s%s", part, typ, cmp.Or(inOtherWords(part), spelling.DidYouMean(part, parts)))
}

func (m mistakes) partMissing(at syntax.Pos, typ, part string) {
	m.Addf(at, "the id of a %s needs %q", typ, part)
}

func (m mistakes) differentLists(at syntax.Pos, one, other string) {
	m.Addf(at, "%s and %s are different lists; their entries cannot be paired", one, other)
}

// Expressions.

func (m mistakes) templateNotAllowed(t syntax.Text) {
	m.Addf(t.Pos, "a text with paths in braces cannot stand here%s", cmp.Or(inOtherWords(t.Value), "; write a path"))
}

func (m mistakes) nestedBrackets(at syntax.Pos) {
	m.Addf(at, "brackets inside brackets")
}

func (m mistakes) closesNothing(at syntax.Pos, bracket string) {
	m.Addf(at, "%q has no opening bracket", bracket)
}

func (m mistakes) notClosed(at syntax.Pos, bracket string) {
	m.Addf(at, "%q is not closed", bracket)
}

func (m mistakes) groupWithoutPath(at syntax.Pos) {
	m.Addf(at, "no path in these brackets; text in brackets is left out when a path in it has no value")
}

func (m mistakes) parentNotUsable(at syntax.Pos, path, why string) {
	m.Addf(at, "%s: %s", path, why)
}

func (m mistakes) firstOfNoList(at syntax.Pos, path, is string) {
	m.Addf(at, `%s is %s; "first" needs a list; write %q`, path, is, path)
}

func (m mistakes) notWanted(at syntax.Pos, path, is, wanted string) {
	m.Addf(at, "%s is %s, but %s is expected here", path, is, wanted)
}

func (m mistakes) listForText(at syntax.Pos, path, is string) {
	m.Addf(at, "%s is %s, but text is expected here; write %q", path, is, "first "+path)
}

func (m mistakes) objectForText(at syntax.Pos, path, is, wanted string) {
	m.Addf(at, "%s is %s, but %s is expected here; name one of its fields", path, is, wanted)
}

func (m mistakes) objectInProfile(at syntax.Pos, path, is string) {
	m.Addf(at, "%s is %s; name one of its fields", path, is)
}

// Why parent.x cannot be used.

const noParentOfError = "an error has no parent"

func noParentHere(typ string) string { return fmt.Sprintf("a %s has no parent here", typ) }

func parentPaged(parent string) string {
	return fmt.Sprintf("the list of %s is paged, so a parent's record is not available", parent)
}

// Paths.

// pathMistake is what is wrong with a path, and where in it, in bytes.
type pathMistake struct {
	offset int
	what   string
}

// wrongPath reports a mistake in a path, at its place in the file.
func (m mistakes) wrongPath(at syntax.Pos, mistake *pathMistake) {
	m.Addf(at, "%s", mistake.what)
}

func pathMissing() *pathMistake { return &pathMistake{0, "a path is missing here"} }

func notAPath(offset int, written string) *pathMistake {
	return &pathMistake{offset, fmt.Sprintf("%q is not a field path%s", written, inOtherWords(written))}
}

var (
	indexed  = regexp.MustCompile(`^(?:first )?([\w.]+)\[(?:\d+|\*)?\]$`)
	orElse   = regexp.MustCompile(`^([\w.]+) *(?:\|\|?|\?\?) *([\w.]+)$`)
	inBraces = regexp.MustCompile(`^\$?\{+ *([\w. ]+?) *\}+$`)
	jsonPath = regexp.MustCompile(`^\$\.?([\w.]+)$`)
)

// inOtherWords says how a mapping writes what somebody wrote in another language.
func inOtherWords(written string) string {
	if m := indexed.FindStringSubmatch(written); m != nil {
		return fmt.Sprintf("; a path goes through a list without an index: write %q for the first entry, %q for all", "first "+m[1], m[1])
	}
	if m := orElse.FindStringSubmatch(written); m != nil {
		return fmt.Sprintf("; write %q", m[1]+" or "+m[2])
	}
	for _, form := range []*regexp.Regexp{inBraces, jsonPath} {
		if m := form.FindStringSubmatch(written); m != nil {
			return fmt.Sprintf("; write %q", m[1])
		}
	}
	return ""
}

func noField(offset int, holder, name string, fields []apitype.Field) *pathMistake {
	return &pathMistake{offset, fmt.Sprintf("%s has no field %q%s", holder, name, spelling.DidYouMean(name, apitype.Names(fields)))}
}

func noFieldIn(offset int, path string, is reflect.Type, name string) *pathMistake {
	return &pathMistake{offset, fmt.Sprintf("%s is %s and has no field %q", path, apitype.Describe(is), name)}
}

func secretRead(offset int, name string) *pathMistake {
	return &pathMistake{offset, fmt.Sprintf("%q is a secret: it cannot be read", name)}
}

// Fields of resources.

func (m mistakes) userWithoutTrait(at syntax.Pos) {
	m.Addf(at, `"user" belongs to a type with trait: user`)
}

func (m mistakes) statusTwice(at syntax.Pos, value string, status Status) {
	m.Addf(at, "%q already means %s", value, status)
}

func (m mistakes) statusWithoutValues(at syntax.Pos) {
	m.Addf(at, "status needs enabled, pending, disabled or deleted: which of the API's values mean it")
}

func (m mistakes) notANumber(at syntax.Pos, value, of string) {
	m.Addf(at, "%q is not a number, and %s has no other values", value, of)
}

func (m mistakes) zeroIsNoValue(at syntax.Pos, value, of string) {
	m.Addf(at, "%q never matches: a number that is 0 counts as no value, so a record with 0 in %s has no status", value, of)
}

func (m mistakes) notAsRead(at syntax.Pos, value, read string) {
	m.Addf(at, "%q never matches: the number is read as %q", value, read)
}

func (m mistakes) notAValue(at syntax.Pos, value, of string, values []string) {
	m.Addf(at, "%q is not a value of %s in the API%s", value, of, spelling.DidYouMean(value, values))
}

// Operations, their requests and replies.

func (m mistakes) recordsMissing(at syntax.Pos, what, operation string) {
	m.Addf(at, `%s needs "records": the path to the list of records in the reply of %s`, what, operation)
}

func (m mistakes) recordMissing(at syntax.Pos, key, record, operation string) {
	m.Addf(at, `%s needs "record": the path to %s in the reply of %s`, key, record, operation)
}

func (m mistakes) noRequestField(at syntax.Pos, operation, name string, fields []string) {
	m.Addf(at, "%s takes no %q%s", operation, name, spelling.DidYouMean(name, fields))
}

func (m mistakes) requestFieldTwice(at syntax.Pos, operation, name string) {
	m.Addf(at, "%s: %q is set twice", operation, name)
}

func (m mistakes) requestFieldMissing(at syntax.Pos, operation, field, key string) {
	m.Addf(at, "%s needs %q, which %q does not set", operation, field, key)
}

func (m mistakes) takesNoID(at syntax.Pos, field string, is reflect.Type) {
	m.Addf(at, "%s is %s and cannot be filled from an id", field, apitype.Describe(is))
}

// Pages.

func (m mistakes) sizeNotPositive(at syntax.Pos) {
	m.Addf(at, "size must be at least 1")
}

func (m mistakes) firstNegative(at syntax.Pos) {
	m.Addf(at, "first must not be negative")
}

func (m mistakes) noNextPage(at syntax.Pos) {
	m.Addf(at, "pages needs offset, page or cursor, to ask for the next page")
}

func (m mistakes) cursorWithPosition(at syntax.Pos) {
	m.Addf(at, "pages by cursor take neither offset nor page")
}

func (m mistakes) cursorWithoutNext(at syntax.Pos) {
	m.Addf(at, "cursor and next belong together: next says where the reply has the next cursor")
}

func (m mistakes) offsetWithoutSize(at syntax.Pos) {
	m.Addf(at, "pages by offset need a size: how far it is to the next page")
}

func (m mistakes) limitWithoutSize(at syntax.Pos) {
	m.Addf(at, "limit and size belong together: limit is the request field that takes the size")
}

func (m mistakes) firstWithoutPage(at syntax.Pos) {
	m.Addf(at, "first is the number of the first page; it needs page")
}

func (m mistakes) notForPaging(at syntax.Pos, path, is string) {
	m.Addf(at, "%s is %s and cannot be used for paging", path, is)
}

// Fixed values of a request.

func (m mistakes) notNarrowed(at syntax.Pos, field string, fields []string) {
	m.Addf(at, "%q is not a fixed field of the request%s", field, spelling.DidYouMean(field, fields))
}

func (m mistakes) noSuchField(at syntax.Pos, object, name string, fields []string) {
	m.Addf(at, "%s has no field %q%s", object, name, spelling.DidYouMean(name, fields))
}

func (m mistakes) badKey(at syntax.Pos, what string) {
	m.Addf(at, "a key of %s must be text and unique", what)
}

func (m mistakes) notJSON(at syntax.Pos, name, value string) {
	m.Addf(at, "%s is %s, which JSON cannot represent", name, value)
}

func (m mistakes) noOption(at syntax.Pos, option string, options []string) {
	m.Addf(at, "the connector has no option %q%s", option, spelling.DidYouMean(option, options))
}

func (m mistakes) optionDoesNotFit(at syntax.Pos, field string, is, option reflect.Type) {
	m.Addf(at, "%s is %s, but the option is %s", field, apitype.Describe(is), apitype.Describe(option))
}

// Entitlements, grants and what else shows resources.

func (m mistakes) alsoOfPagedList(at syntax.Pos, typ string) {
	m.Addf(at, `"also" needs a list in one reply, but the list of %s is paged`, typ)
}

func (m mistakes) likeNotInID(at syntax.Pos, path string) {
	m.Addf(at, "%s is not one of the paths under id, so the id does not say which resource this one is like", path)
}

func (m mistakes) wrongHolder(at syntax.Pos, entitlement string, holders []*ResourceType, typ string) {
	m.Addf(at, "%s can be held by %s, but this rule is in %s", entitlement, typeNames(holders), typ)
}

func (m mistakes) noSlug(at syntax.Pos, typ, slug string, slugs []string) {
	m.Addf(at, "a %s has no entitlement %q%s", typ, slug, spelling.DidYouMean(slug, slugs))
}

func (m mistakes) holdersOfSeveralTypes(at syntax.Pos, entitlement string, holders []*ResourceType) {
	m.Addf(at, "%s can be held by %s, but a list of holders has one type; give the others an entitlement of their own", entitlement, typeNames(holders))
}

func (m mistakes) holdersTwice(at syntax.Pos, entitlement, typ string) {
	m.Addf(at, "the holders of %s are given twice: here and by a rule under grants of %s", entitlement, typ)
}

func (m mistakes) ownParent(at syntax.Pos, typ string) {
	m.Addf(at, "every %s would be its own parent: this is the path to its own id", typ)
}

// Provisioning.

func (m mistakes) requiresItself(at syntax.Pos, entitlement string) {
	m.Addf(at, "%s is required for a grant of itself, so it could never be granted", entitlement)
}

func (m mistakes) listWanted(at syntax.Pos, field string, given []string) {
	m.Addf(at, "%s is a list; write [%s]", field, strings.Join(given, ", "))
}

func (m mistakes) oneValueWanted(at syntax.Pos, field string) {
	m.Addf(at, "%s is one value, not a list", field)
}

func (m mistakes) readOnlyAndProvisioned(at syntax.Pos, entitlement string) {
	m.Addf(at, "%s is read_only and has a grant or revoke as well", entitlement)
}

func (m mistakes) notProvisioned(at syntax.Pos, entitlement string) {
	m.Addf(at, "%s needs grant and revoke, or read_only: true", entitlement)
}

func (m mistakes) requiresOfRevoke(at syntax.Pos) {
	m.Addf(at, "requires is only for grant")
}

func (m mistakes) cannotCheckGrant(at syntax.Pos, holder, entitlement string) {
	m.Addf(at, "no rule under grants of %s reads %s, so a grant cannot be verified", holder, entitlement)
}

func (m mistakes) getMissing(at syntax.Pos, typ, what string) {
	m.Addf(at, `%s needs "get": the %s is read before %s`, typ, typ, what)
}

func (m mistakes) noHead(at syntax.Pos, ref, head string, heads []string) {
	forms := make([]string, len(heads))
	for i, h := range heads {
		forms[i] = headForms[h]
	}
	meant := ""
	if nearest := spelling.Nearest(head, heads); nearest != "" {
		meant = fmt.Sprintf("; did you mean %q?", nearest)
	}
	m.Addf(at, "%q is not one of %s%s", ref, strings.Join(forms, ", "), cmp.Or(inOtherWords(ref), meant))
}

func (m mistakes) firstNotHere(at syntax.Pos) {
	m.Addf(at, `"first" stands only before %s`, headForms[headRecord])
}

func (m mistakes) partNotKnown(at syntax.Pos, ref, typ string, parts []string) {
	m.Addf(at, "%s is not available here: only the parts of the id of a %s are (%s)", ref, typ, strings.Join(parts, ", "))
}

func (m mistakes) recordsDiffer(at syntax.Pos, ref string, types []*ResourceType) {
	m.Addf(at, "%s: the records of %s are of different types", ref, typeNames(types))
}

func (m mistakes) notGiven(at syntax.Pos, head, name string, names []string) {
	m.Addf(at, "there is no %s.%s%s", head, name, spelling.DidYouMean(name, names))
}

func (m mistakes) noKeyGiven(at syntax.Pos, of, key string, keys []string) {
	m.Addf(at, "%s has no key %q%s", of, key, spelling.DidYouMean(key, keys))
}

func (m mistakes) tableWanted(at syntax.Pos, field string) {
	m.Addf(at, "%s is an object; write a table of its fields", field)
}

func (m mistakes) noTable(at syntax.Pos, field string, is reflect.Type) {
	m.Addf(at, "%s is %s, not a table of fields", field, apitype.Describe(is))
}

func (m mistakes) differentParts(at syntax.Pos, ref string, types []*ResourceType) {
	m.Addf(at, "%s is not the same part of the ids of %s", ref, typeNames(types))
}

func (m mistakes) cannotBeRequired(at syntax.Pos, holder, entitlement string) {
	m.Addf(at, "no rule under grants of %s reads %s, so it cannot be required", holder, entitlement)
}

func (m mistakes) onThePrincipal(at syntax.Pos, ref string) {
	m.Addf(at, "%s: only parts of the resource's id are available here; write resource.PART", ref)
}

// Writes that would change more than one grant.

func (m mistakes) notAWrite(at syntax.Pos, key, operation, method string) {
	m.Addf(at, "%s calls %s, which is a %s and changes nothing", key, operation, method)
}

func (m mistakes) deletes(at syntax.Pos, operation, typ, get string) {
	m.Addf(at, "%s deletes the %s itself: it is the DELETE of what %s reads", operation, typ, get)
}

func (m mistakes) principalNotUsed(at syntax.Pos, key string, parts []string) {
	m.Addf(at, `%s does not say whose it is: "with" needs %s`, key, headed(headPrincipal, parts, " or "))
}

func (m mistakes) resourceNotUsed(at syntax.Pos, key, typ string, parts []string) {
	m.Addf(at, `%s does not say on which %s: "with" needs %s; without it other grants would change`, key, typ, headed(headResource, parts, " and "))
}

// headed returns references to parts.
func headed(head string, parts []string, joined string) string {
	refs := make([]string, len(parts))
	for i, part := range parts {
		refs[i] = head + "." + part
	}
	return strings.Join(refs, joined)
}

func (m mistakes) revokesAsGranted(at syntax.Pos, entitlement string) {
	m.Addf(at, "revoke is the same call as grant, so one of them does the opposite for %s", entitlement)
}

func (m mistakes) bodyNotFilled(at syntax.Pos, operation string) {
	m.Addf(at, "the body of %s is a list, which a mapping cannot fill; it would be sent empty", operation)
}

func (m mistakes) grantReplaces(at syntax.Pos, field, operation string) {
	m.Addf(at, "%s is a list in the body of %s, a PUT: it takes the place of the list that is there, and whoever else is in it loses access; grant with an operation that adds one", field, operation)
}

func (m mistakes) replacesOfGrant(at syntax.Pos) {
	m.Addf(at, "a grant must not replace a list: whoever else is in it loses access; grant with an operation that adds one")
}

func (m mistakes) replacesNotGiven(at syntax.Pos, field, operation string) {
	m.Addf(at, "%s is a list in the body of %s, a PUT: it takes the place of the list that is there; if that is right, write replaces: true", field, operation)
}

func (m mistakes) mayReplace(at syntax.Pos, field, operation string) {
	m.Addf(at, "%s is a list in the body of %s, which may take the place of the list that is there; write replaces: true if so (only in revoke), or replaces: false", field, operation)
}

func (m mistakes) replacesNothing(at syntax.Pos, operation string) {
	m.Addf(at, "nothing in the body of %s is a list that may be replaced; remove it", operation)
}

func (m mistakes) referenceInRequest(at syntax.Pos, ref string) {
	m.Addf(at, `"request" would send the text %q as it stands; references belong in "with"`, ref)
}

func (m mistakes) notCompared(at syntax.Pos, holders, entitlement string) {
	m.Addf(at, "no rule under grants of %s reads %s, so its grants are not compared; remove it", holders, entitlement)
}

// Deletion and actions.

func (m mistakes) actionCallsDelete(at syntax.Pos, action, operation, typ string) {
	m.Addf(at, `%s calls %s, with which "delete" deletes a %s; an action is offered without --provisioning`, action, operation, typ)
}

func (m mistakes) whichNotSaid(at syntax.Pos, key, typ string, parts []string) {
	m.Addf(at, `%s does not say which %s: "with" needs %s`, key, typ, headed(headResource, parts, " and "))
}

func (m mistakes) accountKindWithoutTrait(at syntax.Pos, kind string) {
	m.Addf(at, "kind: %s is for a type with trait: user", kind)
}

func (m mistakes) actionTwice(at syntax.Pos, name, typ string) {
	m.Addf(at, "the connector already has an action %q, of %s: actions with a kind that begins with account need different names", name, typ)
}

func (m mistakes) kindTwice(at syntax.Pos, kind, typ, action string) {
	m.Addf(at, "a %s already has an action with kind: %s, which is %q", typ, kind, action)
}

func (m mistakes) statusNotThere(at syntax.Pos, key, status, typ string) {
	m.Addf(at, "%s: %s needs a status of %s: nothing says which of the API's values mean %s", key, status, typ, status)
}

func (m mistakes) becomesOther(at syntax.Pos, kind string, becomes Status) {
	m.Addf(at, "kind: %s does not end with the status %s", kind, becomes)
}

func (m mistakes) inputIsResource(at syntax.Pos, name, typ string) {
	m.Addf(at, "%q is the %s that the action is for, and is asked for in any case", name, typ)
}

func (m mistakes) secretWritten(at syntax.Pos, name string) {
	m.Addf(at, "%q is a secret: it cannot be in a mapping", name)
}

func (m mistakes) secretInput(at syntax.Pos, name string) {
	m.Addf(at, "%s looks like a secret: inputs of actions are in logs", name)
}

func (m mistakes) inputNotUsed(at syntax.Pos, input string) {
	m.Addf(at, "no call of the action uses input.%s", input)
}

func (m mistakes) inputOfTwoKinds(at syntax.Pos, input, one, other string) {
	m.Addf(at, "input.%s is used as %s and as %s", input, one, other)
}

func (m mistakes) cannotBeAskedFor(at syntax.Pos, input string, is reflect.Type) {
	m.Addf(at, "input.%s is used as %s, which cannot be asked for", input, apitype.Describe(is))
}

func (m mistakes) objectNotUsedWhole(at syntax.Pos, input string) {
	m.Addf(at, "input.%s is an object; use its keys", input)
}

// Accounts.

func (m mistakes) accountWithoutTrait(at syntax.Pos) {
	m.Addf(at, `"account" belongs to a type with trait: user`)
}

func (m mistakes) secondAccount(at syntax.Pos, other string) {
	m.Addf(at, "only one type can have an account, and %s has one", other)
}

func (m mistakes) requiredWithDefault(at syntax.Pos, field string) {
	m.Addf(at, "%s is required and has a default as well", field)
}

func (m mistakes) fieldNotUsed(at syntax.Pos, field string) {
	m.Addf(at, "nothing uses account.%s", field)
}

func (m mistakes) fieldDoesNotFit(at syntax.Pos, ref string, is reflect.Type) {
	m.Addf(at, "%s cannot be %s: a field of an account is text, a truth value, a whole number, a list of text or a free-form object", ref, apitype.Describe(is))
}

func (m mistakes) fieldOfTwoKinds(at syntax.Pos, ref string, kind, before FieldKind) {
	m.Addf(at, "%s is %s here, and %s elsewhere", ref, kind.described(), before.described())
}

func (m mistakes) secretField(at syntax.Pos, name string) {
	m.Addf(at, "%s looks like a secret: what is asked for is kept and shown; a password is made by random_password", name)
}

func (m mistakes) passwordNotSent(at syntax.Pos) {
	m.Addf(at, `random_password needs a request field that takes the password: with: {...: password}`)
}

func (m mistakes) noCredential(at syntax.Pos) {
	m.Addf(at, "credentials need no_password or random_password")
}

// Warnings.

func (m mistakes) becomesMissing(at syntax.Pos, action, kind string) {
	m.Addf(at, `%q has kind: %s and no "becomes", so that nothing verifies the status`, action, kind)
}

func (m mistakes) actionDeletes(at syntax.Pos, operation string) {
	m.Addf(at, `%s looks like a deletion, which an action is not; use "delete"`, operation)
}

func (m mistakes) mayNotBeFound(at syntax.Pos, ref string) {
	m.Addf(at, "%s can lack a value, since none of its fields is required; without it the account cannot be created", ref)
}

func (m mistakes) neverGranted(at syntax.Pos, holder, entitlement string) {
	m.Addf(at, "no rule under grants of %s reads %s, so no grant of it is synced", holder, entitlement)
}

func (m mistakes) unpagedList(at syntax.Pos, operation string, fields []string) {
	m.Addf(at, `%s takes %s, so its list comes in pages; without "pages" only the first is read`, operation, strings.Join(fields, " and "))
}

func (m mistakes) accessNotRead(at syntax.Pos, operation, list string) {
	m.Addf(at, "each record of %s has the list %s, which looks like access, but no rule reads it; add a rule, or a reason: ignored: {%s: ...}", operation, list, list)
}

func (m mistakes) valuesNotNamed(at syntax.Pos, path string, values []string) {
	m.Addf(at, "%s may be %s, which has no status here; name its meaning, or a reason: ignored: {%s: ...}", path, strings.Join(values, " or "), values[0])
}

func (m mistakes) narrowedWithoutReason(at syntax.Pos, operation string, n Narrowing) {
	m.Addf(at, "every request of %s has %s: %s, and what that leaves out is not synced; if that is meant, give a reason: narrowed: {%s: ...}", operation, n.Field, n.Value, n.Field)
}

func (m mistakes) neverReached(at syntax.Pos, path string) {
	m.Addf(at, "the API has %s in every record, so what follows \"or\" is not read", path)
}

func (m mistakes) ruleTwice(at syntax.Pos, entitlement string) {
	m.Addf(at, "a rule above reads the same for %s", entitlement)
}

func (m mistakes) sameHolders(at syntax.Pos, entitlement, before string) {
	m.Addf(at, "the same request lists the holders of %s and %s, so who holds one is shown with both", before, entitlement)
}

func (m mistakes) otherPageField(at syntax.Pos, key, field, meant string) {
	m.Addf(at, "%s is put into %s; did you mean %q?", key, field, meant)
}

func (m mistakes) besideNotRead(at syntax.Pos, path, entitlement string) {
	m.Addf(at, "%s stands beside the id and may say that %s is not held, or by something else, but nothing reads it; give a reason: ignored: {%s: ...}", path, entitlement, path)
}

func (m mistakes) partNotRead(at syntax.Pos, path, part, typ string) {
	m.Addf(at, "the id of a %s has the part %s, and %s stands beside what this rule reads; without it, the id is that of another %s; add %s: %s", typ, part, path, typ, part, path)
}

func (m mistakes) userWithout(at syntax.Pos, typ, key, field string) {
	m.Addf(at, "a %s has no %s here, though its record has %s; use it, or give a reason: ignored: {%s: ...}", typ, key, field, field)
}

func (m mistakes) changed(at syntax.Pos, what, against string) {
	m.Addf(at, "%s (against %s)", what, against)
}
