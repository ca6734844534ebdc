package paging

import (
	"slices"

	"github.com/cespare/xxhash/v2"
)

// IDSet is a set of ids, as 64-bit hashes: 11 to 21 bytes for each. Among ten
// million ids two have the same hash once in 370,000 lists; the list is
// then one short and not taken for complete.
type IDSet struct {
	slots []uint64 // open addressing; 0 is free
	count int
}

// Hash returns the hash of an id. It is never 0.
func Hash(id string) uint64 { return max(1, xxhash.Sum64String(id)) }

// Len returns the number of ids in the set.
func (s *IDSet) Len() int { return s.count }

// Has reports whether a hash is in the set.
func (s *IDSet) Has(hash uint64) bool {
	if s.count == 0 {
		return false
	}
	return s.slots[s.slot(hash)] == hash
}

// slot is where a hash is, or would be put.
func (s *IDSet) slot(hash uint64) uint64 {
	mask := uint64(len(s.slots)) - 1
	i := hash & mask
	for s.slots[i] != 0 && s.slots[i] != hash {
		i = (i + 1) & mask
	}
	return i
}

// Add adds a hash, and reports whether it was new.
func (s *IDSet) Add(hash uint64) bool {
	if s.Has(hash) {
		return false
	}
	if 4*(s.count+1) > 3*len(s.slots) {
		s.grow()
	}
	s.slots[s.slot(hash)] = hash
	s.count++
	return true
}

func (s *IDSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(64, 2*len(old)))
	for _, hash := range old {
		if hash != 0 {
			s.slots[s.slot(hash)] = hash
		}
	}
}

func (s IDSet) clone() IDSet { return IDSet{slots: slices.Clone(s.slots), count: s.count} }
