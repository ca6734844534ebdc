package connector

import (
	"reflect"
	"testing"

	"github.com/conductorone/baton-descope/connector/paging"
)

// FuzzPageToken makes sure that any text is either refused as a page token or
// names a place that has the same token.
func FuzzPageToken(f *testing.F) {
	for _, seed := range []string{
		`{"offset":100,"page":1,"total":1234,"last":"abc"}`,
		`{"cursor":"next","skip":3,"shown":true}`,
		`{"at":{},"holders":true,"entitlement":1,"of":{"page":2}}`,
		`{"skip":-1}`, `{"offset":1e99}`, `{} {}`, `null`, `[]`, ``, `{"at":{"offset":-5}}`, `{"nope":1}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, into := range []func() place{func() place { return &paging.Token{} }, func() place { return &passToken{} }} {
			first, second := into(), into()
			if parseToken(text, first) != nil {
				continue
			}
			again, err := token(first)
			if err != nil {
				t.Fatal(err)
			}
			if err := parseToken(again, second); err != nil || !reflect.DeepEqual(first, second) {
				t.Errorf("%q is %+v, and %q is %+v, %v", text, first, again, second, err)
			}
		}
	})
}
