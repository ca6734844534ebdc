package replay

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector/transport"
	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/mapping"
)

// Recorder passes requests on and writes the replies into a folder, for a
// Player, redacted. It writes JSON replies of operations that read, and never a
// header or a request. A failure to write is a warning; the sync continues.
type Recorder struct {
	base       http.RoundTripper
	dir        string
	operations api.Operations
	redact     *redactor

	mu      sync.Mutex     // Held while a file is written: its name may change after.
	numbers map[string]int // by the request
	calls   map[string]int // by operation
}

var _ http.RoundTripper = (*Recorder)(nil)

// CheckFolder reports whether replies can be recorded in a folder: it is empty, or
// not there yet.
func CheckFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("%s is not empty: name a folder that is, or a new one", dir)
	}
	return nil
}

// NewRecorder returns a recorder of the replies that base returns to a connector
// with a plan.
func NewRecorder(base http.RoundTripper, dir string, operations api.Operations, plan *mapping.Plan) (*Recorder, error) {
	if err := CheckFolder(dir); err != nil {
		return nil, err
	}
	if err := distinguishable(plan); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	return &Recorder{
		base: base, dir: dir, operations: operations, redact: newRedactor(plan.NamedKeys()),
		numbers: map[string]int{}, calls: map[string]int{},
	}, nil
}

// distinguishable refuses a mapping with ambiguous replies: a
// Player goes by the order of an operation's calls, and that of two resource
// types is not the same in every sync.
func distinguishable(plan *mapping.Plan) error {
	type reader struct{ typ, request string }
	readers := map[string]reader{}
	add := func(t *mapping.ResourceType, operation, request string) error {
		other, ok := readers[operation]
		if ok && other.typ != t.ID && other.request != request {
			return fmt.Errorf("%s and %s are both read by %s, with different requests, so its replies cannot be distinguished", other.typ, t.ID, operation)
		}
		readers[operation] = reader{t.ID, request}
		return nil
	}
	for _, t := range plan.Types {
		request, err := encode(t.List.Request(mapping.Position{}, 0))
		if err == nil {
			err = add(t, t.List.Operation.Name, string(request))
		}
		for _, e := range t.Entitlements {
			if err == nil && e.Holders != nil {
				err = add(t, e.Holders.List.Operation.Name, "for a "+t.ID)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// RoundTrip sends a request and records the reply.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	call := transport.CallOf(req)
	op := r.operations[call.Operation]
	if op == nil || !call.Reads || call.Probes {
		return r.base.RoundTrip(req)
	}
	asked, err := copyOf(req, op)
	if err != nil {
		return nil, err
	}
	reply, err := r.base.RoundTrip(req)
	if err != nil || reply.StatusCode < 200 || reply.StatusCode > 299 {
		return reply, err
	}
	body, err := io.ReadAll(io.LimitReader(reply.Body, bounded.Reply+1))
	if len(body) > bounded.Reply { // The reader of the body has the same limit.
		reply.Body = unread{io.MultiReader(bytes.NewReader(body), reply.Body), reply.Body}
		return reply, nil
	}
	_ = reply.Body.Close()
	if err != nil {
		reply.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body), failing{err}))
		return reply, nil //nolint:nilerr // Whoever reads the body comes to the error.
	}
	reply.Body = io.NopCloser(bytes.NewReader(body))
	if err := r.record(op, asked, reply.Header.Get("Content-Type"), body); err != nil {
		ctxzap.Extract(req.Context()).Warn("a reply was not recorded", zap.String("operation", op.Name), zap.Error(err))
	}
	return reply, nil
}

// copyOf reads a request and leaves it as it was.
func copyOf(req *http.Request, op *api.Operation) (Request, error) {
	clone := req.Clone(req.Context())
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		_ = req.Body.Close()
		if err != nil {
			return Request{}, err
		}
		req.Body, clone.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
	}
	return requestOf(clone, op)
}

// unread is a body of which a part was read.
type unread struct {
	io.Reader
	io.Closer
}

// failing is the end of a body that could not be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func (r *Recorder) record(op *api.Operation, asked Request, contentType string, body []byte) error {
	if media, _, err := mime.ParseMediaType(contentType); err != nil || !strings.HasSuffix(media, "json") {
		return errors.New("its content type is not JSON") // It is not quoted: a server may echo the key there.
	}
	redacted, err := r.redact.reply(body, op.Reply)
	if err != nil {
		return errors.New("it is not JSON")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	file, err := r.file(op.Name, asked.String())
	if err != nil {
		return err
	}
	return os.WriteFile(file, redacted, 0o600) //nolint:gosec // The name is an operation's of the API document.
}

// file returns the file for the reply to a request: that of before for a request
// of before.
func (r *Recorder) file(operation, request string) (string, error) {
	number, ok := r.numbers[request]
	if !ok {
		r.calls[operation]++
		number = r.calls[operation]
		r.numbers[request] = number
	}
	alone := filepath.Join(r.dir, operation+".json")
	numbered := func(n int) string { return filepath.Join(r.dir, fmt.Sprintf("%s.%d.json", operation, n)) }
	if r.calls[operation] == 1 {
		return alone, nil
	}
	if !ok && number == 2 {
		if err := os.Rename(alone, numbered(1)); err != nil && !errors.Is(err, os.ErrNotExist) { //nolint:gosec // As above.
			return "", err
		}
	}
	return numbered(number), nil
}
