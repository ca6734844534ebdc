package replay

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/connector/transport"
)

// BaseURL is the base URL of a connector answered by a Player.
const BaseURL = "https://replay.invalid"

// Player answers requests from recorded replies. It is an http.RoundTripper below a
// connector's transport, so replies and errors are treated as in a sync.
type Player struct {
	operations api.Operations
	sources    []Replies

	mu       sync.Mutex
	calls    map[string]int
	answered map[string]*Reply // by the request
	requests []Request
	missing  error
}

var _ http.RoundTripper = (*Player)(nil)

// NewPlayer returns a player. An operation is answered from the first source
// that has replies for it.
func NewPlayer(operations api.Operations, sources ...Replies) *Player {
	return &Player{operations: operations, sources: sources, calls: map[string]int{}, answered: map[string]*Reply{}}
}

// Requests returns the requests so far, in the order in which they came.
func (p *Player) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Err returns the error of the first request for which there was no reply.
func (p *Player) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.missing
}

// RoundTrip answers a request.
func (p *Player) RoundTrip(req *http.Request) (*http.Response, error) {
	op := p.operations[transport.CallOf(req).Operation]
	if op == nil {
		return nil, fmt.Errorf("%s %s is not of a known operation", req.Method, req.URL.Path)
	}
	r, err := requestOf(req, op)
	if err != nil {
		return nil, err
	}
	reply, err := p.answer(r)
	if err != nil {
		// A status that is never retried. Err has the reason.
		reply = &Reply{Status: http.StatusNotImplemented, ContentType: "text/plain", Body: []byte(err.Error())}
	}
	return &http.Response{
		StatusCode:    reply.Status,
		Status:        fmt.Sprintf("%d %s", reply.Status, http.StatusText(reply.Status)),
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {reply.ContentType}},
		Body:          io.NopCloser(bytes.NewReader(reply.Body)),
		ContentLength: int64(len(reply.Body)),
		Request:       req,
	}, nil
}

func (p *Player) answer(r Request) (*Reply, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, r)
	p.calls[r.Operation]++
	number, key := p.calls[r.Operation], r.String()
	for _, source := range p.sources {
		replies, ok := source[r.Operation]
		if !ok {
			continue
		}
		if reply, ok := replies[number]; ok {
			reply.used = true
			p.answered[key] = reply
			return reply, nil
		}
		break
	}
	if reply, ok := p.answered[key]; ok {
		return reply, nil
	}
	name := r.Operation
	if number > 1 {
		name = fmt.Sprintf("%s.%d", r.Operation, number)
	}
	err := fmt.Errorf("there is no reply for the request %s: add %s.json", key, name)
	if p.missing == nil {
		p.missing = err
	}
	return nil, err
}
