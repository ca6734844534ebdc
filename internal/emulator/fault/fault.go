// Package fault injects faults into the local Descope, by rules of one line. [Parse]
// reads a rule, and [Inject] puts it to work: a hook in front of the server, which
// answers in its place, changes the request or the answer, or changes the project
// before the answer.
package fault

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// Fault is a way for some requests to go wrong. [Parse] returns one.
type Fault struct {
	rule   string
	effect effect
	when   when
	taken  bool
}

// String returns the rule of the fault.
func (f Fault) String() string { return f.rule }

// effect answers a request to which a fault applies. It may leave the answer, or a
// part of it, to next: the faults of later rules, and then the server itself.
type effect func(s *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler)

// Inject applies faults to the requests from now on, in place of the hook or the faults
// before; no faults remove those. If several apply to a request, each works on the
// result of the later ones. Each has a count of calls of its own.
func Inject(s *emulator.Server, faults ...Fault) {
	if len(faults) == 0 {
		s.Intercept(nil)
		return
	}
	all := make([]*injected, len(faults))
	for i, f := range faults {
		all[i] = &injected{Fault: f, random: rand.New(rand.NewPCG(f.when.seed, 0))} //nolint:gosec // The same seed has to give the same faults.
	}
	s.Intercept(func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
		var next http.Handler = http.HandlerFunc(s.Answer)
		applied := false
		for _, f := range slices.Backward(all) {
			if f.applies(operation) {
				next, applied = f.before(s, next), true
			}
		}
		if applied {
			next.ServeHTTP(w, r)
		}
		return applied
	})
}

// before returns a handler with the fault, in front of one without it.
func (f Fault) before(s *emulator.Server, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.taken {
			next.ServeHTTP(newRecorder(), r)
		}
		f.effect(s, w, r, next)
	})
}

// when selects the requests to which a fault applies.
type when struct {
	operations []string // none means all
	calls      []span   // none means all
	every      int      // 0 means all
	chance     float64  // 0 means always
	seed       uint64
	times      int // 0 means no limit
}

// span is a range of call numbers. The last is 0 in a range without an end.
type span struct{ first, last int }

// injected is a fault in use, with its counts.
type injected struct {
	Fault
	mu      sync.Mutex
	calls   int
	applied int
	random  *rand.Rand
}

// applies counts a request, and reports whether the fault applies to it.
func (f *injected) applies(operation string) bool {
	w := f.when
	if len(w.operations) > 0 && !slices.Contains(w.operations, operation) {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	switch {
	case w.times > 0 && f.applied == w.times,
		w.every > 0 && f.calls%w.every != 0,
		len(w.calls) > 0 && !slices.ContainsFunc(w.calls, func(s span) bool { return s.first <= f.calls && (s.last == 0 || f.calls <= s.last) }),
		w.chance > 0 && f.random.Float64() >= w.chance:
		return false
	}
	f.applied++
	return true
}

// recorder buffers an answer, for a fault to change or to drop.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

// record returns the answer to a request without the fault.
func record(r *http.Request, next http.Handler) *recorder {
	answer := newRecorder()
	next.ServeHTTP(answer, r)
	return answer
}

func (a *recorder) Header() http.Header { return a.header }

func (a *recorder) WriteHeader(status int) { a.status = status }

func (a *recorder) Write(b []byte) (int, error) { return a.body.Write(b) }

// begin sends the header of the answer, without Content-Length.
func (a *recorder) begin(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(a.status)
}
