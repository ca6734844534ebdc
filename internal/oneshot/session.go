package oneshot

import (
	"context"
	"sync"

	"github.com/conductorone/baton-sdk/pkg/session"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"
)

// Session is a session store that a connector is given when it is built, and
// that passes everything on to the store which the syncer sets later.
type Session struct {
	mu    sync.RWMutex
	inner sessions.SessionStore
}

// SetSessionStore sets the store; nil for none.
func (s *Session) SetSessionStore(_ context.Context, store sessions.SessionStore) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inner = store
}

func (s *Session) store() sessions.SessionStore {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.inner == nil {
		return &session.NoOpSessionStore{} // Provisioning has none.
	}
	return s.inner
}

// Get returns a value.
func (s *Session) Get(ctx context.Context, key string, opt ...sessions.SessionStoreOption) ([]byte, bool, error) {
	return s.store().Get(ctx, key, opt...)
}

// GetMany returns several values, and the keys that it left out.
func (s *Session) GetMany(ctx context.Context, keys []string, opt ...sessions.SessionStoreOption) (map[string][]byte, []string, error) {
	return s.store().GetMany(ctx, keys, opt...)
}

// Set stores a value, also after the end of the context: it belongs to the reply of the
// stopped call.
func (s *Session) Set(ctx context.Context, key string, value []byte, opt ...sessions.SessionStoreOption) error {
	return s.store().Set(context.WithoutCancel(ctx), key, value, opt...)
}

// SetMany stores several values.
func (s *Session) SetMany(ctx context.Context, values map[string][]byte, opt ...sessions.SessionStoreOption) error {
	return s.store().SetMany(ctx, values, opt...)
}

// Delete removes a value.
func (s *Session) Delete(ctx context.Context, key string, opt ...sessions.SessionStoreOption) error {
	return s.store().Delete(ctx, key, opt...)
}

// Clear removes all values.
func (s *Session) Clear(ctx context.Context, opt ...sessions.SessionStoreOption) error {
	return s.store().Clear(ctx, opt...)
}

// GetAll returns a page of all values.
func (s *Session) GetAll(ctx context.Context, pageToken string, opt ...sessions.SessionStoreOption) (map[string][]byte, string, error) {
	return s.store().GetAll(ctx, pageToken, opt...)
}
