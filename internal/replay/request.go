package replay

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector/transport"
)

// Request is a request as it went over the wire.
type Request struct {
	Operation string
	Method    string
	// Path is the path as it was sent, escaped.
	Path string
	// Fields are what the request was given, by the names that a mapping uses:
	// the parameters of the path, those of the query, and the fields of the body.
	// A new password is Any.
	Fields map[string]any
}

// Any stands for a new password, which is another one each time.
const Any = "ANY"

// String returns the request in one line: the operation and its fields as JSON.
func (r Request) String() string {
	fields, err := encode(r.Fields)
	if err != nil {
		return r.Operation
	}
	return r.Operation + " " + string(fields)
}

// encode is json.Marshal, which leaves <, > and & as they are.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// requestOf reads a request of an operation, whose body it uses up.
func requestOf(req *http.Request, op *api.Operation) (Request, error) {
	r := Request{Operation: op.Name, Method: req.Method, Path: req.URL.EscapedPath(), Fields: map[string]any{}}
	pathFields(r.Fields, op.Path, r.Path)
	for name, values := range req.URL.Query() {
		if len(values) == 1 {
			r.Fields[name] = values[0]
		} else {
			r.Fields[name] = values
		}
	}
	if req.Body == nil {
		return r, nil
	}
	defer req.Body.Close()
	body, err := io.ReadAll(req.Body)
	if err != nil || len(body) == 0 {
		return r, err
	}
	value, err := decode(body)
	if err != nil {
		return r, err
	}
	value = withoutSecret(value, transport.CallOf(req).Secret)
	object, ok := value.(map[string]any)
	if !ok {
		r.Fields["body"] = value
	}
	for name, value := range object {
		r.Fields[name] = value
	}
	return r, nil
}

// withoutSecret returns a value of JSON with Any for a secret, if there is one.
func withoutSecret(value any, secret string) any {
	switch v := value.(type) {
	case string:
		if v == secret && secret != "" {
			return Any
		}
	case []any:
		for i, entry := range v {
			v[i] = withoutSecret(entry, secret)
		}
	case map[string]any:
		for name, entry := range v {
			v[name] = withoutSecret(entry, secret)
		}
	}
	return value
}

// pathFields adds the parameters of a path, by the template it was made of. The
// API may lie below a path of its own.
func pathFields(fields map[string]any, template, path string) {
	names, values := strings.Split(template, "/"), strings.Split(path, "/")
	values = values[max(0, len(values)-len(names)):]
	for i, name := range names {
		if i < len(values) && strings.HasPrefix(name, "{") && strings.HasSuffix(name, "}") {
			value, err := url.PathUnescape(values[i])
			if err != nil {
				value = values[i]
			}
			fields[strings.Trim(name, "{}")] = value
		}
	}
}

// decode reads JSON with the digits of its numbers.
func decode(body []byte) (any, error) {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	err := decoder.Decode(&value)
	return value, err
}
