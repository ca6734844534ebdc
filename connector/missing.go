package connector

import (
	"context"
	"fmt"
	"slices"
	"sync"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/mapping"
)

// missing counts what records refer to and no list has: a role or a tenant that
// was deleted while its name stayed behind, say. Nothing can be held on it.
type missing struct {
	mu       sync.Mutex
	count    int
	examples []string
}

// LeftOut is a grant that a sync leaves out: Principal's record says that it
// holds an entitlement on a resource that does not exist.
type LeftOut struct {
	// Principal and On are the SDK's ids of resources.
	Principal, On *v2.ResourceId
	Entitlement   *mapping.Entitlement
}

// leaveOut counts a grant as left out, and tells who asked to be told.
func (s *syncer) leaveOut(state *syncState, rule *mapping.GrantRule, id, on mapping.ID) {
	state.absent.add(s.typ, rule, id, on)
	if s.options.LeftOut != nil {
		s.options.LeftOut(LeftOut{resourceID(s.typ, id), resourceID(rule.Entitlement.On, on), rule.Entitlement})
	}
}

// maxExamples is how many are named.
const maxExamples = 5

func (m *missing) add(t *mapping.ResourceType, rule *mapping.GrantRule, id, on mapping.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count++
	example := fmt.Sprintf("%s %q holds %s on %q", t.ID, id, rule.Entitlement.Name(), on)
	if len(m.examples) < maxExamples && !slices.Contains(m.examples, example) {
		m.examples = append(m.examples, example)
	}
}

// report says once what was left out.
func (m *missing) report(ctx context.Context) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.count > 0 {
		ctxzap.Extract(ctx).Warn("records refer to resources that the API does not list; these grants are left out",
			zap.Int("grants", m.count), zap.Strings("examples", m.examples))
	}
	m.count, m.examples = 0, nil
}
