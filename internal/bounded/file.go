// Package bounded reads files that may be anybody's: one that is too large, or
// has no end, is refused and not read into memory.
//
//	src, err := bounded.ReadFile("team.yaml", bounded.Text)
package bounded

import (
	"fmt"
	"io"
	"os"
)

// How large files may be, in bytes.
const (
	// Text is the limit for what people write.
	Text = 1 << 20
	// Reply is the limit for a recorded reply, that of a reply over the network.
	Reply = 64 << 20
)

// ReadFile reads a file of at most limit bytes.
func ReadFile(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(content)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes, which is as much as is read of such a file", name, limit)
	}
	return content, nil
}
