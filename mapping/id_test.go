package mapping_test

import (
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"github.com/conductorone/baton-descope/mapping"
)

func TestIDs(t *testing.T) {
	for _, c := range []struct {
		id   mapping.ID
		want string
	}{
		{mapping.ID{"U1"}, "U1"},
		{mapping.ID{"", "Editor"}, "Editor"},
		{mapping.ID{"T1", "Editor"}, "T1/Editor"},
		{mapping.ID{"", "Support/L2"}, "Support%2FL2"},
		{mapping.ID{"T1", "100%"}, "T1/100%25"},
		{mapping.ID{"", "%2F"}, "%252F"},
		{mapping.ID{"", "/"}, "%2F"},
		{mapping.ID{"", "a:b c"}, "a:b c"},
		{mapping.ID{"", "管理者 👩‍💻"}, "管理者 👩‍💻"},
		{mapping.ID{"", "", "x"}, "x"},
		{mapping.ID{"", "a", "x"}, "a/x"},
		{mapping.ID{"a", "b", "x"}, "a/b/x"},
	} {
		if got := c.id.String(); got != c.want {
			t.Errorf("%q is %q, want %q", []string(c.id), got, c.want)
		}
	}
}

// Two texts for one resource would be two resources.
func TestOnlyTheCanonicalTextIsAnID(t *testing.T) {
	typ := loadFrozen(t).Type("role")
	for _, text := range []string{"", "/", "/Editor", "T1/", "T1//Editor", "a/b/c", "Support%2fL2", "100%", "%41", "T1/%", "%2", "%25%"} {
		if id, err := typ.ParseID(text); err == nil {
			t.Errorf("%q is read as %q", text, []string(id))
		}
	}
}

func TestIDRoundTrip(t *testing.T) {
	typ := loadFrozen(t).Type("role")
	comesBack := func(tenant, name string) bool {
		id := mapping.ID{tenant, name + "x"}
		got, err := typ.ParseID(id.String())
		return err == nil && slices.Equal(got, id)
	}
	if err := quick.Check(comesBack, nil); err != nil {
		t.Error(err)
	}
	if long := strings.Repeat("/%界", 300); !comesBack(long, long) {
		t.Error("a long id does not come back")
	}
}

func FuzzID(f *testing.F) {
	typ := loadFrozen(f).Type("role")
	f.Fuzz(func(t *testing.T, tenant, name, text string) {
		if name != "" {
			id := mapping.ID{tenant, name}
			if got, err := typ.ParseID(id.String()); err != nil || !slices.Equal(got, id) {
				t.Errorf("%q is written %q and read %q (%v)", []string(id), id, []string(got), err)
			}
		}
		if id, err := typ.ParseID(text); err == nil && id.String() != text {
			t.Errorf("%q is read, and written %q", text, id)
		}
	})
}
