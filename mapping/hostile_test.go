package mapping_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/mapping"
)

// TestHostileFilesAreCheap loads the largest files there can be of each kind
// that is dear to read.
func TestHostileFilesAreCheap(t *testing.T) {
	const size, most = 64 << 10, 32 << 20 // of file, and of memory taken from first to last
	keys := &strings.Builder{}
	for i := 0; keys.Len() < size-20; i++ {
		fmt.Fprintf(keys, "k%d: 1\n", i)
	}
	for name, src := range map[string]string{
		"brackets":  strings.Repeat("[", size),
		"a list":    "a: [" + strings.Repeat("1,", size/2-4) + "]",
		"keys":      keys.String(),
		"one type":  "version: 1\nconnector: {display_name: x}\nresource_types:\n" + strings.Repeat("  a: {}\n", (size-70)/8),
		"long text": "a: " + strings.Repeat("x", size-3),
		"aliases":   "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b]\n",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := mapping.Load("hostile.yaml", []byte(src), descopeAPI)
			runtime.ReadMemStats(&after)
			if err == nil {
				t.Error("it loads")
			}
			if taken := after.TotalAlloc - before.TotalAlloc; taken > most {
				t.Errorf("%d MiB were taken", taken>>20)
			}
		})
	}
}
