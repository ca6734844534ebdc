package connector

import (
	"encoding/json"
	"errors"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/conductorone/baton-descope/mapping"
)

// cursor is a place in a list that is read page by page. Its text is a page
// token: self-contained, so that another process can go on from it. How it
// moves is in turn.go.
type cursor struct {
	// Step is the number of the step that starts here.
	Step int `json:"step,omitempty"`
	// Skip is how many records of the step were returned already.
	Skip int `json:"skip,omitempty"`

	Offset int    `json:"offset,omitempty"`
	Page   int    `json:"page,omitempty"`
	Cursor string `json:"cursor,omitempty"`

	// Total is how many records the API told last, 0 when it does not tell.
	Total int `json:"total,omitempty"`
	// Width is how many records the page before had.
	Width int `json:"width,omitempty"`
	// First is the hash of the list's first record.
	First uint64 `json:"first,omitempty"`
	// Last is a fingerprint of the page before.
	Last uint64 `json:"last,omitempty"`
	// Apart tells that pages do not overlap: the API cannot start one anywhere.
	Apart bool `json:"apart,omitempty"`

	// Read is how many pages were read in this reading of the list, and Again
	// how many readings came before it.
	Read  int `json:"read,omitempty"`
	Again int `json:"again,omitempty"`
	// Back is how often in a row the list went back, and Stepped how often in all.
	Back    int `json:"back,omitempty"`
	Stepped int `json:"stepped,omitempty"`
	// Mark is a cursor that came before. It is set anew whenever Read is a power
	// of two, so that a list which goes round in a circle comes to it again,
	// however long the circle is.
	Mark string `json:"mark,omitempty"`
}

func (c cursor) position() mapping.Position {
	return mapping.Position{Offset: c.Offset, Page: c.Page, Cursor: c.Cursor}
}

// number is the page's number, the first being 1.
func (c cursor) number() int { return max(c.Page, c.Read) + 1 }

// start returns the place where the step starts.
func (c cursor) start() cursor {
	c.Skip = 0
	return c
}

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
	// possible tells whether a list or a pass can come there.
	possible() bool
}

func (c *cursor) possible() bool {
	return min(c.Step, c.Skip, c.Offset, c.Page, c.Total, c.Width, c.Read, c.Again, c.Back, c.Stepped) >= 0
}

// parseToken reads a page token into v; the empty one leaves it as it is.
func parseToken(text string, v place) error {
	if text == "" {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(v)
	if err == nil && (decoder.More() || !v.possible()) {
		err = errors.New("there is no such place")
	}
	if err != nil {
		return errorf(codes.InvalidArgument, "page token %.100q is not one of this connector's: %w", text, err)
	}
	return nil
}
