// Package fault makes things go wrong in the local Descope, by rules of one line. A
// rule is read by [Parse], and put to work by [Inject]: a hook in front of the
// server, which answers in its place, changes the request or the answer, or changes
// the project before.
package fault

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// Fault is something that goes wrong with some requests. [Parse] makes one.
type Fault struct {
	rule   string
	effect effect
	when   when
	taken  bool
}

// String returns the rule that the fault was made of.
func (f Fault) String() string { return f.rule }

// effect answers a request in which a fault strikes. It may leave the answer, or a
// part of it, to next: the faults of later rules, and then the server itself.
type effect func(s *emulator.Server, w http.ResponseWriter, r *http.Request, next http.Handler)

// Inject makes things go wrong with the requests from now on, in place of the hook
// or the faults before; without faults nothing does any more. Where several strike,
// each works on what the later ones make of the request. Each counts calls for
// itself.
func Inject(s *emulator.Server, faults ...Fault) {
	if len(faults) == 0 {
		s.Intercept(nil)
		return
	}
	all := make([]*injected, len(faults))
	for i, f := range faults {
		all[i] = &injected{Fault: f, random: rand.New(rand.NewPCG(f.when.seed, 0))} //nolint:gosec // A seed has to give the same faults.
	}
	s.Intercept(func(operation string, _ int, w http.ResponseWriter, r *http.Request) bool {
		var next http.Handler = http.HandlerFunc(s.Answer)
		struck := false
		for _, f := range slices.Backward(all) {
			if f.strikes(operation) {
				next, struck = f.before(s, next), true
			}
		}
		if struck {
			next.ServeHTTP(w, r)
		}
		return struck
	})
}

// before returns the handler that has the fault, over the one that has not.
func (f Fault) before(s *emulator.Server, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.taken {
			next.ServeHTTP(newRecorder(), r)
		}
		f.effect(s, w, r, next)
	})
}

// when chooses the requests in which a fault strikes.
type when struct {
	operations []string // none means all
	calls      []span   // none means all
	every      int      // 0 means all
	chance     float64  // 0 means always
	seed       uint64
	times      int // 0 means no end
}

// span is a run of call numbers. The last is 0 where there is no end.
type span struct{ first, last int }

// injected is a fault at work.
type injected struct {
	Fault
	mu     sync.Mutex
	calls  int
	struck int
	random *rand.Rand
}

// strikes counts a request, and tells whether the fault strikes in it.
func (f *injected) strikes(operation string) bool {
	w := f.when
	if len(w.operations) > 0 && !slices.Contains(w.operations, operation) {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	switch {
	case w.times > 0 && f.struck == w.times,
		w.every > 0 && f.calls%w.every != 0,
		len(w.calls) > 0 && !slices.ContainsFunc(w.calls, func(s span) bool { return s.first <= f.calls && (s.last == 0 || f.calls <= s.last) }),
		w.chance > 0 && f.random.Float64() >= w.chance:
		return false
	}
	f.struck++
	return true
}

// recorder keeps an answer, for a fault to alter or to lose.
type recorder struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, status: http.StatusOK} }

// record returns the answer that a request would get without the fault.
func record(r *http.Request, next http.Handler) *recorder {
	answer := newRecorder()
	next.ServeHTTP(answer, r)
	return answer
}

func (a *recorder) Header() http.Header { return a.header }

func (a *recorder) WriteHeader(status int) { a.status = status }

func (a *recorder) Write(b []byte) (int, error) { return a.body.Write(b) }

// begin sends the header of the answer, without the length of its body.
func (a *recorder) begin(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.Header().Del("Content-Length")
	w.WriteHeader(a.status)
}
