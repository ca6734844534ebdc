package connector

import (
	"reflect"
	"testing"
)

var somePage = &page{
	More: true,
	Rows: []row{
		{ID: "U1", Grants: []rowGrant{{Rule: 0, On: "Editor"}, {Rule: 300, On: "T1/Editor"}}, Names: []rowName{}},
		{ID: "", Grants: []rowGrant{}, Names: []rowName{{Name: "member", Description: "Ä\x00"}, {}}},
	},
	Derived: map[string][]string{"role": {"T1/Editor"}, "team": {}},
}

func TestPage(t *testing.T) {
	for _, page := range []*page{somePage, {Rows: []row{}, Derived: map[string][]string{}}} {
		value := page.encode()
		got, ok := decodePage(value)
		if !ok || !reflect.DeepEqual(got, page) {
			t.Errorf("%+v became %+v, %v", page, got, ok)
		}
		for n := range value {
			if got, ok := decodePage(value[:n]); ok {
				t.Errorf("%d of %d bytes are taken for a page: %+v", n, len(value), got)
			}
		}
		if _, ok := decodePage(append(value, 0)); ok {
			t.Error("what follows a page is not noticed")
		}
		value[0]++
		if _, ok := decodePage(value); ok {
			t.Error("another form is taken for this one")
		}
	}
}

// Whatever is in the session store, reading it neither fails nor takes more memory
// than its length allows.
func FuzzPage(f *testing.F) {
	f.Add(somePage.encode())
	f.Add([]byte{pageForm, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{pageForm, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, value []byte) {
		page, ok := decodePage(value)
		if !ok {
			return
		}
		again, ok := decodePage(page.encode())
		if !ok || !reflect.DeepEqual(again, page) {
			t.Errorf("%+v became %+v", page, again)
		}
	})
}
