package examples

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/conductorone/baton-descope/connector"
	"github.com/conductorone/baton-descope/internal/preview"
	"github.com/conductorone/baton-descope/internal/replay"
	"github.com/conductorone/baton-descope/mapping"
)

// Result is the result of an example.
type Result struct {
	// Differences are lines that say what is not as expected; none when all is.
	Differences []string

	plan    *mapping.Plan
	synced  *observed
	stepped []stepped
}

// OK reports whether everything is as expected.
func (r *Result) OK() bool { return len(r.Differences) == 0 }

// observed is the outcome of a sync.
type observed struct {
	plan     *mapping.Plan
	outcome  *preview.Outcome
	err      error
	requests []replay.Request
}

// Run runs the example. An error is one of the example itself, not a difference.
func (c *Case) Run(ctx context.Context, env Environment) (*Result, error) {
	file := c.doc.Mapping
	if file != "" {
		file = filepath.Join(c.Dir, file)
	}
	options, err := env.Options(file, c.doc.Options)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(c.Dir, File), err)
	}
	result := &Result{plan: options.Plan}
	if c.doc.Expect != nil || len(c.doc.Steps) == 0 {
		if err := c.sync(ctx, env, options, result); err != nil {
			return nil, err
		}
	}
	for i := range c.doc.Steps {
		if err := c.step(ctx, env, options, i, result); err != nil {
			return nil, err
		}
	}
	if result.synced != nil && result.synced.err == nil {
		for _, name := range c.replies.Unused() {
			result.Differences = append(result.Differences, fmt.Sprintf("nothing asks for the reply %s", name))
		}
	}
	return result, nil
}

// connected returns options of a connector answered by a player.
func connected(o connector.Options, player *replay.Player) connector.Options {
	o.BaseURL, o.Token, o.Base = replay.BaseURL, "replay", player
	return o
}

func (c *Case) sync(ctx context.Context, env Environment, options connector.Options, result *Result) error {
	player := replay.NewPlayer(env.Operations, c.replies)
	seen := &observed{plan: options.Plan}
	seen.outcome, seen.err = preview.Sync(ctx, connected(options, player))
	if ctx.Err() != nil {
		return ctx.Err()
	}
	seen.requests = player.Requests()
	if missing := player.Err(); missing != nil {
		return fmt.Errorf("%s: %w", c.Dir, missing)
	}
	expect := c.doc.Expect
	if expect == nil {
		expect = &expectation{}
	}
	result.synced = seen
	result.Differences = append(result.Differences, expect.compare(seen)...)
	return nil
}
