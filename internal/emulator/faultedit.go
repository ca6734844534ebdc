package emulator

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
)

// readObject reads a JSON object, and is nil when there is none.
func readObject(body []byte) map[string]any {
	var object map[string]any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // A long integer keeps its digits.
	if decoder.Decode(&object) != nil {
		return nil
	}
	return object
}

// withBody is a request with another body.
func withBody(r *http.Request, body []byte) *http.Request {
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// number is a whole number of a JSON object, 0 for anything else.
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
