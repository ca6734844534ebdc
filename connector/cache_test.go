package connector

import (
	"reflect"
	"testing"
)

var somePage = &keptPage{
	More: true,
	Rows: []keptRow{
		{ID: "U1", Grants: []keptGrant{{Rule: 0, On: "Editor"}, {Rule: 300, On: "T1/Editor"}}, Names: []keptEntitlement{}},
		{ID: "", Grants: []keptGrant{}, Names: []keptEntitlement{{Name: "member", Description: "Ä\x00"}, {}}},
	},
	Shown: map[string][]string{"role": {"T1/Editor"}, "team": {}},
}

func TestKeptPage(t *testing.T) {
	for _, page := range []*keptPage{somePage, {Rows: []keptRow{}, Shown: map[string][]string{}}} {
		value := page.encode()
		got, ok := decodeKept(value)
		if !ok || !reflect.DeepEqual(got, page) {
			t.Errorf("%+v became %+v, %v", page, got, ok)
		}
		for n := range value {
			if got, ok := decodeKept(value[:n]); ok {
				t.Errorf("%d of %d bytes are taken for a page: %+v", n, len(value), got)
			}
		}
		if _, ok := decodeKept(append(value, 0)); ok {
			t.Error("what follows a page is not noticed")
		}
		value[0]++
		if _, ok := decodeKept(value); ok {
			t.Error("another form is taken for this one")
		}
	}
}

// Whatever is in the session store, reading it neither fails nor takes more memory
// than its length allows.
func FuzzKeptPage(f *testing.F) {
	f.Add(somePage.encode())
	f.Add([]byte{keptForm, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Add([]byte{keptForm, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, value []byte) {
		page, ok := decodeKept(value)
		if !ok {
			return
		}
		again, ok := decodeKept(page.encode())
		if !ok || !reflect.DeepEqual(again, page) {
			t.Errorf("%+v became %+v", page, again)
		}
	})
}
