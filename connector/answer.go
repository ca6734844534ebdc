package connector

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// Limits of one answer to the SDK. gRPC carries 4 MiB; one resource may be larger
// than maxBytes on its own, up to maxResource. Larger answers would not be faster:
// the SDK stores them in one piece.
const (
	maxResources    = 2000
	maxEntitlements = 4000
	maxGrants       = 8000
	maxBytes        = 2<<20 - 64<<10 // The rest is for the page tokens.
)

// answer collects the resources, entitlements or grants of one answer to the SDK
// until it is full.
type answer[T proto.Message] struct {
	limit int // how many it holds at most; 0 for no limit, in bytes either
	items []T
	bytes int
}

// add adds an item, or returns false when it does not fit any more. The first
// always fits.
func (a *answer[T]) add(item T) bool {
	bytes := 1 + protowire.SizeBytes(proto.Size(item))
	if a.limit > 0 && len(a.items) > 0 && (len(a.items) == a.limit || a.bytes+bytes > maxBytes) {
		return false
	}
	a.items = append(a.items, item)
	a.bytes += bytes
	return true
}
