package harness

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	formatv3 "github.com/conductorone/baton-sdk/pkg/dotc1z/format/v3"
)

// Key is a key to look for in a text, a folder or a c1z, in every encoding in which a
// program may have written it.
type Key struct{ forms map[string]string }

// Any 12 consecutive characters of a key contain one of the parts of partLength characters
// that begin at each multiple of partStep.
const partLength, partStep = 8, 5

// KeyOf returns the key with this text, of ASCII letters and digits. Any 12 consecutive
// characters of it are found, also within other text: after the project ID, for example,
// or in the middle of Base64.
func KeyOf(key string) Key {
	forms := map[string]string{"as it is": key, "backwards": backwards(key)}
	for from := 0; from+partLength <= len(key); from += partStep {
		part := key[from : from+partLength]
		add := func(name, form string) { forms[fmt.Sprintf("%s, from character %d", name, from+1)] = form }
		add("a part", part)
		add("a part in lower case", strings.ToLower(part))
		add("a part in upper case", strings.ToUpper(part))
		add("a part in hex", hex.EncodeToString([]byte(part)))
		add("a part in upper hex", strings.ToUpper(hex.EncodeToString([]byte(part))))
		add("a part with every byte escaped", escaped(part))
		add("a part in UTF-16", strings.Join(strings.Split(part, ""), "\x00"))
		for behind := range 3 {
			once := base64Of(part, behind)
			add(fmt.Sprintf("a part in Base64 behind %d bytes", behind), once)
			for again := range 3 {
				add(fmt.Sprintf("a part in Base64 behind %d bytes, and again behind %d", behind, again), base64Of(once, again))
			}
		}
	}
	return Key{forms}
}

// base64Of returns the part of the Base64 of a text that depends on part alone, for a text
// in which behind bytes, modulo 3, come before it.
func base64Of(part string, behind int) string {
	all := append(make([]byte, behind), part...)
	return base64.RawStdEncoding.EncodeToString(all)[(behind*8+5)/6 : len(all)*8/6]
}

func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

func escaped(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteString("%" + hex.EncodeToString([]byte{c}))
	}
	return b.String()
}

// In returns the form in which a text contains the key, also if blanks and line ends split
// it; empty if it does not.
func (k Key) In(text []byte) (form string) {
	if form := k.in(text); form != "" {
		return form
	}
	return k.in(bytes.Join(bytes.Fields(text), nil))
}

func (k Key) in(text []byte) (form string) {
	for name, form := range k.forms {
		if bytes.Contains(text, []byte(form)) {
			return name
		}
	}
	return ""
}

// Hidden fails the test when a text contains the key.
func (k Key) Hidden(t testing.TB, where string, text []byte) {
	t.Helper()
	for _, found := range k.find(where, text) {
		t.Error(found)
	}
}

func (k Key) find(where string, text []byte) []string {
	if form := k.In(text); form != "" {
		return []string{fmt.Sprintf("%s has the key, %s", where, form)}
	}
	return nil
}

// InFolder returns where the names and contents of the files in a folder contain the key,
// including the contents of every c1z.
func (k Key) InFolder(t testing.TB, dir string) (found []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		found = append(found, k.find("the name of "+path, []byte(entry.Name()))...)
		if !entry.Type().IsRegular() {
			return nil
		}
		content, err := os.ReadFile(path) //nolint:gosec // The folder is a test's own.
		found = append(found, k.find(path, content)...)
		if bytes.HasPrefix(content, formatv3.C1Z3Magic) {
			found = append(found, k.InC1Z(t, path)...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// InC1Z returns where a c1z contains the key: in its header, in the unpacked files of the
// database, or in the rows.
func (k Key) InC1Z(t testing.TB, path string) []string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	dir := t.TempDir()
	manifest, _, err := formatv3.ExtractEnvelopePayload(file, dir)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	found := k.find("the manifest of "+path, []byte(manifest.String()))
	found = append(found, k.InFolder(t, dir)...)
	return append(found, k.inRows(t, path, dir)...)
}

func (k Key) inRows(t testing.TB, path, dir string) (found []string) {
	t.Helper()
	db, err := pebble.Open(dir, &pebble.Options{ReadOnly: true, Logger: quiet{}})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	defer db.Close()
	all, err := db.NewIter(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer all.Close()
	for all.First(); all.Valid(); all.Next() {
		value, err := all.ValueAndErr()
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, k.find("a row of "+path, slices.Concat(all.Key(), []byte{0}, value))...)
	}
	if err := all.Error(); err != nil {
		t.Fatal(err)
	}
	return found
}

// quiet is a pebble.Logger without output.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, _ ...any) {
	panic(format)
}
