package emulator

import "slices"

// Effect is something that was done to a user and that the user's record does not
// show.
type Effect struct {
	Kind   EffectKind `json:"kind"`
	UserID string     `json:"userId"`

	// Of an invitation: where it was sent, "" for not in this way, and the URL of the
	// request.
	Mail  string `json:"mail,omitempty"`
	Phone string `json:"phone,omitempty"`
	URL   string `json:"url,omitempty"`
}

// EffectKind is the kind of an [Effect].
type EffectKind string

// The kinds of effects.
const (
	Invited         EffectKind = "invited"
	SignedOut       EffectKind = "signed-out" // all sessions were ended
	PasswordExpired EffectKind = "password-expired"
)

// Effects returns what was done to users, in order.
func (s *Store) Effects() []Effect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.effects)
}
