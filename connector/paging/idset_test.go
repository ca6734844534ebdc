package paging

import (
	"math/rand/v2"
	"testing"
)

func TestIDSet(t *testing.T) {
	var set IDSet
	want := map[uint64]bool{}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		hash := max(1, random.Uint64()%8_000<<52|random.Uint64()%3)
		if set.Has(hash) != want[hash] || set.Add(hash) == want[hash] {
			t.Fatalf("%x: the set and the map do not agree", hash)
		}
		want[hash] = true
	}
	if set.count != len(want) {
		t.Errorf("%d hashes, want %d", set.count, len(want))
	}
	if perID := 8 * len(set.slots) / set.count; perID > 32 {
		t.Errorf("%d bytes for each id", perID)
	}
}
