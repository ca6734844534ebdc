package descope_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	sdksync "github.com/conductorone/baton-sdk/pkg/sync"
	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// TestDrift changes the users, or the rules of paging, during a sync that reads page by
// page. The third search is for the second page.
func TestDrift(t *testing.T) {
	t.Parallel()
	const shrunk, ignored = "while they were listed", "ignore"
	first, last := orderedUsers()
	for _, tt := range []struct {
		rules string // with | between them
		want  outcome
	}{
		// Users are created and deleted.
		{"delete call=3", outcome{}},
		{"delete call=4", outcome{}},
		{"delete call=3-4", outcome{}},
		{"delete call=3|delete call=3|delete call=3", outcome{}},
		{"delete:" + first[150] + " call=3", outcome{}},
		{"delete:" + first[99] + " call=3", outcome{}},
		{"delete:" + first[100] + " call=3", outcome{}},
		{"delete:" + last + " call=3", outcome{}},
		{"delete:" + last + " call=4", outcome{}},
		{"create call=3", outcome{}},
		{"create call=4", outcome{}},
		{"create:first call=3", outcome{}},
		{"create:first call=3-4", outcome{}},
		{"change call=3", outcome{}},
		{"change:" + last + " call=3", outcome{}},
		// The total stays the same, but the pages shift.
		{"delete call=3|create call=3", outcome{}},
		{"delete call=4|create call=4", outcome{}},
		{"delete:" + first[50] + " call=3|create call=3", outcome{}},
		{"delete:" + last + " call=3|create:first call=3", outcome{}},
		{"delete call=3|create call=4", outcome{}},
		{"create call=3|delete call=4", outcome{}},
		// The whole first page is deleted, and the next one.
		{strings.Repeat("delete call=3|", 100) + "change call=3", outcome{code: codes.Aborted, says: shrunk, either: true}},
		{strings.Repeat("delete call=3|create call=3|", 100) + "change call=3", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},
		// The changes never stop.
		{"delete call=3-", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},
		{"create call=3-40", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},
		{"delete call=3-40|create call=3-40", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},

		// Other rules of paging.
		{"no-offset", outcome{}},
		{"cap:30", outcome{}},
		{"cap:30|no-offset", outcome{}},
		{"cap:99 call=3", outcome{}},
		{"cap:1 call=3", outcome{}},
		{"same-page", outcome{code: codes.FailedPrecondition, says: ignored}},
		{"same-page call=3", outcome{code: codes.FailedPrecondition, says: ignored, either: true}},
		{"repeat call=4", outcome{code: codes.FailedPrecondition, says: ignored, either: true}},
		{"repeat call=4-", outcome{code: codes.FailedPrecondition, says: ignored, either: true}},

		// Wrong totals.
		{"total:none call=2-", outcome{code: codes.Internal, says: `SearchUsers: unusable reply: it has no "total"`, either: true}},
		{"total:none call=3", outcome{code: codes.Internal, says: `SearchUsers: unusable reply: it has no "total"`, either: true}},
		{"total:0 call=2-", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},
		{"total:+1 call=2-", outcome{code: codes.Aborted, says: "SearchUsers: the API reported 251 records"}},
		{"total:-1 call=2-", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},
		{"total:+1 call=3", outcome{}},
		{"total:-1 call=3", outcome{}},
		{"total:+1 call=4", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},
		{"total:-1 call=4", outcome{code: codes.Aborted, says: "SearchUsers", either: true}},

		// With faults as well.
		{"delete call=3|503 on=SearchUsers call=3-8", outcome{}},
		{"delete call=4|create call=4|half every=2", outcome{}},
		{"cap:30|429:2 every=3|delete call=5", outcome{}},
	} {
		name := tt.rules
		if len(name) > 80 {
			name = name[:80] + "..."
		}
		for _, sequential := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s sequential %v", name, sequential), func(t *testing.T) {
				sampled(t)
				t.Parallel()
				drifting(t, tt.rules, sequential, tt.want)
			})
		}
	}
}

// drifting runs a sync, with one request at a time or with prefetch.
func drifting(t *testing.T, rules string, sequential bool, want outcome) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := emulatortest.StartInMemory(t, threePages(), emulator.Options{})
		d.Fail(t, strings.Split(rules, "|")...)
		o := options(t, d)
		o.Sequential = sequential
		want.check(t, "SearchUsers", exactOrFailedWithin(t, patience, d, o, sdksync.WithWorkerCount(2)))
	})
}

// TestCappedTotal: a total capped at the end of a page is not the end of the list.
func TestCappedTotal(t *testing.T) {
	for _, rule := range []string{"total:100 call=2-", "total:100 call=2", "total:199 call=2-"} {
		drifting(t, rule, true, outcome{code: codes.Aborted, says: "SearchUsers", either: true})
	}
}

// orderedUsers returns the ids of the users of threePages in the order of creation, and
// the last of them.
func orderedUsers() (ids []string, last string) {
	users := threePages().Users
	sortByCreation(users)
	for _, u := range users {
		ids = append(ids, u.UserID)
	}
	return ids, ids[len(ids)-1]
}
