package mapping

import (
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/mapping/internal/apitype"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// warner finds what is legal in a mapping without mistakes, and probably wrong.
type warner struct {
	mistakes
	plan *Plan
	doc  *syntax.Document
}

func (w *warner) warn() {
	for i := range w.doc.ResourceTypes.Entries {
		e := &w.doc.ResourceTypes.Entries[i]
		w.unpaged(e.Value.List.Operation, w.plan.Types[i].List)
		w.unreadAccess(e, w.plan.Types[i])
		w.sameTwice(&e.Value, w.plan.Types[i])
		w.account(&e.Value.Account, w.plan.Types[i].Account)
		w.bareUser(&e.Value, w.plan.Types[i])
		w.unreadBeside(&e.Value, w.plan.Types[i])
		for j := range e.Value.Entitlements.Entries {
			w.entitlement(&e.Value.Entitlements.Entries[j], w.plan.Types[i].Entitlements[j])
		}
		for j := range e.Value.Actions.Entries {
			w.action(&e.Value.Actions.Entries[j], w.plan.Types[i].Actions[j])
		}
	}
}

func (w *warner) action(doc *syntax.Entry[syntax.Action], a *Action) {
	if endsWith[a.Kind] != StatusUnknown && a.Becomes == StatusUnknown {
		w.becomesMissing(doc.Key.Pos, a.Name, string(a.Kind))
	}
	for i, call := range a.Calls {
		deletes := call.Operation.Method == http.MethodDelete || strings.HasPrefix(strings.ToLower(call.Operation.Name), "delete")
		if deletes {
			w.actionDeletes(doc.Value.Call[i].Operation.Pos, call.Operation.Name)
		}
	}
}

func (w *warner) entitlement(doc *syntax.Entry[syntax.Entitlement], e *Entitlement) {
	if e.Holders != nil {
		w.unpaged(doc.Value.Holders.Operation, e.Holders.List)
		return
	}
	for _, holder := range e.GrantableTo {
		if !slices.ContainsFunc(holder.Grants, func(r *GrantRule) bool { return r.Entitlement == e }) {
			w.neverGranted(doc.Key.Pos, holder.ID, e.Name())
		}
	}
}

// account warns of an account that cannot be looked for without fields that nobody has
// to give.
func (w *warner) account(doc *syntax.Account, a *Account) {
	if a == nil {
		return
	}
	for _, f := range a.Find.with {
		if !a.always(f.argument) {
			w.mayNotBeFound(doc.Find.With.Pos, f.String())
		}
	}
}

// always reports whether an argument has a value whatever is given for an account.
func (a *Account) always(arg argument) bool {
	switch {
	case arg.ref != nil:
		return slices.ContainsFunc(a.Fields, func(f AccountField) bool {
			return (f.Required || f.Default != nil) && mentions(arg.ref, f.Name)
		})
	case arg.isList:
		return slices.ContainsFunc(arg.list, a.always)
	}
	return slices.ContainsFunc(arg.fields, func(f field) bool { return a.always(f.argument) })
}

// mentions reports whether a reference is to an account field, or one of its
// alternatives is.
func mentions(r reference, field string) bool {
	switch r := r.(type) {
	case alternatives:
		return slices.ContainsFunc(r, func(inner reference) bool { return mentions(inner, field) })
	case filledReference:
		return mentions(r.reference, field)
	case givenReference:
		return r.name == field
	}
	return false
}

// nextPageFields are the request fields that ask for another page, in small
// letters and without separators.
var nextPageFields = []string{"page", "pagenumber", "pageno", "pagetoken", "offset", "skip", "start", "startat", "startindex", "cursor", "after", "startingafter", "nexttoken"}

var separators = strings.NewReplacer("_", "", "-", "")

// unpaged warns of a list that comes in pages, of which only the first is read.
// A field that the mapping sets itself does not count.
func (w *warner) unpaged(operation syntax.Text, l *List) {
	if l.Pages != nil {
		return
	}
	var asks []string
	for _, f := range apitype.RequestFields(l.Operation) {
		steers := apitype.KindOf(f.Type) == apitype.KindNumber || apitype.KindOf(f.Type) == apitype.KindText
		if steers && !l.gives(f.Index) && slices.Contains(nextPageFields, plainName(f.Name)) {
			asks = append(asks, f.Name)
		}
	}
	if len(asks) > 0 {
		w.unpagedList(operation.Pos, l.Operation.Name, asks)
	}
}

// accessName matches the names of lists that look like access: defaultRoles,
// roleNames, tenant_ids, ssoAppIds.
var accessName = regexp.MustCompile(`(?i)(role|tenant|group|app|permission)(s|s?[_-]?(names|ids|keys))$`)

// unreadAccess warns of the lists in a type's records that look like access
// and that nothing reads.
func (w *warner) unreadAccess(e *syntax.Entry[syntax.ResourceType], t *ResourceType) {
	for _, path := range accessLists(t.record, "", nil, w.known(t.record)) {
		w.accessNotRead(e.Key.Pos, t.List.Operation.Name, path)
	}
}

// accessLists returns the paths of the lists in an object that look like access
// and are not known. inside are the types that the object is in.
func accessLists(object reflect.Type, prefix string, inside []reflect.Type, known []string) []string {
	if slices.Contains(inside, object) {
		return nil
	}
	inside = append(slices.Clone(inside), object)
	var found []string
	for _, f := range apitype.FieldsOf(object) {
		path, typ := prefix+f.Name, apitype.Deref(f.Type)
		if apitype.KindOf(typ) == apitype.KindList && accessName.MatchString(f.Name) && !isKnown(path, known) {
			found = append(found, path)
			continue
		}
		for apitype.KindOf(typ) == apitype.KindList {
			typ = apitype.Deref(typ.Elem())
		}
		if apitype.KindOf(typ) == apitype.KindObject {
			found = append(found, accessLists(typ, path+".", inside, known)...)
		}
	}
	return found
}

var (
	// statusName matches fields that may say whether a user is in use, in small letters
	// and without separators.
	statusName = regexp.MustCompile(`^(account|user)?(status|state)$|^(is)?(active|enabled|disabled|suspended|deactivated|blocked|locked)$`)
	// loginName matches fields that may say what a user signs in with.
	loginName = regexp.MustCompile(`^(login|loginids?|logins|loginname|username|userprincipalname)$`)
)

// bareUser warns of users without a status or a login that their records have.
func (w *warner) bareUser(doc *syntax.ResourceType, t *ResourceType) {
	if t.Trait != TraitUser {
		return
	}
	hasLogin := slices.ContainsFunc(t.fields.user, func(f userField) bool { return f.key == "login" && f.expr != nil })
	for _, lacking := range []struct {
		key   string
		given bool
		names *regexp.Regexp
	}{{"status", t.fields.status != nil, statusName}, {"user.login", hasLogin, loginName}} {
		for _, f := range apitype.FieldsOf(t.record) {
			kind := apitype.KindOf(f.Type)
			scalar := kind == apitype.KindText || kind == apitype.KindBool || kind == apitype.KindList
			if !lacking.given && scalar && lacking.names.MatchString(plainName(f.Name)) && !slices.Contains(t.ignored, f.Name) {
				w.userWithout(doc.Trait.Pos, t.ID, lacking.key, f.Name)
				break
			}
		}
	}
}
