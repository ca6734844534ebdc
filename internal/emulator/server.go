package emulator

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/conductorone/baton-descope/gen/descopeserver"
)

// What the server accepts unless Options say otherwise. The project id is shorter
// than those that name a region.
const (
	DefaultProjectID     = "P2demo0000000000000000000000"
	DefaultManagementKey = "local-management-key"
)

// DefaultRateWindow is the stretch of time the service counts requests over.
const DefaultRateWindow = time.Minute

// DefaultKeepRequests is how many requests are kept for [Server.Requests].
const DefaultKeepRequests = 10_000

// CreateLimit is how many CreateUser are answered within any rate window, where the
// rate is limited at all.
const CreateLimit = 100

// maxBody is the longest request body, in bytes.
const maxBody = 1 << 20

// Options are the settings of a server. Their zero value is good for tests.
type Options struct {
	// ProjectID and ManagementKey are the credentials the server accepts. Empty
	// ones mean DefaultProjectID and DefaultManagementKey.
	ProjectID     string
	ManagementKey string

	// Latency passes before each answer.
	Latency time.Duration

	// RateLimit is how many SearchUsers are answered within any RateWindow (0
	// means DefaultRateWindow), beside CreateLimit CreateUser; others get a 429. No
	// limit when 0.
	RateLimit  int
	RateWindow time.Duration

	// Taken is what CreateUser answers for a login id that is taken, which is not
	// documented: an error code, or NotCreated. Empty means DefaultTaken.
	Taken string
	// SecondLayout chooses the second of two ways in which Descope may do what it
	// does not document: expiring a password takes no user id, replies without
	// content are an empty object and not empty, custom attributes replace all there
	// were, and a changed e-mail address or phone is not verified any more.
	SecondLayout bool

	// KeepRequests is how many requests are kept for [Server.Requests], the first
	// ones; later ones are only counted. 0 means DefaultKeepRequests, a negative
	// number none.
	KeepRequests int

	// Observe is called with every request, one at a time, before its answer.
	Observe func(Request)
}

// Hook may answer a request in place of the server, and then returns true. It is
// called for several requests at once. The call is the number of the request among
// those for the same operation id, from 1 on.
type Hook func(operation string, call int, w http.ResponseWriter, r *http.Request) (handled bool)

// Server is the local Descope, an [http.Handler].
type Server struct {
	options  Options
	bearer   string
	store    *Store
	document document
	journal  journal
	limiters map[string]*limiter // by operation
	handler  http.Handler

	mu     sync.Mutex
	hook   Hook
	denied map[string]bool
}

// New returns a server of a project. The lists in the project belong to it from
// then on.
func New(project Project, options Options) *Server {
	options.ProjectID = cmp.Or(options.ProjectID, DefaultProjectID)
	options.ManagementKey = cmp.Or(options.ManagementKey, DefaultManagementKey)
	document, err := loadDocument()
	if err != nil {
		panic(err) // The document is compiled in.
	}
	store := newStore(project, rules{cmp.Or(options.Taken, DefaultTaken), options.SecondLayout})
	window := cmp.Or(options.RateWindow, DefaultRateWindow)
	s := &Server{
		options:  options,
		bearer:   "Bearer " + options.ProjectID + ":" + options.ManagementKey,
		store:    store,
		document: document,
		journal: journal{
			keep:    cmp.Or(options.KeepRequests, DefaultKeepRequests),
			observe: options.Observe,
			counts:  make(map[string]int),
		},
		limiters: make(map[string]*limiter),
		handler:  newHandler(store),
		denied:   make(map[string]bool),
	}
	if options.RateLimit > 0 {
		s.limiters["SearchUsers"] = &limiter{limit: options.RateLimit, window: window}
		s.limiters["CreateUser"] = &limiter{limit: CreateLimit, window: window}
	}
	return s
}

func newHandler(store *Store) http.Handler {
	fault := func(w http.ResponseWriter, r *http.Request, err error) {
		if r.Context().Err() == nil { // Otherwise the caller went away.
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
	return descopeserver.Handler(descopeserver.NewStrictHandlerWithOptions(operations{store}, nil,
		descopeserver.StrictHTTPServerOptions{RequestErrorHandlerFunc: fault, ResponseErrorHandlerFunc: fault}))
}

// Store returns the state being served.
func (s *Server) Store() *Store { return s.store }

// ProjectID returns the project id the server accepts.
func (s *Server) ProjectID() string { return s.options.ProjectID }

// ManagementKey returns the management key the server accepts.
func (s *Server) ManagementKey() string { return s.options.ManagementKey }

// Intercept puts a hook in front of every request, in place of the one before; nil
// removes it.
func (s *Server) Intercept(hook Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// Deny makes the server refuse operations with a 403, as if the management key did
// not cover them.
func (s *Server) Deny(operationIDs ...string) { s.setDenied(operationIDs, true) }

// Allow takes back Deny.
func (s *Server) Allow(operationIDs ...string) { s.setDenied(operationIDs, false) }

func (s *Server) setDenied(operationIDs []string, denied bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range operationIDs {
		s.denied[id] = denied
	}
}

// ServeHTTP answers a request of the API, or one for the state at [StatePath].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == StatePath {
		s.serveState(w)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		respond(w, invalidRequest("the body cannot be read: "+err.Error()))
		return
	}
	operation := s.document.operation(r)
	call := s.journal.begin(Request{
		At: time.Now(), Operation: operation, Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Body: body,
	})
	defer s.journal.end()

	if !s.pause(r) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if hook := s.currentHook(); hook != nil && hook(operation, call, w, r) {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body)) // The hook may have read it.
	s.Answer(w, r)
}

// Answer answers a request as if there were no hook. A hook may use it to alter an
// answer, or to answer late. The request's body must not have been read.
func (s *Server) Answer(w http.ResponseWriter, r *http.Request) {
	if failure := s.refuse(r); failure != nil {
		respond(w, failure)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// AnswerAsOf answers a request as Answer does, but shows users as they were at a
// time, before all that requests changed since.
func (s *Server) AnswerAsOf(t time.Time, w http.ResponseWriter, r *http.Request) {
	if failure := s.refuse(r); failure != nil {
		respond(w, failure)
		return
	}
	newHandler(s.store.at(t)).ServeHTTP(w, r)
}

// refuse returns why a request is not answered, nil if it is.
func (s *Server) refuse(r *http.Request) *Failure {
	if r.Header.Get("Authorization") != s.bearer {
		return unauthorized()
	}
	operation := s.document.operation(r)
	if s.isDenied(operation) {
		return forbidden(operation)
	}
	if limiter := s.limiters[operation]; limiter != nil {
		if wait := limiter.wait(time.Now()); wait > 0 {
			return rateLimited(wait)
		}
	}
	return s.document.check(r)
}

// pause lets the latency pass. It returns false if the caller went away.
func (s *Server) pause(r *http.Request) bool {
	return s.options.Latency == 0 || Sleep(r.Context(), s.options.Latency)
}

// Sleep lets a time pass. It returns false if the caller went away.
func Sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

func (s *Server) currentHook() Hook {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hook
}

func (s *Server) isDenied(operation string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.denied[operation]
}

// respond writes a failure.
func respond(w http.ResponseWriter, f *Failure) {
	f.Send(w) //nolint:errcheck // The caller went away.
}
