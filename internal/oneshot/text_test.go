package oneshot

import (
	"context"
	"errors"
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
		{refused, "ListBooks: no luck (try again)"},
		{errors.Join(cancelled, refused, cancelled), "ListBooks: no luck (try again)"},
		{errors.Join(refused, refused), "ListBooks: no luck (try again)"},
		{errors.Join(refused, errors.New("cannot store")), "ListBooks: no luck (try again); cannot store"},
		{errors.Join(cancelled, cancelled), "error: listing resources failed: context canceled"},
		{context.Canceled, "context canceled"},
		{errors.New("invalid resource type"), "invalid resource type"},
	} {
		if got := plain("shelf", c.err); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
