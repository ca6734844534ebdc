package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/conductorone/baton-descope/internal/spelling"
	"github.com/conductorone/baton-descope/mapping/internal/syntax"
)

// Action is something that can be done with a resource.
type Action struct {
	Name        string
	DisplayName string
	Description string
	Kind        ActionKind
	// Inputs are what is asked for besides the resource, in the order of the file.
	Inputs []*Input
	// Calls are sent one after the other.
	Calls []*Call
	// Becomes is the status that the resource has afterwards, and OnlyIf the one that it
	// must have before; StatusUnknown when the mapping does not say.
	Becomes, OnlyIf Status
}

// ActionKind is what ConductorOne may use an action for.
type ActionKind string

// The kinds of actions that a mapping can name.
const (
	ActionDynamic              ActionKind = ""
	ActionAccount              ActionKind = syntax.AccountKind
	ActionAccountEnable        ActionKind = syntax.AccountEnableKind
	ActionAccountDisable       ActionKind = syntax.AccountDisableKind
	ActionAccountUpdateProfile ActionKind = syntax.AccountUpdateProfileKind
	ActionEnable               ActionKind = syntax.EnableKind
	ActionDisable              ActionKind = syntax.DisableKind
)

// OfAccount reports whether actions of this kind are the connector's, and not those of
// a resource type.
func (k ActionKind) OfAccount() bool { return strings.HasPrefix(string(k), syntax.AccountKind) }

// Input is a value that an action asks for.
type Input struct {
	Name        string
	DisplayName string
	Description string
	Placeholder string
	Required    bool
	Kind        FieldKind
	// Keys are those of an object; nil for other kinds, and for an object that is free.
	Keys []string
}

// ShowsStatus reports whether the i-th call is one after which the resource has the
// status that the action is for: one whose reply has the record, or the last if there
// is none.
func (a *Action) ShowsStatus(i int) bool {
	if a.Becomes == StatusUnknown {
		return false
	}
	if slices.ContainsFunc(a.Calls, (*Call).ReturnsRecord) {
		return a.Calls[i].ReturnsRecord()
	}
	return i == len(a.Calls)-1
}

// ReadInputs returns what a caller gives an action, by name, as Inputs.Input takes it. An
// object may be given as JSON text. nil is the same as absent. What is not asked for is
// an error, and so is what is required and absent.
func (a *Action) ReadInputs(given map[string]any) (map[string]any, error) {
	read := map[string]any{}
	var names []string
	for _, in := range a.Inputs {
		names = append(names, in.Name)
		value, err := in.read(given[in.Name])
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s: %w", in.Name, err)
		case value != nil:
			read[in.Name] = value
		case in.Required:
			return nil, fmt.Errorf("%s is required", in.Name)
		}
	}
	for _, name := range sortedKeys(given) {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("there is no argument %q%s", name, spelling.DidYouMean(name, names))
		}
	}
	return read, nil
}

// read returns a value as the request takes it; nil when it is absent.
func (in *Input) read(value any) (any, error) {
	if value == nil {
		return nil, nil
	}
	if in.Kind != FieldObject {
		read, ok := in.Kind.read(value)
		if !ok {
			return nil, fmt.Errorf("%s is expected", in.Kind.described())
		}
		return read, nil
	}
	if text, ok := value.(string); ok {
		if strings.TrimSpace(text) == "" {
			return nil, nil
		}
		decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
		decoder.UseNumber()
		if err := decoder.Decode(&value); err != nil {
			return nil, errors.New("the text is not JSON")
		}
		if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
			return nil, errors.New("the text is more than one JSON value")
		}
		if value == nil {
			return nil, nil
		}
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errors.New("a JSON object is expected")
	}
	if in.Keys == nil {
		return object, nil
	}
	for _, key := range sortedKeys(object) {
		if !slices.Contains(in.Keys, key) {
			return nil, fmt.Errorf("there is no key %q%s", key, spelling.DidYouMean(key, in.Keys))
		}
	}
	return object, nil
}
