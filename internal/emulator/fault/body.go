package fault

import (
	"bytes"
	"cmp"
	"errors"
	"net/http"
	"strconv"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// bodyFaults corrupt the server's answer.
var bodyFaults = []kind{
	{
		name: "type", form: "type:TYPE", parse: parseType,
		about: "the answer, under another content type",
	},
	{
		name: "half", form: "half[:chunked|:silent]", parse: parseHalf,
		about: "half of the answer, with the length of the whole; or in chunks that do not end; or as if it were all",
	},
	{
		name: "huge", form: "huge[:BYTES]", parse: parseHuge,
		about: "the answer, filled up with spaces to so many bytes (65 MiB)",
	},
}

func parseType(value string) (effect, error) {
	if value == "" {
		return nil, errors.New("the content type is missing")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := record(r, next)
		answer.header.Set("Content-Type", value)
		answer.begin(w)
		w.Write(answer.body.Bytes()) //nolint:errcheck // The caller went away.
	}, nil
}

func parseHalf(value string) (effect, error) {
	if value != "" && value != "chunked" && value != "silent" {
		return nil, errors.New("half is followed by chunked, by silent or by nothing")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := record(r, next)
		length := answer.body.Len()
		half := answer.body.Bytes()[:length/2]
		if value == "" {
			answer.header.Set("Content-Length", strconv.Itoa(length))
			for name, values := range answer.header {
				w.Header()[name] = values
			}
			w.WriteHeader(answer.status)
		} else {
			answer.begin(w)
		}
		w.Write(half) //nolint:errcheck // The caller went away.
		if value != "silent" {
			breakOff(w)
		}
	}, nil
}

// breakOff sends what is written, and closes the connection in the middle of the answer.
func breakOff(w http.ResponseWriter) {
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

const defaultHuge = 65 << 20

func parseHuge(value string) (effect, error) {
	size, err := strconv.Atoi(cmp.Or(value, strconv.Itoa(defaultHuge)))
	if err != nil || size < 1 {
		return nil, errors.New("the length is a number of bytes")
	}
	return func(_ *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler) {
		answer := record(r, next)
		answer.begin(w)
		n, err := w.Write(answer.body.Bytes())
		filler := bytes.Repeat([]byte(" "), 64<<10)
		for sent := n; sent < size && err == nil; sent += n {
			n, err = w.Write(filler[:min(len(filler), size-sent)])
		}
	}, nil
}
