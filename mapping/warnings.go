package mapping

import (
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
		w.bareUser(&e.Value, w.plan.Types[i])
		w.unreadBeside(&e.Value, w.plan.Types[i])
		for j := range e.Value.Entitlements.Entries {
			w.entitlement(&e.Value.Entitlements.Entries[j], w.plan.Types[i].Entitlements[j])
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
		fixed := slices.ContainsFunc(l.request.fixed, func(given fixedField) bool { return slices.Equal(given.index, f.Index) })
		if steers && !fixed && slices.Contains(nextPageFields, plainName(f.Name)) {
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
