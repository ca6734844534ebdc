package connector

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/grpc-ecosystem/go-grpc-middleware/logging/zap/ctxzap"
	"go.uber.org/zap"

	"github.com/conductorone/baton-descope/mapping"
)

// openStatuses are the words for a status that a sync met and the mapping neither names
// nor ignores. Their resources are shown without a status.
type openStatuses struct {
	mu     sync.Mutex
	counts map[string]int // of resources, by type and word
}

// maxWords is how many words are kept.
const maxWords = 100

// add counts the resource if its status has no meaning. A record that is read twice is
// counted twice.
func (o *openStatuses) add(t *mapping.ResourceType, r *mapping.Resource) {
	if !r.StatusOpen {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.counts == nil {
		o.counts = map[string]int{}
	}
	word := t.ID + ": " + shorten(r.StatusDetail, maxShown)
	if _, known := o.counts[word]; known || len(o.counts) < maxWords {
		o.counts[word]++
	}
}

// report logs the words.
func (o *openStatuses) report(ctx context.Context) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.counts) > 0 {
		words, resources := slices.Sorted(maps.Keys(o.counts)), 0
		for _, n := range o.counts {
			resources += n
		}
		ctxzap.Extract(ctx).Warn("the mapping has no meaning for some values of the status; these resources are shown without one",
			zap.Strings("values", words), zap.Int("resources", resources))
	}
	o.counts = nil
}
