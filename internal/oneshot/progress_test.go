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
	p.Read("tenant", 20, 0)
	want("tenants: 20")
	p.Read("user", 1000, 100000)
	want("users: 1,000 of 100,000 [....................] 1%")
	*now = now.Add(10 * time.Second)
	p.Read("user", 26000, 100000)
	p.Read("tenant", 400, 0)
	want("users: 26,000 of 100,000 [#####...............] 26%, 2,500/s, 30s left")
	p.Read("user", 100000, 100000)
	want("users: 100,000 of 100,000 [####################] 100%, 9,900/s")
	p.stage(&sdksync.Progress{Action: "list-entitlements", Count: 3})
	want("entitlements: 3 stored")
	p.stage(&sdksync.Progress{Action: "list-grants", Count: 1000})
	p.stage(&sdksync.Progress{Action: "list-grants", Count: 234})
	want("grants: 1,234 stored")
	p.stage(&sdksync.Progress{Action: "grant-expansion"})
	want("grants: expanding")
}

// A sync that goes on counts from where it was for the rate, not from nothing.
func TestProgressOfASyncThatGoesOn(t *testing.T) {
	p, now := clock(nil, 80)
	p.Read("user", 50000, 100000)
	*now = now.Add(time.Minute)
	p.Read("user", 56000, 100000)
	if got, want := p.line(), "users: 56,000 of 100,000 [###########.........] 56%, 100/s, 7m 20s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := p.soFar(); got != " with 56,000 of 100,000 users read" {
		t.Error(got)
	}
}

func TestProgressOnATerminal(t *testing.T) {
	var out strings.Builder
	p, _ := clock(&out, 20)
	p.Read("user", 1000, 100000)
	p.Write([]byte("a warning\n"))
	p.Read("user", 2000, 100000)
	const erase = "\r\x1b[K"
	want := erase + "users: 1,000 of 100" + erase + "a warning\n" + erase + "users: 1,000 of 100" + erase + "users: 2,000 of 100"
	if out.String() != want {
		t.Errorf("%q\nwant\n%q", out.String(), want)
	}
	out.Reset()
	p.Tick(time.Hour)()
	p.Read("user", 3000, 100000)
	if out.String() != erase {
		t.Errorf("after the end %q", out.String())
	}
}

func TestDuration(t *testing.T) {
	for seconds, want := range map[float64]string{0.4: "0s", 59: "59s", 61: "1m 1s", 3599: "59m 59s", 7500: "2h 5m"} {
		if got := duration(seconds); got != want {
			t.Errorf("%v seconds: %s", seconds, got)
		}
	}
}
