package mapping

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// Account says how an account, a resource of a type, is created.
type Account struct {
	// Fields are what is asked for, in the order of the file.
	Fields []AccountField
	// Find finds an account by the values that it is to have. Its replies have the record.
	Find *Call
	// Credentials are what a new user can sign in with; the first is preferred.
	Credentials []Credential
	// ForceChange makes a new user change the password at the next sign-in; nil when
	// that is not possible.
	ForceChange *Call

	created access // in a reply to Create; nil when the mapping does not say
}

// AccountField is a value that whoever creates an account is asked for.
type AccountField struct {
	Name, DisplayName, Description, Placeholder string

	Kind     FieldKind
	Required bool
	// Default is the value of a field that is not given: a string, a bool, an int64, a
	// []string or a map[string]any by the kind; nil for none.
	Default any
}

// FieldKind is what kind of value an account field, or an input of an action, is.
type FieldKind string

// The kinds of values that are asked for.
const (
	FieldText   FieldKind = "text"
	FieldTruth  FieldKind = "yes or no"
	FieldNumber FieldKind = "whole number"
	FieldTexts  FieldKind = "list of texts"
	FieldObject FieldKind = "object"
)

// described says what a value of the kind is, for messages.
func (k FieldKind) described() string {
	switch k {
	case FieldTruth:
		return "true or false"
	case FieldText:
		return "text"
	case FieldNumber, FieldTexts, FieldObject:
	}
	return article(string(k)) + " " + string(k)
}

// Credential is a way to create an account.
type Credential struct {
	Kind CredentialKind
	// Create creates the account. With RandomPassword it sends Inputs.Password.
	Create *Call
}

// CredentialKind is what a new user can sign in with.
type CredentialKind string

// The credentials that a mapping can name.
const (
	NoPassword     CredentialKind = "no_password"
	RandomPassword CredentialKind = "random_password"
)

// String returns the kind in words.
func (k CredentialKind) String() string { return strings.ReplaceAll(string(k), "_", " ") }

// Credential returns the way to create an account with a credential; false when it is
// not offered.
func (a *Account) Credential(kind CredentialKind) (Credential, bool) {
	return find(a.Credentials, func(c Credential) bool { return c.Kind == kind })
}

// IsNew reports whether the account was created by the call with this reply: false when
// the reply says that it was there.
func (a *Account) IsNew(reply any) bool {
	if a.created == nil {
		return true
	}
	created := indirect(a.created.get(reflect.ValueOf(reply)))
	return created.Kind() != reflect.Bool || created.Bool()
}

// Values checks what is given for the fields of an account, decoded as JSON is, and
// returns it with the defaults of the fields that are not given. A truth value or a
// number may be given as text. What is nil is not given. An error names every field
// that is wrong.
func (a *Account) Values(given map[string]any) (map[string]any, error) {
	values, wrong, names := map[string]any{}, []string{}, a.FieldNames()
	for _, name := range sortedKeys(given) {
		if !slices.Contains(names, name) && given[name] != nil {
			wrong = append(wrong, fmt.Sprintf("there is no field %q%s", name, spelling.DidYouMean(name, names)))
		}
	}
	for _, f := range a.Fields {
		value := given[f.Name]
		if value == nil {
			value = f.Default
		}
		if f.Required && (value == nil || isEmpty(value) && f.Kind != FieldTruth) {
			wrong = append(wrong, fmt.Sprintf("%q is required: %s", f.Name, f.DisplayName))
			continue
		}
		if value == nil {
			continue
		}
		read, ok := f.Kind.read(value)
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%q is not %s", f.Name, f.Kind.described()))
			continue
		}
		values[f.Name] = read
	}
	if len(wrong) > 0 {
		return nil, errors.New(strings.Join(wrong, "; "))
	}
	return values, nil
}

// FieldNames returns the names of the fields.
func (a *Account) FieldNames() []string {
	names := make([]string, len(a.Fields))
	for i, f := range a.Fields {
		names[i] = f.Name
	}
	return names
}

// read returns a value as the kind has it; false when it is of another kind.
func (k FieldKind) read(value any) (any, bool) {
	switch k {
	case FieldText:
		text, ok := value.(string)
		return text, ok
	case FieldTruth:
		return readTruth(value)
	case FieldNumber:
		return readNumber(value)
	case FieldTexts:
		return readTexts(value)
	case FieldObject:
	}
	object, ok := value.(map[string]any)
	return object, ok
}

func readTruth(value any) (truth, ok bool) {
	if text, isText := value.(string); isText {
		truth = text == "true"
		return truth, truth || text == "false"
	}
	truth, ok = value.(bool)
	return truth, ok
}

// maxExact is up to where every whole number is a float64.
const maxExact = 1 << 53

func readNumber(value any) (int64, bool) {
	switch v := value.(type) {
	case int64:
		return v, true
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		return n, err == nil
	case float64:
		return int64(v), v == math.Trunc(v) && math.Abs(v) <= maxExact
	}
	return 0, false
}

func readTexts(value any) ([]string, bool) {
	if texts, ok := value.([]string); ok {
		return texts, true
	}
	entries, ok := value.([]any)
	texts := make([]string, len(entries))
	for i, entry := range entries {
		text, isText := entry.(string)
		texts[i], ok = text, ok && isText
	}
	return texts, ok
}

// calls returns every call of the account.
func (a *Account) calls() []*Call {
	var all []*Call
	if a.Find != nil { // It has a mistake otherwise.
		all = append(all, a.Find)
	}
	for _, c := range a.Credentials {
		all = append(all, c.Create)
	}
	if a.ForceChange != nil {
		all = append(all, a.ForceChange)
	}
	return all
}
