package oneshot

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
)

// Progress draws the progress of a sync as one line on a terminal. The zero value draws
// nothing. It is safe for concurrent use.
type Progress struct {
	// Out is the terminal; nil for none.
	Out io.Writer
	// Width returns the number of its columns; nil for 80.
	Width func() int
	// Label returns the plural of a resource type, such as "users"; nil for its id.
	Label func(resourceTypeID string) string
	// Now is the clock; nil for time.Now.
	Now func() time.Time

	mu     sync.Mutex
	types  map[string]*reading
	action string    // What the syncer does: an action of the SDK.
	count  int       // What that action has stored.
	wait   time.Time // Until then requests wait for reason.
	reason string
	counts map[string]int64 // Contents of the file in the end: by type, and grants.
	left   int              // Dangling grants.
	drawn  bool
	ended  bool
}

// reading is the progress of a resource type.
type reading struct {
	label       string
	read, total int
	earliest    time.Time // When rate limits allow the last request.

	// Where this run began: a resumed run starts in the middle.
	first int
	since time.Time
}

// Read reports the number of records of a resource type read so far, and their total; 0
// if unknown. Rate limits allow the last request at earliest.
func (p *Progress) Read(resourceTypeID string, read, total int, earliest time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.types[resourceTypeID]
	if r == nil {
		r = &reading{label: resourceTypeID, first: read, since: p.now()}
		if p.Label != nil {
			r.label = p.Label(resourceTypeID)
		}
		if p.types == nil {
			p.types = map[string]*reading{}
		}
		p.types[resourceTypeID] = r
	}
	r.read, r.total, r.earliest = read, total, earliest
	p.draw()
}

// Wait reports that requests wait until then, for a reason such as "Shop's limit of 200
// searches a minute".
func (p *Progress) Wait(until time.Time, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wait, p.reason = until, reason
	p.draw()
}

// LeftOut reports dangling grants that were left out.
func (p *Progress) LeftOut(grants int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.left += grants
}

// stored reports the numbers of resources by type, and of grants, in the file.
func (p *Progress) stored(counts map[string]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts = counts
}

// restart forgets the records read: the sync starts over.
func (p *Progress) restart() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.types, p.action, p.count = nil, "", 0
}

// stage is the SDK's progress handler.
func (p *Progress) stage(s *sdksync.Progress) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.Action != p.action {
		p.action, p.count = s.Action, 0
	}
	p.count += int(s.Count)
	p.draw()
}

// Tick redraws the line until stop is called, so that the time left counts down without
// replies. Stop erases it.
func (p *Progress) Tick(every time.Duration) (stop func()) {
	ticker, done := time.NewTicker(every), make(chan struct{})
	go func() {
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				p.mu.Lock()
				p.draw()
				p.mu.Unlock()
			}
		}
	}()
	return func() {
		ticker.Stop()
		close(done)
		p.mu.Lock()
		defer p.mu.Unlock()
		p.clear()
		p.ended = true
	}
}

// Write writes lines of a log above the progress.
func (p *Progress) Write(log []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	n, err := p.Out.Write(log)
	if bytes.HasSuffix(log, []byte("\n")) {
		p.draw()
	}
	return n, err
}

func (p *Progress) clear() {
	if p.drawn {
		fmt.Fprint(p.Out, "\r\x1b[K")
		p.drawn = false
	}
}

func (p *Progress) draw() {
	if p.Out == nil || p.ended {
		return
	}
	width := 80
	if p.Width != nil {
		width = p.Width()
	}
	line := p.line()
	if len(line) >= width { // The last column would start a new line.
		line = line[:max(width-1, 0)]
	}
	fmt.Fprint(p.Out, "\r\x1b[K", line)
	p.drawn = true
}

