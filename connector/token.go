package connector

import (
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"
)

// token returns the text of v as a page token.
func token(v any) (string, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return "", errorf(codes.Internal, "page token: %w", err)
	}
	return string(text), nil
}

// place is what a page token says.
type place interface {
	// Valid reports whether a list or a pass can come there.
	Valid() bool
}

// parseToken reads a page token into v; the empty one leaves it as it is.
func parseToken(text string, v place) error {
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(v)
	if err == nil && (decoder.More() || !v.Valid()) {
		err = errors.New("no list comes to this place")
	}
	if err != nil {
		return errorf(codes.InvalidArgument, "page token %.100q is not one of this connector's: %w", text, err)
	}
	return nil
}
