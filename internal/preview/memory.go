package preview

import (
	"context"
	"maps"
	"sync"

	"github.com/conductorone/baton-sdk/pkg/types/sessions"
)

// memory is a session store in memory, for one sync.
type memory struct {
	mu     sync.Mutex
	values map[string][]byte
}

func newMemory() *memory { return &memory{values: map[string][]byte{}} }

// key returns a key with the prefix of its user.
func key(ctx context.Context, name string, opts []sessions.SessionStoreOption) (string, error) {
	bag := &sessions.SessionStoreBag{}
	for _, o := range opts {
		if err := o(ctx, bag); err != nil {
			return "", err
		}
	}
	return bag.Prefix + name, nil
}

// Get returns a value.
func (m *memory) Get(ctx context.Context, name string, opts ...sessions.SessionStoreOption) ([]byte, bool, error) {
	k, err := key(ctx, name, opts)
	m.mu.Lock()
	defer m.mu.Unlock()
	value, ok := m.values[k]
	return value, ok, err
}

// GetMany returns several values.
func (m *memory) GetMany(ctx context.Context, names []string, opts ...sessions.SessionStoreOption) (map[string][]byte, []string, error) {
	found := map[string][]byte{}
	for _, name := range names {
		value, ok, err := m.Get(ctx, name, opts...)
		if err != nil {
			return nil, nil, err
		}
		if ok {
			found[name] = value
		}
	}
	return found, nil, nil
}

// Set stores a value.
func (m *memory) Set(ctx context.Context, name string, value []byte, opts ...sessions.SessionStoreOption) error {
	k, err := key(ctx, name, opts)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[k] = value
	return err
}

// SetMany stores several values.
func (m *memory) SetMany(ctx context.Context, values map[string][]byte, opts ...sessions.SessionStoreOption) error {
	for name, value := range values {
		if err := m.Set(ctx, name, value, opts...); err != nil {
			return err
		}
	}
	return nil
}

// Delete removes a value.
func (m *memory) Delete(ctx context.Context, name string, opts ...sessions.SessionStoreOption) error {
	k, err := key(ctx, name, opts)
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.values, k)
	return err
}

// Clear removes all values.
func (m *memory) Clear(context.Context, ...sessions.SessionStoreOption) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.values)
	return nil
}

// GetAll returns all values.
func (m *memory) GetAll(context.Context, string, ...sessions.SessionStoreOption) (map[string][]byte, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.values), "", nil
}