// line returns the text of the line.
func (p *Progress) line() string {
	wait := p.wait.Sub(p.now())
	if wait < time.Second { // Evenly spaced requests wait for moments.
		return p.stageLine()
	}
	waiting := fmt.Sprintf("waiting %s for %s", duration(wait.Seconds()), p.reason)
	if r := p.largest(); p.lists() && r != nil && r.read < r.total {
		return fmt.Sprintf("%s: %d %%, %s", r.label, 100*r.read/r.total, waiting)
	}
	return p.stageLine() + ", " + waiting
}

// lists reports whether resources are being listed.
func (p *Progress) lists() bool { return p.action == "" || p.action == "list-resources" }

func (p *Progress) stageLine() string {
	switch p.action {
	case "list-grants":
		return fmt.Sprintf("grants: %s stored", thousands(p.count))
	case "list-entitlements", "list-static-entitlements":
		return fmt.Sprintf("entitlements: %s stored", thousands(p.count))
	case "grant-expansion":
		return "grants: expanding"
	}
	r := p.largest()
	switch {
	case r == nil && p.count > 0:
		return fmt.Sprintf("resources: %s stored", thousands(p.count))
	case r == nil:
		return "starting"
	}
	line := r.label + ": " + r.amount()
	if r.total > 0 {
		const columns = 20
		part := min(float64(r.read)/float64(r.total), 1)
		full := int(part * columns)
		line += fmt.Sprintf(" [%s%s] %d %%", strings.Repeat("#", full), strings.Repeat(".", columns-full), int(part*100))
	}
	if rate := float64(r.read-r.first) / p.now().Sub(r.since).Seconds(); r.read > r.first && rate > 0 {
		line += fmt.Sprintf(", %s/s", thousands(int(rate+0.5)))
		if r.total > r.read {
			left := max(float64(r.total-r.read)/rate, r.earliest.Sub(p.now()).Seconds())
			line += ", " + duration(left) + " left"
		}
	}
	return line
}

// largest returns the type with the most records.
func (p *Progress) largest() *reading {
	var largest *reading
	for _, r := range p.types {
		if largest == nil || cmp.Or(cmp.Compare(max(r.total, r.read), max(largest.total, largest.read)), strings.Compare(r.label, largest.label)) > 0 {
			largest = r
		}
	}
	return largest
}

func (r *reading) amount() string {
	if r.total > 0 {
		return thousands(r.read) + " of " + thousands(r.total)
	}
	return thousands(r.read)
}

// amountRead returns the amount read, for the end of a sentence; empty if unknown.
func (p *Progress) amountRead() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.largest()
	if r == nil {
		return ""
	}
	return " with " + r.amount() + " " + r.label + " read"
}

// Summary returns the contents of the file for these resource types, and grants:
// "1,234 users, 1 tenant, 5,678 grants", followed by the dangling grants left out.
func (p *Progress) Summary(resourceTypes []string, grants bool) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var parts []string
	for _, id := range resourceTypes {
		label := id
		if p.Label != nil {
			label = p.Label(id)
		}
		if p.counts[id] == 1 {
			label = strings.TrimSuffix(label, "s")
		}
		parts = append(parts, thousands(int(p.counts[id]))+" "+label)
	}
	if grants {
		parts = append(parts, several(p.counts[grantCount], "grant"))
	}
	summary := strings.Join(parts, ", ")
	if p.left > 0 {
		summary += " (" + several(int64(p.left), "dangling grant") + " left out)"
	}
	return summary
}

func several(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return thousands(int(n)) + " " + what + "s"
}

func (p *Progress) now() time.Time {
	if p.Now != nil {
		return p.Now()
	}
	return time.Now()
}

// duration formats seconds: 45 s, 3 min 20 s, 2 h 5 min.
func duration(seconds float64) string {
	s := int(seconds + 0.5)
	switch {
	case s < 60:
		return fmt.Sprintf("%d s", s)
	case s < 3600:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
	return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
}

// thousands formats a number with commas.
func thousands(n int) string {
	digits := strconv.Itoa(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
