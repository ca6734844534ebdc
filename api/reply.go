package api

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
)

// StatusError is a reply that is an error: by its status, which is not 2xx, or by
// what a connection found in it.
type StatusError struct {
	StatusCode int
	Header     http.Header
	// Body is the reply's body; of one whose status is not 2xx the start, at most 64 KiB.
	Body []byte
}

// Refusal is what an error reply says, in the API's own format. It is empty for a body
// in another format.
type Refusal struct {
	Code, Message string
	Meaning       Meaning
}

// Meaning is what the code of an error reply means, by the rules for the API.
type Meaning int

const (
	// Unstated: no rule is about such codes, so that the HTTP status decides.
	Unstated Meaning = iota
	// NotFound: there is no such thing.
	NotFound
	// Transient: another try may help.
	Transient
	// Other: none of these, whatever the HTTP status.
	Other
)

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
	// Truncated means that the reply ended too early, so a retry may help.
	Truncated bool
	// Foreign means that the reply is not JSON by its own word: a web page perhaps,
	// and not the API's.
	Foreign bool
	// Misfits are the values that are not what the API document says, of a reply
	// that can be used otherwise.
	Misfits []Misfit
	Err     error
}

func (e *ReplyError) Error() string { return "unusable reply: " + e.Reason }

func (e *ReplyError) Unwrap() error { return e.Err }

// ReadReply reads a reply into a T. It takes the results of the generated
// client's methods as they come. A reply in which something does not fit is
// returned beside its ReplyError, which lists that: the rest of it is usable.
func ReadReply[T any](resp *http.Response, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		body, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody)) //nolint:errcheck // The status is the error; the body only explains it.
		return nil, &StatusError{StatusCode: resp.StatusCode, Header: resp.Header, Body: body}
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	reply := new(T)
	_, none := any(reply).(*NoReply)
	switch empty := len(bytes.TrimSpace(body)) == 0; {
	case empty && none:
		return reply, nil
	case empty:
		return nil, &ReplyError{Reason: fmt.Sprintf("HTTP %d with an empty body", resp.StatusCode)}
	case !isJSON(resp.Header):
		return nil, &ReplyError{Reason: fmt.Sprintf("the content type is %q, not JSON", resp.Header.Get("Content-Type")), Foreign: true}
	}
	misfits, err := Decode(body, reply)
	if err != nil {
		return nil, err
	}
	misfits = append(misfits, lacking(body, reflect.ValueOf(reply), nil)...)
	if len(misfits) == 0 || none {
		return reply, nil
	}
	return reply, &ReplyError{Reason: misfits[0].String(), Misfits: misfits}
}

// mayLack reports whether a required field has no value. The reply may have said so, or
// not named it.
func mayLack(object reflect.Value) bool {
	for i := range object.NumField() {
		name, required := documented(object.Type().Field(i))
		if name == "" {
			continue
		}
		field := reflect.Indirect(object.Field(i))
		if required && object.Field(i).IsZero() || field.Kind() == reflect.Struct && mayLack(field) {
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

// isJSON reports whether a reply says that it is JSON. Parameters do not count,
// nor does a header that is there twice: proxies add both, and now and then badly.
func isJSON(header http.Header) bool {
	values := header.Values("Content-Type")
	for _, value := range values {
		end := strings.IndexAny(value+";", ";,")
		media := strings.ToLower(strings.TrimSpace(value[:end]))
		if media != "application/json" && !strings.HasSuffix(media, "+json") {
			return false
		}
	}
	return len(values) > 0
}
