package descope_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// A record too large for a gRPC message fails the sync, with its name and the fix in the
// error. A record that is merely large does not.
func TestLargeRecords(t *testing.T) {
	for attributes, want := range map[int]string{
		100: "",
		900: `user "U2large" has 3`,
	} {
		large := map[string]any{}
		for i := range attributes {
			large[fmt.Sprint(i)] = strings.Repeat("x", 4100)
		}
		d := emulatortest.Start(t, company(emulator.User{UserID: "U2large", CustomAttributes: large}), emulator.Options{})
		_, err := harness.TrySync(t, t.Context(), options(t, d))
		switch {
		case want == "" && err != nil:
			t.Errorf("%d attributes: %v", attributes, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "leave what is large out of its profile")):
			t.Errorf("%d attributes: %v", attributes, err)
		}
	}
}
