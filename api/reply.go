package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"
)

// StatusError is a reply whose status is not 2xx.
type StatusError struct {
	StatusCode int
	Header     http.Header
	// Body is the start of the reply's body, at most 64 KiB.
	Body []byte
}

// maxErrorBody is how much of an error reply is read, in bytes.
const maxErrorBody = 64 << 10

func (e *StatusError) Error() string {
	return fmt.Sprintf("HTTP %d %s", e.StatusCode, http.StatusText(e.StatusCode))
}

// ReplyError is a 2xx reply that is not what the API document says. It quotes
// nothing of the reply: it may be anybody's.
type ReplyError struct {
	// Reason says what is wrong with the reply.
	Reason string
	// Truncated tells that the reply ended too early, so that another try may help.
	Truncated bool
	// Foreign tells that the reply is not JSON by its own word: a web page perhaps,
	// and not the API's.
	Foreign bool
	Err     error
}

func (e *ReplyError) Error() string { return "unusable reply: " + e.Reason }

func (e *ReplyError) Unwrap() error { return e.Err }

// ReadReply reads a reply into a T. It takes the results of the generated
// client's methods as they come.
func ReadReply[T any](resp *http.Response, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) //nolint:errcheck // The status is the error; the body only explains it.
		return nil, &StatusError{StatusCode: resp.StatusCode, Header: resp.Header, Body: body}
	}
	reply := new(T)
	if reflect.TypeFor[T]() == reflect.TypeFor[NoReply]() {
		return reply, nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, &ReplyError{Reason: fmt.Sprintf("HTTP %d with an empty body", resp.StatusCode)}
	}
	if media := resp.Header.Get("Content-Type"); !isJSON(media) {
		return nil, &ReplyError{Reason: fmt.Sprintf("the content type is %q, not JSON", media), Foreign: true}
	}
	if err := decode(body, reply); err != nil {
		return nil, err
	}
	return reply, nil
}

// decode reads one JSON value and nothing after it. Numbers in free-form fields
// stay json.Number, so that a long integer keeps its digits.
func decode(body []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return decodeError(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return &ReplyError{Reason: "there is more after the JSON value"}
	}
	// The decoder makes the same character of all that is not UTF-8, so that two
	// ids could become one.
	if !utf8.Valid(body) {
		return &ReplyError{Reason: fmt.Sprintf("not UTF-8 at byte %d", validPrefix(body))}
	}
	return checkRequired(body, reflect.ValueOf(into), "")
}

// validPrefix returns how many bytes of a text are UTF-8.
func validPrefix(text []byte) int {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(text)
}

func decodeError(err error) error {
	var kind *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &kind):
		what := "it is"
		if kind.Field != "" {
			what = fmt.Sprintf("field %q holds", kind.Field)
		}
		return &ReplyError{Reason: fmt.Sprintf("%s a JSON %s, which does not fit %s", what, kind.Value, kind.Type), Err: err}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &ReplyError{Reason: "the JSON ends too early", Truncated: true, Err: err}
	case errors.As(err, &syntax):
		return &ReplyError{Reason: fmt.Sprintf("not JSON at byte %d", syntax.Offset), Err: err}
	}
	return &ReplyError{Reason: "not JSON", Err: err}
}

// checkRequired refuses a reply without a field that the document requires, at
// its top level or in an object inside: a list that is absent must not pass for
// an empty one. A list that is present and null is an empty list. Entries of
// lists are not looked into: what a record needs is for its reader to say.
func checkRequired(body []byte, reply reflect.Value, path string) error {
	reply = reflect.Indirect(reply)
	if reply.Kind() != reflect.Struct || !lacking(reply) {
		return nil
	}
	var present map[string]json.RawMessage
	if err := json.Unmarshal(body, &present); err != nil {
		return decodeError(err)
	}
	for i := range reply.NumField() {
		name, required := documented(reply.Type().Field(i))
		value, ok := present[name]
		null := string(value) == "null"
		switch {
		case name == "" || !required && (!ok || null) || null && reply.Field(i).Kind() == reflect.Slice:
			continue
		case !ok:
			return &ReplyError{Reason: fmt.Sprintf("it has no %q", path+name)}
		case null:
			return &ReplyError{Reason: fmt.Sprintf("its %q is null", path+name)}
		}
		if err := checkRequired(value, reply.Field(i), path+name+"."); err != nil {
			return err
		}
	}
	return nil
}

// lacking tells whether a required field has no value, which it may have been
// told or not.
func lacking(object reflect.Value) bool {
	for i := range object.NumField() {
		name, required := documented(object.Type().Field(i))
		if name == "" {
			continue
		}
		field := reflect.Indirect(object.Field(i))
		if required && object.Field(i).IsZero() || field.Kind() == reflect.Struct && lacking(field) {
			return true
		}
	}
	return false
}

// documented returns a field's name in the document, empty for one of Go's own,
// and whether the document requires it.
func documented(field reflect.StructField) (name string, required bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "-" {
		name = ""
	}
	return name, !strings.Contains(options, "omitempty")
}

func isJSON(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}
