package transport

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/conductorone/baton-descope/api"
)

const (
	// maxErrorBody is how much of an error reply is kept, in bytes.
	maxErrorBody = 64 << 10
	// minPiece and maxPiece are the memory, in bytes, that a reply gets at a time: at
	// most that on the word of its header alone.
	minPiece, maxPiece = 4 << 10, 1 << 20
)

// ErrTooLarge is wrapped by the error of a reply that is longer than is read.
var ErrTooLarge = errors.New("the reply is too large")

// read reads the body of a reply to a call and closes it. The status of an error
// reply says more than its body: what cannot be read of that is left out.
func (t *Transport) read(call Call, reply *http.Response) (*bytes.Reader, error) {
	defer reply.Body.Close()
	if !succeeded(reply) {
		body, _ := io.ReadAll(io.LimitReader(reply.Body, maxErrorBody)) //nolint:errcheck // See above.
		return bytes.NewReader(body), nil
	}
	limit := t.options.MaxBody
	body, err := readAll(reply.Body, reply.ContentLength, limit)
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, &api.ReplyError{Reason: fmt.Sprintf("it is longer than the %d bytes that are read", limit), Err: err}
	case err != nil:
		return nil, err
	}
	if fails := t.options.Fails; fails != nil && fails(call.Operation, body) {
		return nil, &api.StatusError{StatusCode: reply.StatusCode, Header: reply.Header, Body: body}
	}
	return bytes.NewReader(body), nil
}

// readAll reads a body of at most limit bytes, and may be told how many to expect. One
// that is longer costs the limit: pieces are put together when all of them are there.
func readAll(r io.Reader, expected, limit int64) ([]byte, error) {
	var pieces [][]byte
	var total int64
	size := min(max(expected, minPiece), maxPiece, limit) + 1 // To see the end as well.
	for piece := make([]byte, 0, size); ; {
		n, err := r.Read(piece[len(piece):cap(piece)])
		piece, total = piece[:len(piece)+n], total+int64(n)
		switch {
		case total > limit:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF) && pieces == nil:
			return piece, nil
		case errors.Is(err, io.EOF):
			return slices.Concat(append(pieces, piece)...), nil
		case err != nil:
			return nil, fmt.Errorf("the reply breaks off after %d bytes: %w", total, err)
		case len(piece) == cap(piece):
			pieces = append(pieces, piece)
			size = min(2*size, maxPiece)
			piece = make([]byte, 0, min(size, limit+1-total))
		}
	}
}

func succeeded(reply *http.Response) bool {
	return reply.StatusCode >= 200 && reply.StatusCode <= 299
}

// peek returns the body of an error reply, and leaves it unread.
func peek(reply *http.Response) []byte {
	body, _ := io.ReadAll(reply.Body) //nolint:errcheck // It is in memory.
	reply.Body = io.NopCloser(bytes.NewReader(body))
	return body
}

// said is what the body of an error reply says.
type said struct {
	code, message     string
	own               bool // it is in the API's own form, as far as we know
	passing, notFound bool // what the code means
}

func (t *Transport) readError(body []byte) said {
	o := t.options
	if o.ReadError == nil {
		return said{own: true}
	}
	var s said
	s.code, s.message = o.ReadError(body)
	s.own = s.code != "" || s.message != ""
	s.passing = s.code != "" && o.Passing != nil && o.Passing(s.code)
	s.notFound = s.code != "" && o.NotFound != nil && o.NotFound(s.code)
	return s
}

// final tells that the API has said what is wrong, and that it does not pass by itself.
func (s said) final(status int) bool {
	return s.notFound || s.code != "" && !s.passing && status != http.StatusTooManyRequests
}
