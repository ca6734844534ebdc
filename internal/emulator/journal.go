package emulator

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Request is one request that reached the server. Its headers are not kept: they
// hold the management key.
type Request struct {
	At        time.Time
	Operation string // the operation id; "" for a path that is none
	Method    string
	Path      string
	Query     string // as it came, without the question mark
	Body      []byte
	InFlight  int // requests being answered, this one included
}

// journal counts requests, and keeps the first of them.
type journal struct {
	mu          sync.Mutex
	keep        int
	observe     func(Request)
	requests    []Request
	counts      map[string]int
	inFlight    int
	maxInFlight int
}

// begin enters a request, and returns how many of its operation there have been.
func (j *journal) begin(r Request) (call int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inFlight++
	j.maxInFlight = max(j.maxInFlight, j.inFlight)
	j.counts[r.Operation]++
	r.InFlight = j.inFlight
	if len(j.requests) < j.keep {
		j.requests = append(j.requests, r)
	}
	if j.observe != nil {
		j.observe(r)
	}
	return j.counts[r.Operation]
}

func (j *journal) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.inFlight--
}

// Requests returns the requests since the start or the last ResetRequests, in the
// order they came, as far as they were kept (see [Options]).
func (s *Server) Requests() []Request {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return slices.Clone(s.journal.requests)
}

// Count returns how many requests there have been for an operation id. Requests
// that are refused, or answered by a hook, count as well.
func (s *Server) Count(operation string) int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.counts[operation]
}

// Counts returns the number of requests by operation id.
func (s *Server) Counts() map[string]int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return maps.Clone(s.journal.counts)
}

// MaxInFlight returns the most requests that were being answered at one time.
func (s *Server) MaxInFlight() int {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.maxInFlight
}

// ResetRequests forgets all requests, their counts and MaxInFlight.
func (s *Server) ResetRequests() {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	s.journal.requests = nil
	clear(s.journal.counts)
	s.journal.maxInFlight = s.journal.inFlight
}
