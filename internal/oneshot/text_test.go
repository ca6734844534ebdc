package oneshot

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestPlain(t *testing.T) {
	refused := status.Error(codes.Internal, "error: listing resources failed: shelf: ListBooks: no luck (try again)")
	cancelled := status.Error(codes.Canceled, "error: listing resources failed: context canceled")
	for _, c := range []struct {
		err  error
		want string
	}{
		{refused, "shelf: ListBooks: no luck (try again)"},
		{errors.Join(cancelled, refused, cancelled), "shelf: ListBooks: no luck (try again)"},
		{errors.Join(refused, refused), "shelf: ListBooks: no luck (try again)"},
		{errors.Join(refused, errors.New("shelf: cannot store")), "shelf: ListBooks: no luck (try again); cannot store"},
		{errors.Join(cancelled, cancelled), "shelf: error: listing resources failed: context canceled"},
		{context.Canceled, "shelf: context canceled"},
		{errors.New("invalid resource type"), "shelf: invalid resource type"},
		{fmt.Errorf("shelf: cannot open books: %w", refused), "shelf: cannot open books: error: listing resources failed: shelf: ListBooks: no luck (try again)"},
	} {
		if got := plain("shelf", c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
