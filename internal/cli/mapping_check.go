package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	generated "github.com/conductorone/baton-descope/gen/config"
	"github.com/conductorone/baton-descope/internal/bounded"
	"github.com/conductorone/baton-descope/internal/descope"
	"github.com/conductorone/baton-descope/mapping"
)

// errReported ends a command with exit code 1 after its findings are printed.
var errReported = errors.New("reported")

// What the mapping commands can write.
const (
	textFormat = "text"
	jsonFormat = "json"
)

// mappingCheck is one run of `mapping check`.
type mappingCheck struct {
	file      string // empty for the mapping that is built in
	lock      string // empty for the one beside the file
	writeLock bool
	strict    bool
	format    string
}

func newMappingCheckCommand() *cobra.Command {
	var check mappingCheck
	command := &cobra.Command{
		Use:   "check [FILE]",
		Short: "Find the mistakes in a mapping",
		Long: `Find every mistake in a mapping, and what is legal and probably wrong: access that
the API shows and no rule reads, a list of which only the first page is read, an
entitlement that nothing grants, and changes that orphan reviews, policies and
provisioning of those who already sync.

Without FILE, the mapping that is built in is checked.

What others refer to is in a lock: FILE with .lock.yaml in place of .yaml. --write-lock
writes it. A mapping without a lock that has a resource type of the built-in one is
held against that.

The exit code is 1 with mistakes, and with --strict also with warnings.`,
		Example: `  baton-descope mapping check team.yaml
  baton-descope mapping check team.yaml --strict --format json`,
		Args:          cobra.MaximumNArgs(1),
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				check.file = args[0]
			}
			return check.run(cmd.OutOrStdout())
		},
	}
	flags := command.Flags()
	flags.StringVar(&check.lock, "lock", "", "lock to compare the mapping with (default: the one beside FILE)")
	flags.BoolVar(&check.writeLock, "write-lock", false, "write the lock")
	flags.BoolVar(&check.strict, "strict", false, "exit with 1 also with warnings")
	flags.StringVar(&check.format, "format", textFormat, "text or json")
	return command
}

func (m mappingCheck) run(out io.Writer) error {
	if m.format != textFormat && m.format != jsonFormat {
		return fmt.Errorf("--format %q is neither text nor json", m.format)
	}
	if m.writeLock && m.file == "" {
		return errors.New("--write-lock needs a FILE")
	}
	name, src, err := descope.MappingSource(m.file)
	if err != nil {
		return err
	}
	report := mapping.Check(name, src, descope.Environment(&generated.Descope{}))
	if report.Plan != nil {
		if err := m.compare(report); err != nil {
			return err
		}
	}
	if m.format == jsonFormat {
		err = writeJSON(out, name, report)
	} else {
		writeText(out, name, report)
	}
	if err == nil && (len(report.Mistakes) > 0 || m.strict && len(report.Warnings) > 0) {
		return errReported
	}
	return err
}

// compare compares the mapping with its lock, or writes the lock.
func (m mappingCheck) compare(report *mapping.Report) error {
	if m.file == "" && m.lock == "" {
		return compareWith(report, "descope.lock.yaml", mapping.DescopeLock)
	}
	lock := m.lock
	if lock == "" {
		lock = strings.TrimSuffix(m.file, filepath.Ext(m.file)) + ".lock.yaml"
	}
	if m.writeLock {
		written, err := report.Plan.Contract().Write()
		if err != nil {
			return err
		}
		return os.WriteFile(lock, written, 0o644) //nolint:gosec // A lock is to be read and checked in.
	}
	written, err := bounded.ReadFile(lock, bounded.Text)
	if errors.Is(err, fs.ErrNotExist) && m.lock == "" {
		return compareWithShipped(report)
	}
	if err != nil {
		return err
	}
	return compareWith(report, lock, written)
}

func compareWith(report *mapping.Report, lock string, src []byte) error {
	before, err := mapping.ReadContract(lock, src)
	if err == nil {
		report.Compare(lock, before, true)
	}
	return err
}

// compareWithShipped compares a mapping without a lock with the built-in one, if they
// share a resource type.
func compareWithShipped(report *mapping.Report) error {
	shipped, err := mapping.ReadContract("descope.lock.yaml", mapping.DescopeLock)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(shipped.ResourceTypes, func(t mapping.ContractType) bool { return report.Plan.Type(t.Type) != nil }) {
		report.Compare("the built-in mapping; --write-lock starts a lock of its own", shipped, false)
	}
	return nil
}

// writeText writes each mistake and warning with its line and a caret under the place.
func writeText(out io.Writer, name string, report *mapping.Report) {
	for _, found := range inOrder(report) {
		severity := ""
		if found.Severity == warningSeverity {
			severity = "warning: "
		}
		fmt.Fprintf(out, "%s:%d:%d: %s%s\n", name, found.Line, found.Col, severity, found.What)
		if found.Excerpt != "" {
			fmt.Fprintf(out, "%6d | %s\n       | %s\n", found.Line, found.Excerpt, found.caret)
		}
		fmt.Fprintln(out)
	}
	summary := count(len(report.Mistakes), "mistake")
	if report.Plan != nil { // With mistakes, warnings were not looked for.
		summary += ", " + count(len(report.Warnings), "warning")
	}
	fmt.Fprintf(out, "%s: %s\n", name, summary)
}

func count(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

const (
	mistakeSeverity = "error"
	warningSeverity = "warning"
)

// finding is a mistake or a warning as JSON has it.
type finding struct {
	Line     int    `json:"line"`
	Col      int    `json:"col"`
	Severity string `json:"severity"`
	What     string `json:"what"`
	Excerpt  string `json:"excerpt,omitempty"`

	caret string
}

func inOrder(report *mapping.Report) []finding {
	all := []finding{}
	add := func(severity string, found mapping.Mistakes) {
		for _, f := range found {
			line, caret := report.Excerpt(f)
			all = append(all, finding{f.Line, f.Col, severity, f.What, line, caret})
		}
	}
	add(mistakeSeverity, report.Mistakes)
	add(warningSeverity, report.Warnings)
	return all
}

func writeJSON(out io.Writer, name string, report *mapping.Report) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(struct {
		File     string    `json:"file"`
		Mistakes []finding `json:"mistakes"`
	}{name, inOrder(report)})
}
