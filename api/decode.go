package api

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Misfit is a value of a reply that is not what the API document says.
type Misfit struct {
	// Path leads to the value: field names, and the indexes of entries of lists.
	Path []string
	// Found says what is there: "text", "null", or "absent".
	Found string
}

func (m Misfit) String() string {
	path := strings.Join(m.Path, ".")
	switch {
	case path == "":
		return "it is " + m.Found
	case m.Found == absent:
		return fmt.Sprintf("it has no %q", path)
	}
	return fmt.Sprintf("its %q is %s", path, m.Found)
}

const absent = "absent"

// found says what a value of a JSON kind is.
func found(kind jsontext.Kind) string {
	switch kind {
	case '"':
		return "text"
	case '0':
		return "a number"
	case 't', 'f':
		return "a truth value"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 'n':
		return "null"
	default:
		return absent
	}
}

// Decode reads one JSON value, and nothing after it, into what into points to.
// Names are exact, and what JSON leaves open is refused: a name that an object
// has twice, and text that is not Unicode. Values that do not fit their place
// are left out of it, and returned; the error is about JSON alone. Numbers in
// free-form fields stay json.Number, so that a long integer keeps its digits.
func Decode(body []byte, into any) ([]Misfit, error) {
	err := json.Unmarshal(body, into, numbers)
	if err == nil {
		return nil, nil
	}
	if misfit := (*json.SemanticError)(nil); !errors.As(err, &misfit) {
		return nil, syntaxError(body, err)
	}
	// Once more, with an eye on each value: that takes longer.
	reflect.ValueOf(into).Elem().SetZero()
	var l lenient
	if err := json.Unmarshal(body, into, json.WithUnmarshalers(json.UnmarshalFromFunc(l.decode))); err != nil {
		return nil, syntaxError(body, err)
	}
	return l.misfits, nil
}

// numbers keeps the digits of numbers in free-form fields.
var numbers = json.WithUnmarshalers(json.JoinUnmarshalers(
	json.UnmarshalFromFunc(func(decoder *jsontext.Decoder, into *any) error {
		if decoder.PeekKind() != '0' {
			return errors.ErrUnsupported
		}
		number, err := decoder.ReadValue()
		*into = stdjson.Number(number)
		return err
	}),
	json.UnmarshalFromFunc(func(decoder *jsontext.Decoder, into *stdjson.Number) error {
		if decoder.PeekKind() != '0' {
			return errors.ErrUnsupported
		}
		number, err := decoder.ReadValue()
		*into = stdjson.Number(number)
		return err
	}),
))

// lenient decodes what fits, and notes what does not.
type lenient struct{ misfits []Misfit }

func (l *lenient) decode(decoder *jsontext.Decoder, into any) error {
	target := reflect.ValueOf(into).Elem()
	kind := decoder.PeekKind()
	if goesInto(target, kind) {
		return errors.ErrUnsupported
	}
	value, err := decoder.ReadValue()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(value, into, numbers); err != nil {
		target.SetZero()
		l.misfits = append(l.misfits, Misfit{Path: tokens(decoder.StackPointer()), Found: found(kind)})
	}
	return nil
}

// goesInto reports whether a value of a JSON kind fits a type as far as one can
// see without what is inside it.
func goesInto(target reflect.Value, kind jsontext.Kind) bool {
	switch target.Addr().Interface().(type) {
	case json.Unmarshaler, json.UnmarshalerFrom, interface{ UnmarshalText([]byte) error }:
		return false
	}
	switch target.Kind() {
	case reflect.Pointer:
		return true
	case reflect.Struct, reflect.Map:
		return kind == '{'
	case reflect.Slice, reflect.Array:
		return kind == '[' && target.Type().Elem().Kind() != reflect.Uint8
	}
	return false
}

func tokens(pointer jsontext.Pointer) []string {
	var all []string
	for token := range pointer.Tokens() {
		all = append(all, token)
	}
	return all
}

func syntaxError(body []byte, err error) error {
	var syntax *jsontext.SyntacticError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &ReplyError{Reason: "the JSON ends too early", Truncated: true, Err: err}
	case !errors.As(err, &syntax):
		return &ReplyError{Reason: "not JSON", Err: err}
	}
	reason := "not JSON at byte %d"
	switch text := syntax.Err.Error(); {
	case errors.Is(err, jsontext.ErrDuplicateName):
		reason = "an object has a name twice, at byte %d"
	case strings.Contains(text, "UTF-8"):
		reason = "not UTF-8 at byte %d"
	case strings.Contains(text, "surrogate pair"):
		reason = "half a character (a lone surrogate) at byte %d"
	}
	return &ReplyError{Reason: fmt.Sprintf(reason, syntax.ByteOffset), Err: err}
}

// lacking returns the places in a reply where a field is absent or null that the
// document requires, at its top level or in an object inside: a list that is
// absent must not pass for an empty one. A list that is present and null is an
// empty list. Entries of lists are not looked into: what a record needs is for
// its reader to say.
func lacking(body []byte, reply reflect.Value, path []string) []Misfit {
	reply = reflect.Indirect(reply)
	if reply.Kind() != reflect.Struct || !mayLack(reply) {
		return nil
	}
	var present map[string]jsontext.Value
	if json.Unmarshal(body, &present) != nil {
		return nil // No object: a misfit that is known.
	}
	var all []Misfit
	for i := range reply.NumField() {
		name, required := documented(reply.Type().Field(i))
		value, ok := present[name]
		null := value.Kind() == 'n'
		switch at := slices.Concat(path, []string{name}); {
		case name == "" || !required && (!ok || null) || null && reply.Field(i).Kind() == reflect.Slice:
		case !ok || null:
			all = append(all, Misfit{Path: at, Found: found(value.Kind())})
		default:
			all = append(all, lacking(value, reply.Field(i), at)...)
		}
	}
	return all
}
