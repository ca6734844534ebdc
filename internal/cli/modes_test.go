package cli

import (
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// An SDK update that adds or removes flags fails here: the mode of a new flag has to be
// decided.
func TestEveryFlagHasAMode(t *testing.T) {
	classes := map[string]int{}
	for _, flag := range slices.Concat(ownFlags, sdkFlags, serviceFlags, slices.Concat(slices.Collect(maps.Values(foreignFlags))...)) {
		classes[flag]++
	}
	if runtime.GOOS != "windows" {
		delete(classes, "log-event-log")
	}
	commandLine(t).Flags().VisitAll(func(flag *pflag.Flag) {
		if n := classes[flag.Name]; n != 1 && !isOurs(flag.Name) {
			t.Errorf("--%s is in %d lists", flag.Name, n)
		}
		delete(classes, flag.Name)
	})
	for flag := range classes {
		t.Errorf("there is no flag --%s", flag)
	}
}

// A flag in none of the lists does not start a full sync.
func TestUnknownSDKFlag(t *testing.T) {
	root := commandLine(t)
	root.PersistentFlags().Bool("purge-everything", false, "")
	if err := root.ParseFlags([]string{"-f", "x.c1z", "--workers", "2"}); err != nil {
		t.Fatal(err)
	}
	if err := checkModes(root); err != nil {
		t.Error(err)
	}
	if err := root.ParseFlags([]string{"--purge-everything"}); err != nil {
		t.Fatal(err)
	}
	if err := checkModes(root); err == nil || !strings.HasPrefix(err.Error(), "--purge-everything: the SDK has this flag") {
		t.Error(err)
	}
}

// A flag whose value got lost on the way does not start a full sync instead.
func TestEmptyFlags(t *testing.T) {
	for _, args := range [][]string{
		{"--revoke-grant", ""}, {"--delete-resource="}, {"--invoke-action", ""}, {"--create-account-profile", ""},
		{"--sync-resources", ""}, {"--grant-entitlement", "", "--grant-principal", "U2"},
	} {
		root := commandLine(t)
		if err := root.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix(args[0], "=") + " is empty: "
		if err := checkModes(root); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", args, err)
		}
	}
}

// A flag that qualifies another is not ignored, even with its default as the value.
func TestLonelyFlags(t *testing.T) {
	for _, args := range [][]string{{"--invoke-action-args", "{}"}, {"--invoke-action-args", `{"user_id": "U2"}`}, {"--delete-resource-type", "user"}} {
		root := commandLine(t)
		if err := root.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		if err := checkModes(root); err == nil || !strings.HasPrefix(err.Error(), args[0]+" is for --") {
			t.Errorf("%q: %v", args, err)
		}
	}
}
