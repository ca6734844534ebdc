// Command api-diff compares api/descope.yaml with a newer document of the whole API.
//
//	make api-diff SPEC=FILE
//
// It exits with 0 when nothing breaks, 1 when something does, and 2 when it could
// not compare.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/conductorone/baton-descope/internal/apidiff"
)

const usage = `usage: api-diff [-subset FILE] [-known FILE] SPEC
SPEC is an OpenAPI 3 document of the whole API, in YAML or JSON, such as the one
at https://docs.descope.com/api/openapi-spec.
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("api-diff", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.Usage = func() {
		fmt.Fprint(errs, usage)
		flags.PrintDefaults()
	}
	subset := flags.String("subset", "api/descope.yaml", "the part of the API that we describe")
	known := flags.String("known", "api/known-differences.yaml", "what differs or is left out on purpose")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	if flags.NArg() != 1 || flags.Arg(0) == "" {
		fmt.Fprintln(errs, "baton-descope: no document to compare with: make api-diff SPEC=FILE")
		flags.Usage()
		return 2
	}
	report, err := compare(*subset, flags.Arg(0), *known)
	if err == nil {
		err = report.Print(out)
	}
	switch {
	case err != nil:
		fmt.Fprintf(errs, "baton-descope: cannot compare: %v\n", err)
		return 2
	case len(report.Breaks) > 0:
		return 1
	}
	return 0
}

func compare(subset, spec, known string) (*apidiff.Report, error) {
	ours, err := parse(subset)
	if err != nil {
		return nil, err
	}
	theirs, err := parse(spec)
	if err != nil {
		return nil, err
	}
	src, err := os.ReadFile(known)
	if err != nil {
		return nil, err
	}
	declared, err := apidiff.ParseKnown(known, src)
	if err != nil {
		return nil, err
	}
	return apidiff.Compare(ours, theirs, declared)
}

func parse(path string) (*apidiff.Document, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return apidiff.Parse(path, src)
}
