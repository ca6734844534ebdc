// Package leaktest looks for a key where it must not be: in a text, a folder or
// all that is in a c1z, in every form in which a program may have written it.
package leaktest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	formatv3 "github.com/conductorone/baton-sdk/pkg/dotc1z/format/v3"
)

// Key is a key to look for.
type Key struct{ forms map[string]string }

// New returns the key with this text, of ASCII letters and digits. It is found in
// whatever it is a part of: with the project before it, say, or in Base64 behind
// other text.
func New(key string) Key {
	forms := map[string]string{
		"as it is": key, "lower case": strings.ToLower(key), "upper case": strings.ToUpper(key), "backwards": backwards(key),
		"in hex": hex.EncodeToString([]byte(key)), "with every byte escaped": escaped(key), "in UTF-16": strings.Join(strings.Split(key, ""), "\x00"),
		"escaped for a URL": url.QueryEscape(key), "its first half": key[:len(key)/2], "its second half": key[len(key)/2:],
	}
	for i, name := range []string{"in Base64", "in Base64 behind one byte", "in Base64 behind two"} {
		// What depends on the bytes before and after is left out.
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, i), key...))
		forms[name] = encoded[i+min(i, 1) : len(encoded)-2]
	}
	return Key{forms}
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

// In returns the form in which the key is in a text, and empty if it is not.
func (k Key) In(text []byte) (form string) {
	for name, form := range k.forms {
		if bytes.Contains(text, []byte(form)) {
			return name
		}
	}
	return ""
}

// Hidden fails the test when the key is in a text.
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

// InFolder returns where the key is in the names and contents of the files of a
// folder, of which it looks into every c1z.
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

// InC1Z returns where the key is in a c1z: in what describes it, in the files of
// the database once they are unpacked, or in the rows.
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

// quiet is a pebble.Logger that says nothing.
type quiet struct{}

func (quiet) Infof(string, ...any)  {}
func (quiet) Errorf(string, ...any) {}
func (quiet) Fatalf(format string, _ ...any) {
	panic(format)
}
