package connector

import (
	"github.com/cespare/xxhash/v2"

	"github.com/conductorone/baton-descope/mapping"
)

// idSet is the set of the ids that a list has shown so far, as 64-bit hashes:
// 11 to 21 bytes for each. Among ten million ids two have the same hash once in
// 370,000 lists; the list then comes out one short and is not taken for whole.
type idSet struct {
	slots []uint64 // open addressing; 0 is free
	count int
}

// hashOf returns the hash of an id. It is never 0.
func hashOf(id mapping.ID) uint64 { return max(1, xxhash.Sum64String(id.String())) }

func (s *idSet) has(hash uint64) bool {
	if s.count == 0 {
		return false
	}
	return s.slots[s.slot(hash)] == hash
}

// slot is where a hash is, or would be put.
func (s *idSet) slot(hash uint64) uint64 {
	mask := uint64(len(s.slots)) - 1
	i := hash & mask
	for s.slots[i] != 0 && s.slots[i] != hash {
		i = (i + 1) & mask
	}
	return i
}

// add adds a hash, and tells whether it was new.
func (s *idSet) add(hash uint64) bool {
	if s.has(hash) {
		return false
	}
	if 4*(s.count+1) > 3*len(s.slots) {
		s.grow()
	}
	s.slots[s.slot(hash)] = hash
	s.count++
	return true
}

func (s *idSet) grow() {
	old := s.slots
	s.slots = make([]uint64, max(64, 2*len(old)))
	for _, hash := range old {
		if hash != 0 {
			s.slots[s.slot(hash)] = hash
		}
	}
}
