package fault

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// edit returns a JSON object after a change, and anything else as it is.
func edit(body []byte, change func(object map[string]any)) []byte {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // A long integer keeps its digits.
	if decoder.Decode(&object) != nil || object == nil {
		return body
	}
	change(object)
	edited, err := json.Marshal(object)
	if err != nil {
		panic("fault: an object read from JSON has no JSON form: " + err.Error())
	}
	return edited
}

// editRequest returns a request with a changed object as its body.
func editRequest(r *http.Request, change func(object map[string]any)) *http.Request {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		body = edit(body, change)
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// number returns a whole number of a JSON object, and 0 for anything else.
func number(value any) int {
	n, ok := value.(json.Number)
	if !ok {
		return 0
	}
	whole, err := n.Int64()
	if err != nil {
		return 0
	}
	return int(whole)
}
