package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/spf13/viper"
)

// FuzzConfigFile: a configuration file is refused with its line, or the SDK's library
// reads what stands there.
func FuzzConfigFile(f *testing.F) {
	for _, seed := range []string{
		"", "# none\n", "---\n", "null\n", "workers: 4\nprovisioning: true\n", "workers: \"0x10\"\nprovisioning: 'T'\n", "project-id: 12\nmapping: x y\n",
		"sync-resource-types: [user, 'a,b', \"c\\\"d\"]\n", "sync-resource-types: user,role\n", "mapping: &m x\nrecord: *m\n", "Workers: 1_000\n",
		"mapping: |\n  x\n", "{workers: 4}", "mapping: !!str 5\n", "workers: !!int \"5\"\n", "\ufeffworkers: 4\n", "? workers\n: 4\n", "provisioning: 1\n",
		"mapping: ~\n", "project-id: 1.0\n", "project-id: .inf\n", "workers: +4\n", "workers: 0o17\n", "<<: {workers: 4}\n", "mapping: 2001-01-01\n", "mapping:\n\tx\n",
		"provisioning: TRUE\n", "log-level: WARN\n", "mapping: !!binary eA==\n", "\xff\xfew\x00:\x00 \x004\x00",
	} {
		f.Add(seed)
	}
	path := filepath.Join(f.TempDir(), ".baton.yaml")
	flags := settings(commandLine(f))
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := readConfigFile(path)
		if err == nil {
			err = file.check(flags)
		}
		if err != nil {
			if rest, ok := strings.CutPrefix(err.Error(), path+":"); !ok || !regexp.MustCompile(`^[1-9][0-9]*: `).MatchString(rest) {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		v := viper.New()
		v.SetConfigFile(path)
		v.SetConfigType("yaml")
		if err := v.ReadInConfig(); err != nil {
			t.Fatalf("%q is let through, and not read: %v", text, err)
		}
		if len(v.AllKeys()) != len(file.entries) {
			t.Errorf("%q: %v are read", text, v.AllKeys())
		}
		for _, e := range file.entries {
			switch flags[e.key].Value.Type() {
			case boolType:
				if _, err := strconv.ParseBool(v.GetString(e.key)); err != nil {
					t.Errorf("%q: %s is read as %q", text, e.key, v.GetString(e.key))
				}
			case intType:
				if n, err := strconv.ParseInt(v.GetString(e.key), 0, strconv.IntSize); err != nil {
					t.Errorf("%q: %s is read as %d", text, e.key, n)
				}
			case stringType:
				if got := v.GetString(e.key); got != e.value.Value {
					t.Errorf("%q: %s is read as %q", text, e.key, got)
				}
			case sliceType:
				var want []string
				for _, element := range e.value.Content {
					want = append(want, resolved(element).Value)
				}
				if got := v.GetStringSlice(e.key); want != nil && !slices.Equal(got, want) {
					t.Errorf("%q: %s is read as %q", text, e.key, got)
				}
			}
		}
	})
}
