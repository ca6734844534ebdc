package cli

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/conductorone/baton-sdk/pkg/logging"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/conductorone/baton-descope/internal/spelling"
)

// The types of flags, as pflag names them.
const (
	boolType   = "bool"
	intType    = "int"
	stringType = "string"
	sliceType  = "stringSlice"
)

// withoutSettings are the top-level commands that read no settings, and so do not fail
// on invalid ones.
var withoutSettings = []string{"mapping", "man", helpName, "completion", cobra.ShellCompRequestCmd, cobra.ShellCompNoDescRequestCmd, "capabilities", "config"}

// checkSettings finds invalid settings in the configuration file, the environment and
// the command line, which the SDK would replace by defaults. broken is the error of the
// file.
func checkSettings(command *cobra.Command, file *configFile, broken error) error {
	top := command
	for top.HasParent() && top.Parent().HasParent() {
		top = top.Parent()
	}
	if top.HasParent() && slices.Contains(withoutSettings, top.Name()) {
		return nil
	}
	if broken != nil {
		return broken
	}
	flags := settings(command.Root())
	if err := file.check(flags); err != nil {
		return err
	}
	for _, flag := range sortedNames(flags) {
		if value := os.Getenv(variable(flag)); value != "" {
			if err := checkValue(flags[flag], value); err != nil {
				return fmt.Errorf("%s: %w", variable(flag), err)
			}
		}
	}
	return checkFlagValues(command)
}

// checkFlagValues finds invalid values on the command line.
func checkFlagValues(command *cobra.Command) (err error) {
	command.Flags().Visit(func(flag *pflag.Flag) {
		if err == nil && flag.Value.Type() != sliceType {
			if wrong := checkValue(flag, flag.Value.String()); wrong != nil {
				err = fmt.Errorf("--%s: %w", flag.Name, wrong)
			}
		}
	})
	return err
}

// settings are the flags that the configuration file and the environment can set:
// those of the root, and of the SDK's commands that run a connector.
func settings(root *cobra.Command) map[string]*pflag.Flag {
	all := map[string]*pflag.Flag{}
	add := func(flag *pflag.Flag) {
		if flag.Name != helpName && flag.Name != "version" {
			all[flag.Name] = flag
		}
	}
	root.PersistentFlags().VisitAll(add)
	root.Flags().VisitAll(add)
	for _, command := range root.Commands() {
		if command.Name() == "lambda" {
			command.Flags().VisitAll(add)
		}
	}
	return all
}

// variable is the name of a flag in the environment.
func variable(flag string) string {
	return "BATON_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// checkValue returns an error if a text is not a valid value of a flag.
func checkValue(flag *pflag.Flag, text string) error {
	switch flag.Value.Type() {
	case boolType:
		if _, err := strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%s is neither true nor false", quotable(text))
		}
	case intType:
		n, err := strconv.ParseInt(text, 0, strconv.IntSize)
		if err != nil {
			return fmt.Errorf("%s is not a whole number", quotable(text))
		}
		return checkNumber(flag.Name, int(n))
	case sliceType:
		if _, err := csv.NewReader(strings.NewReader(text)).Read(); err != nil {
			return errors.New("this is not a list: put commas between values, and those that have commas or quotes in quotes")
		}
	}
	return checkWord(flag.Name, text)
}

// checkNumber returns an error if a number is out of the range of its flag.
func checkNumber(flag string, n int) error {
	switch {
	case flag == "workers" && n < -1:
		return fmt.Errorf("%d pages at once are not possible: give a number from 1 up, or -1 for as many as there are cores", n)
	case flag == "http-timeout-seconds" && (n < 1 || n > 1800):
		return fmt.Errorf("%d is not from 1 to 1800", n)
	case flag == "task-concurrency" && (n < 1 || n > 100):
		return fmt.Errorf("%d is not from 1 to 100", n)
	case flag == "health-check-port" && (n < 0 || n > 65535):
		return fmt.Errorf("%d is not a port", n)
	}
	return nil
}

// words are the values of flags with few.
var words = map[string][]string{
	"log-level":      {"debug", "info", "warn", "error"},
	"log-format":     {"console", "json"},
	"storage-engine": {"pebble", "sqlite"},
}

// checkWord returns an error if a text is not among the few values of its flag.
func checkWord(flag, text string) error {
	known := words[flag]
	if known == nil || text == "" || slices.Contains(known, text) {
		return nil
	}
	if _, err := logging.ParseLogLevel(text); flag == "log-level" && err == nil {
		return nil // Some levels of the SDK are undocumented.
	}
	return fmt.Errorf("%s is not one of %s%s", quotable(text), strings.Join(known, ", "), meant(text, known))
}

// meant suggests the nearest of the options.
func meant(word string, options []string) string {
	if best := spelling.Nearest(word, options); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}
