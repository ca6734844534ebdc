package harness_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	"github.com/conductorone/baton-sdk/pkg/connectorstore"
	"github.com/conductorone/baton-sdk/pkg/dotc1z"
	"github.com/conductorone/baton-sdk/pkg/dotc1z/c1zstore"

	"github.com/conductorone/baton-descope/internal/harness"
)

const key = "K2aKeyToBeFound99"

func TestForms(t *testing.T) {
	k := harness.KeyOf(key)
	for _, text := range []string{
		key, "Bearer P2x:" + key, strings.ToLower(key), base64.StdEncoding.EncodeToString([]byte(key)), base64.URLEncoding.EncodeToString([]byte("P:" + key + ":")),
		base64.RawStdEncoding.EncodeToString([]byte("P2:" + key)), base64.StdEncoding.EncodeToString([]byte("Bearer " + key)), key[:12], key[2:14], key[5:],
		strings.Join(strings.Split(key, ""), " "), key[1:6] + "\r\n\t" + key[6:13], hex.EncodeToString([]byte(key[4:16])), fmt.Sprintf("%X", key[3:15]),
		base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("P2:" + key[3:15])))),
	} {
		if k.In([]byte("before "+text+" after")) == "" {
			t.Errorf("it is not found in %q", text)
		}
	}
	if form := k.In([]byte("K2aKeyT and what else there is")); form != "" {
		t.Errorf("it is found where it is not, %s", form)
	}
}

// A key in a row of a c1z is found, although the file does not contain it unencoded.
func TestKeyInC1Z(t *testing.T) {
	ctx := t.Context()
	dir := t.TempDir()
	path := filepath.Join(dir, "sync.c1z")
	store, err := dotc1z.NewStore(ctx, path, dotc1z.WithTmpDir(t.TempDir()), dotc1z.WithEngine(c1zstore.EnginePebble))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.StartOrResumeSync(ctx, connectorstore.SyncTypeFull, ""); err != nil {
		t.Fatal(err)
	}
	if err := store.PutResourceTypes(ctx, v2.ResourceType_builder{Id: "user", DisplayName: "User of " + key}.Build()); err != nil {
		t.Fatal(err)
	}
	if err := store.EndSync(ctx); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(ctx); err != nil {
		t.Fatal(err)
	}
	found := harness.KeyOf(key).InFolder(t, dir)
	if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, "a row of "+path+" has the key") }) {
		t.Errorf("found only %q", found)
	}
	if content, err := os.ReadFile(path); err != nil || harness.KeyOf(key).In(content) != "" {
		t.Errorf("the file is not packed: %v", err)
	}
}
