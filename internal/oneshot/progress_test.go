package oneshot

import (
	"strings"
	"testing"
	"time"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
)

// clock is a progress with a clock of its own.
func clock(out *strings.Builder, width int) (*Progress, *time.Time) {
	now := time.Unix(0, 0)
	p := &Progress{Width: func() int { return width }, Label: func(id string) string { return id + "s" }, Now: func() time.Time { return now }}
	if out != nil {
		p.Out = out
	}
	return p, &now
}

func TestProgressLine(t *testing.T) {
	p, now := clock(nil, 80)
	want := func(line string) {
		t.Helper()
		if got := p.line(); got != line {
			t.Errorf("%q, want %q", got, line)
		}
	}
	want("starting")
	p.stage(&sdksync.Progress{Action: "list-resources", Count: 7})
	want("resources: 7 stored")
	p.Read("tenant", 20, 0, time.Time{})
	want("tenants: 20")
	p.Read("user", 1000, 100000, time.Time{})
	want("users: 1,000 of 100,000 [....................] 1 %")
	*now = now.Add(10 * time.Second)
	p.Read("user", 26000, 100000, time.Time{})
	p.Read("tenant", 400, 0, time.Time{})
	want("users: 26,000 of 100,000 [#####...............] 26 %, 2,500/s, 30 s left")
	p.Read("user", 100000, 100000, time.Time{})
	want("users: 100,000 of 100,000 [####################] 100 %, 9,900/s")
	p.stage(&sdksync.Progress{Action: "list-entitlements", Count: 3})
	want("entitlements: 3 stored")
	p.stage(&sdksync.Progress{Action: "list-grants", Count: 1000})
	p.stage(&sdksync.Progress{Action: "list-grants", Count: 234})
	want("grants: 1,234 stored")
	p.stage(&sdksync.Progress{Action: "grant-expansion"})
	want("grants: expanding")
}

// The rate of a resumed sync counts from where this run began, not from nothing.
func TestProgressOfResumedSync(t *testing.T) {
	p, now := clock(nil, 80)
	p.Read("user", 50000, 100000, time.Time{})
	*now = now.Add(time.Minute)
	p.Read("user", 56000, 100000, time.Time{})
	if got, want := p.line(), "users: 56,000 of 100,000 [###########.........] 56 %, 100/s, 7 min 20 s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := p.amountRead(); got != " with 56,000 of 100,000 users read" {
		t.Error(got)
	}
}

// While requests wait for a limit, the line shows that in place of a falling rate.
func TestProgressWhileWaiting(t *testing.T) {
	p, now := clock(nil, 80)
	want := func(line string) {
		t.Helper()
		if got := p.line(); got != line {
			t.Errorf("%q, want %q", got, line)
		}
	}
	const reason = "Shop's limit of 200 searches a minute"
	p.Wait(now.Add(52*time.Second), reason)
	want("starting, waiting 52 s for " + reason)
	p.Read("user", 18811, 20000, now.Add(53*time.Second))
	want("users: 94 %, waiting 52 s for " + reason)
	*now = now.Add(50 * time.Second)
	want("users: 94 %, waiting 2 s for " + reason)
	*now = now.Add(2 * time.Second)
	want("users: 18,811 of 20,000 [##################..] 94 %")
	p.Wait(now.Add(300*time.Millisecond), reason) // As each request that keeps to the pace.
	want("users: 18,811 of 20,000 [##################..] 94 %")
	p.stage(&sdksync.Progress{Action: "list-grants", Count: 5})
	p.Wait(now.Add(61*time.Second), reason)
	want("grants: 5 stored, waiting 1 min 1 s for " + reason)
}

// The time left follows from the rate, or from a rate limit if that takes longer: of
// 50,000 the first 20,000 come at once.
func TestTimeLeftUnderRateLimit(t *testing.T) {
	p, now := clock(nil, 80)
	start := *now
	ends := start.Add(153 * time.Second)
	p.Read("user", 1000, 50000, ends)
	*now = start.Add(3 * time.Second)
	p.Read("user", 16000, 50000, ends)
	if got, want := p.line(), "users: 16,000 of 50,000 [######..............] 32 %, 5,000/s, 2 min 30 s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	*now = start.Add(100 * time.Second)
	p.Read("user", 21000, 50000, start.Add(101*time.Second)) // A slow server, and no limit.
	if got, want := p.line(), "users: 21,000 of 50,000 [########............] 42 %, 200/s, 2 min 25 s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestSummary(t *testing.T) {
	p, _ := clock(nil, 80)
	p.stored(map[string]int64{"user": 1234, "tenant": 1, "grants": 5678, "resources": 1235})
	types := []string{"user", "tenant", "role"}
	if got, want := p.Summary(types, true), "1,234 users, 1 tenant, 0 roles, 5,678 grants"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := p.Summary(types[:1], false), "1,234 users"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.LeftOut(1)
	if got, want := p.Summary(types[:1], true), "1,234 users, 5,678 grants (1 dangling grant left out)"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	var out strings.Builder
	p, _ := clock(&out, 20)
	p.Read("user", 1000, 100000, time.Time{})
	p.Write([]byte("a warning\n"))
	p.Read("user", 2000, 100000, time.Time{})
	const erase = "\r\x1b[K"
	want := erase + "users: 1,000 of 100" + erase + "a warning\n" + erase + "users: 1,000 of 100" + erase + "users: 2,000 of 100"
	if out.String() != want {
		t.Errorf("%q\nwant\n%q", out.String(), want)
	}
	out.Reset()
	p.Tick(time.Hour)()
	p.Read("user", 3000, 100000, time.Time{})
	if out.String() != erase {
		t.Errorf("after the end %q", out.String())
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0.4: "0 s", 59: "59 s", 61: "1 min 1 s", 3599: "59 min 59 s", 7500: "2 h 5 min"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v seconds: %s", seconds, got)
		}
	}
}
