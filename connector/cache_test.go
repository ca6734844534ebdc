package connector

import (
	"bytes"
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

// A value that is longer than the session store takes is stored in parts, and all
// of them are there or none.
func TestStoredInParts(t *testing.T) {
	values := map[string][]byte{}
	ts := &typeSync{session: sessionMap{values: values}}
	for _, size := range []int{0, 1, maxValue, maxValue + 1, 3*maxValue + 5} {
		value := bytes.Repeat([]byte{byte(size), 1, 2}, size)[:size]
		if !ts.store(t.Context(), "key", value) {
			t.Fatal("it is not stored")
		}
		for key, part := range values {
			if len(part) > maxValue+100 {
				t.Errorf("%d bytes: %s has %d", size, key, len(part))
			}
		}
		if got, err := ts.stored(t.Context(), "key"); err != nil || !bytes.Equal(got, value) {
			t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
		}
	}
	second := values[partKey("key", 1)]
	for name, part := range map[string][]byte{"no part": nil, "another": bytes.Repeat([]byte{9}, len(second))} {
		values[partKey("key", 1)] = part
		if got, err := ts.stored(t.Context(), "key"); err != nil || got != nil {
			t.Errorf("%s: %d bytes came back, %v", name, len(got), err)
		}
	}
}
