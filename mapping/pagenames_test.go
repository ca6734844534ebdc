package mapping_test

import (
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/secondapi"
	"github.com/conductorone/baton-descope/internal/secondapi/client"
	"github.com/conductorone/baton-descope/mapping"
)

func TestPagesInOtherFields(t *testing.T) {
	const pages = "pages: {limit: limit, size: 100, offset: offset, page: page, total: total}"
	for edited, want := range map[string]string{
		"pages: {limit: limit, size: 100, offset: page, total: total}":   `28:48: offset is put into page; did you mean "offset"?`,
		"pages: {limit: limit, size: 100, page: offset, total: total}":   `28:46: page is put into offset; did you mean "page"?`,
		"pages: {limit: page, size: 100, offset: offset, total: total}":  `28:22: limit is put into page; did you mean "limit"?`,
		"pages: {limit: limit, size: 100, offset: offset, total: total}": "",
	} {
		if got := warningsIn(t, edit(t, pages, edited), descopeAPI); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", edited, got, want)
		}
	}
	src := strings.Replace(string(secondapi.Mapping), "{limit: per_page, size: 3, page: page, first: 1,", "{limit: page, size: 3, page: per_page, first: 1,", 1)
	want := "49:22: limit is put into page; did you mean \"per_page\"?\n49:43: page is put into per_page; did you mean \"page\"?"
	if got := warningsIn(t, src, mapping.Environment{Operations: client.Operations}); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
