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
	// maxErrorBody is the number of bytes kept of an error reply.
	maxErrorBody = 64 << 10
	// minPiece and maxPiece bound, in bytes, the memory allocated for a reply at once:
	// its Content-Length may be wrong.
	minPiece, maxPiece = 4 << 10, 1 << 20
)

// ErrTooLarge is wrapped by the error of a reply that exceeds Options.MaxBody.
var ErrTooLarge = errors.New("the reply is too large")

// read reads and closes the body of a reply. Of an error reply, the part that cannot
// be read is left out: its status says more.
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

// readAll reads a body of at most limit bytes; expected is a hint of its length. A
// longer body costs limit bytes of memory: pieces are joined after the last one.
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

// errorBody is the content of an error reply.
type errorBody struct {
	api.Refusal

	own bool // it is in the API's own format, as far as known
}

func (t *Transport) readError(body []byte) errorBody {
	if t.options.ReadError == nil {
		return errorBody{own: true}
	}
	refusal := t.options.ReadError(body)
	return errorBody{refusal, refusal.Code != "" || refusal.Message != ""}
}

// final reports whether the API named a permanent error.
func (s errorBody) final(status int) bool {
	return s.Meaning == api.NotFound || s.Code != "" && s.Meaning != api.Transient && status != http.StatusTooManyRequests
}
