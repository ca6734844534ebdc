package examples

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
)

// Find returns the folders of the examples in a folder, which may be one
// itself, sorted.
func Find(dir string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && entry.Name() == File {
			found = append(found, filepath.Dir(path))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("there is no %s in %s or below it", File, dir)
	}
	slices.Sort(found)
	return found, nil
}

// ErrFailed is the error of a suite in which not everything is as expected.
var ErrFailed = errors.New("not every example is as expected")

// Suite runs all examples in a folder, and writes a line on each and the
// differences of those that have any. With update it rewrites these.
func Suite(ctx context.Context, w io.Writer, dir string, env Environment, update bool) error {
	dirs, err := Find(dir)
	if err != nil {
		return err
	}
	failed, updated, shown := 0, 0, coverages{}
	for _, at := range dirs {
		title, result, err := runIn(ctx, at, env, update, shown)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			failed++
			fmt.Fprintf(w, "FAIL     %s\n         %v\n", at, err)
		case result.OK():
			fmt.Fprintf(w, "ok       %s: %s\n", at, title)
		case update:
			updated++
			fmt.Fprintf(w, "updated  %s: %s\n", at, title)
		default:
			failed++
			fmt.Fprintf(w, "FAIL     %s: %s\n", at, title)
			for _, line := range result.Differences {
				fmt.Fprintf(w, "         %s\n", line)
			}
		}
	}
	fmt.Fprintf(w, "%s: %d as expected", count(len(dirs), "example"), len(dirs)-failed-updated)
	if updated > 0 {
		fmt.Fprintf(w, ", %d updated", updated)
	}
	if failed > 0 {
		fmt.Fprintf(w, ", %d failed (- expected, + seen)\n", failed)
		return ErrFailed
	}
	fmt.Fprintln(w)
	if env.Coverage {
		shown.write(w)
	}
	return nil
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func runIn(ctx context.Context, dir string, env Environment, update bool, shown coverages) (string, *Result, error) {
	c, err := Load(dir, env.Operations)
	if err != nil {
		return "", nil, err
	}
	result, err := c.Run(ctx, env)
	if err == nil {
		shown.add(c, result.plan)
	}
	if err != nil || result.OK() || !update {
		return c.Title(), result, err
	}
	return c.Title(), result, c.Update(result)
}
