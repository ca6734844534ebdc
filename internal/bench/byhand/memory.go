package byhand

import (
	"context"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types/resource"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// memory makes the users anew whenever they are asked for: holding them all would be
// memory, and decoding them would be work, that belongs to no floor.
type memory struct {
	all   *Catalogue
	count int
	user  func(i int) emulator.User
}

// Memory returns a connector of a generated project, which it makes itself.
func Memory(size emulator.Size) connectorbuilder.ConnectorBuilderV2 {
	project, user := emulator.GenerateLazily(size)
	return byType(&memory{catalogueOf(project), size.Users, user})
}

func (m *memory) catalogue(context.Context) (*Catalogue, error) { return m.all, nil }

func (m *memory) users(_ context.Context, _ resource.SyncOpAttrs, n int) ([]User, bool, error) {
	from, to := n*page, min((n+1)*page, m.count)
	users := make([]User, 0, to-from)
	for i := from; i < to; i++ {
		users = append(users, userOf(m.user(i)))
	}
	return users, to < m.count, nil
}

func (m *memory) held(ctx context.Context, o resource.SyncOpAttrs, n int) ([]User, bool, error) {
	return m.users(ctx, o, n)
}

// Users returns generated users, for benchmarks.
func Users(size emulator.Size) []User {
	_, user := emulator.GenerateLazily(size)
	users := make([]User, size.Users)
	for i := range users {
		users[i] = userOf(user(i))
	}
	return users
}
