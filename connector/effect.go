package connector

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// holding is what a principal holds: an entitlement on the resource with this id.
type holding struct {
	entitlement *mapping.Entitlement
	on          string
}

// holdings are all that a principal's record shows, with the ids in their parts.
type holdings map[holding]mapping.ID

// holdings returns what a record of the holder shows.
func (ch *change) holdings(r mapping.Record) (holdings, error) {
	all := holdings{}
	err := holds(ch.holder, r, func(rule int, on mapping.ID) error {
		all[holding{ch.holder.Grants[rule].Entitlement, on.String()}] = on
		return nil
	})
	return all, err
}

// has reports whether an entitlement on a resource is among them.
func (h holdings) has(e *mapping.Entitlement, on mapping.ID) bool {
	_, ok := h[holding{e, on.String()}]
	return ok
}

// holderSet are the holders of an entitlement on a resource, as far as a list of them
// was read.
type holderSet struct {
	ids   map[string]bool
	whole bool // the list was read to its end
}

// effect is what a write changed and was not to change.
type effect struct {
	// lost and gained are the principal's, by the records before and after.
	lost, gained holdings
	// without and with are others who held the same entitlement on the same resource
	// and do not any more, and who hold it and did not, by the lists of holders.
	without, with []string
}

func (e effect) none() bool { return len(e.lost)+len(e.gained)+len(e.without)+len(e.with) == 0 }

// effect compares what was read before a write with what was read after it: the
// principal's records, or else the lists of holders, as far as both were read.
func (ch *change) effect(p *mapping.Provision, before, after state) effect {
	var e effect
	if ch.Holders == nil {
		e.lost = ch.unexpected(before.grants, after.grants, p, false)
		e.gained = ch.unexpected(after.grants, before.grants, p, true)
		return e
	}
	if after.holders.whole {
		e.without = ch.others(before.holders, after.holders, false)
	}
	if before.holders.whole {
		e.with = ch.others(after.holders, before.holders, true)
	}
	return e
}

// unexpected returns what is in some holdings and not in others, but for the grant that
// the write is about, what goes along with it, and the connector's own other writes.
// gained reports that they are held after the write.
func (ch *change) unexpected(in, notIn holdings, p *mapping.Provision, gained bool) holdings {
	found := maps.Clone(in)
	maps.DeleteFunc(found, func(h holding, on mapping.ID) bool {
		return notIn.has(h.entitlement, on) ||
			h.entitlement == ch.Entitlement && h.on == ch.onID.String() ||
			covers(p, gained, h.entitlement, on, ch.onID) ||
			ch.c.own.explain(ch, ch.principal(), h.entitlement, on, gained)
	})
	return found
}

// others returns the other holders who are in one set and not in another, sorted.
func (ch *change) others(in, notIn holderSet, gained bool) []string {
	var found []string
	for id := range in.ids {
		if !notIn.ids[id] && id != ch.principalID.String() && !ch.c.own.explain(ch, ch.holder.ID+":"+id, ch.Entitlement, ch.onID, gained) {
			found = append(found, id)
		}
	}
	slices.Sort(found)
	return found
}

// covers reports whether a grant may come, or go, with a write about a resource.
func covers(p *mapping.Provision, gained bool, e *mapping.Entitlement, on, resource mapping.ID) bool {
	along := p.AlsoRevokes
	if gained {
		along = p.AlsoGrants
	}
	return slices.ContainsFunc(along, func(a *mapping.Along) bool { return a.Covers(e, on, resource) })
}

// onlyChange verifies that a write that was made changed nothing else. A difference is
// looked at once more: what was read may lag behind in parts, and a reply may not have all
// that a reading has. The second look counts if it shows the change. If the change was so
// before the write as well, no read can be distinguished from an older one: the reply stands.
func (ch *change) onlyChange(ctx context.Context, p *mapping.Provision, before, after state, replied bool) error {
	e := ch.effect(p, before, after)
	if !after.gone && !e.none() && (!replied || before.held != after.held) && pause(ctx, pauseBetween) == nil {
		if again, err := ch.look(ctx, nil); err == nil && again.held == after.held {
			after, e = again, ch.effect(p, before, again)
		}
	}
	switch {
	case after.gone:
		return errorf(codes.Internal, "%s: %s was sent, and now there is no %s %q: either %s deletes it, and the mapping is wrong, or somebody else did at the same time",
			ch.what(), p.Operation.Name, ch.holder.ID, ch.principalID, p.Operation.Name)
	case e.none():
		return nil
	}
	return errorf(codes.Internal, "%s: %[2]s made the change, and more is different: %[3]s; "+
		"either %[2]s does more than the mapping says (also_grants, also_revokes), "+
		"or somebody else, or another run, changed it at about the same time: look at it, and put right what is wrong",
		ch.what(), p.Operation.Name, ch.describe(e))
}

// describe lists an effect.
func (ch *change) describe(e effect) string {
	var said []string
	say := func(what string, items []string) {
		if n := len(items); n > maxDifferences {
			items = append(items[:maxDifferences:maxDifferences], fmt.Sprintf("and %d more", n-maxDifferences))
		}
		if len(items) > 0 {
			said = append(said, what+" "+strings.Join(items, ", "))
		}
	}
	say(fmt.Sprintf("the %s lost", ch.holder.ID), e.lost.sorted())
	say(fmt.Sprintf("the %s was given", ch.holder.ID), e.gained.sorted())
	say(ch.Name()+" was taken from", quoted(ch.holder.ID, e.without))
	say(ch.Name()+" was given to", quoted(ch.holder.ID, e.with))
	return strings.Join(said, "; ")
}

// maxDifferences is how many are listed of a kind.
const maxDifferences = 50

func (h holdings) sorted() []string {
	var all []string
	for held := range h {
		all = append(all, fmt.Sprintf("%s on %q", held.entitlement.Name(), held.on))
	}
	slices.Sort(all)
	return all
}

func quoted(typ string, ids []string) []string {
	all := make([]string, len(ids))
	for i, id := range ids {
		all[i] = fmt.Sprintf("%s %q", typ, id)
	}
	return all
}

// ownWrites are the connector's writes of the last minutes. A reading before a write may
// be some seconds old, so that it does not show them, while the one after it does.
type ownWrites struct {
	mu  sync.Mutex
	all []ownWrite
}

type ownWrite struct {
	*change
	with   *mapping.Provision
	grants bool
	at     time.Time
}

// remembered is how long a write explains a difference: it is tried for a time, and reads
// lag behind it.
const remembered = 2 * writing

func (o *ownWrites) add(ch *change, p *mapping.Provision, grants bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = slices.DeleteFunc(o.all, func(w ownWrite) bool { return time.Since(w.at) > remembered })
	o.all = append(o.all, ownWrite{ch, p, grants, time.Now()})
}

// explain reports whether another write than ch may have made a grant, or taken it.
func (o *ownWrites) explain(ch *change, principal string, e *mapping.Entitlement, on mapping.ID, gained bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.all, func(w ownWrite) bool {
		about := w.grants == gained && w.Entitlement == e && w.onID.String() == on.String()
		return w.change != ch && w.principal() == principal && time.Since(w.at) <= remembered &&
			(about || covers(w.with, gained, e, on, w.onID))
	})
}
