package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// The contenders, by their names in tables.
const (
	ours    = "baton-descope"
	nothing = "floor"
)

// result is the cost of one sync.
type result struct {
	wall time.Duration
	// cpu is the CPU time of the process and its children, in user mode and in the kernel.
	cpu time.Duration
	// memory is the maximum resident memory, in bytes.
	memory int64
	traffic
}

// measure runs the configured measurements, and prints them.
func (s *settings) measure(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "baton-descope-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if s.profile == "" {
		if err := s.build(ctx, dir); err != nil {
			return err
		}
		fmt.Fprintf(out, "%d cores (%s %s), latency %s, %d workers, medians of %d runs in turn; ratios of each turn: median (least to most)\n\n",
			runtime.NumCPU(), runtime.Version(), runtime.GOARCH, s.latency, s.workers, s.pairs)
		header(out)
	}
	for _, users := range s.users {
		if err := s.measureSize(ctx, out, dir, users); err != nil {
			return err
		}
	}
	return nil
}

func (s *settings) measureSize(ctx context.Context, out io.Writer, dir string, users int) error {
	api, err := s.startAPI(ctx, users)
	if err != nil {
		return err
	}
	defer api.stop()
	if s.profile != "" {
		_, err := s.once(ctx, dir, api, "profiled")
		return err
	}
	names := []string{ours, nothing}
	var turns []map[string]result
	for range s.pairs {
		turn := map[string]result{}
		for _, name := range names {
			if turn[name], err = s.once(ctx, dir, api, name); err != nil {
				report(out, users, turns)
				return err
			}
		}
		turns = append(turns, turn)
		slices.Reverse(names) // So that the order has no effect.
	}
	report(out, users, turns)
	return nil
}

// once runs one sync.
func (s *settings) once(ctx context.Context, dir string, api *api, name string) (result, error) {
	place, err := os.MkdirTemp(dir, name)
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(place)
	cmd, err := s.command(ctx, dir, filepath.Join(place, "sync.c1z"), api, name)
	if err != nil {
		return result{}, err
	}
	cmd.Dir = place
	cmd.Env = append(slices.Clone(cmd.Env), "TMPDIR="+place)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if _, err := api.traffic(ctx); err != nil {
		return result{}, err
	}
	started := time.Now()
	err = cmd.Run()
	r := result{wall: time.Since(started)}
	if err != nil {
		if ctx.Err() != nil {
			return r, fmt.Errorf("%s: stopped after %s, the limit", name, s.limit)
		}
		return r, fmt.Errorf("%s: %w\n%s", name, err, log.Bytes())
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	r.memory = peak(cmd.ProcessState)
	r.traffic, err = api.traffic(ctx)
	return r, err
}

// command returns the process of a contender.
func (s *settings) command(ctx context.Context, dir, file string, api *api, name string) (*exec.Cmd, error) {
	if name != ours {
		return self(ctx, "sync", "-name", name, "-api", api.url, "-users", strconv.Itoa(api.users), "-tenant-roles", strconv.Itoa(s.tenantRoles),
			"-workers", strconv.Itoa(s.workers), "-file", file, "-profile", s.profile)
	}
	cmd := exec.CommandContext(ctx, s.connector, "--file", file, "--mapping", filepath.Join(dir, "mapping.yaml"), //nolint:gosec // The program to measure.
		"--project-id", emulator.DefaultProjectID, "--base-url", api.url, "--workers", strconv.Itoa(s.workers))
	cmd.Env = append(os.Environ(), "BATON_MANAGEMENT_KEY="+emulator.DefaultManagementKey)
	return cmd, nil
}

// build creates the program to measure, and its mapping.
func (s *settings) build(ctx context.Context, dir string) error {
	src, err := mappingFor(s.rateLimit)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "mapping.yaml"), src, 0o600); err != nil {
		return err
	}
	if s.connector != "" {
		s.connector, err = filepath.Abs(s.connector)
		return err
	}
	s.connector = filepath.Join(dir, ours)
	said, err := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", s.connector, //nolint:gosec // A folder of our own.
		"github.com/conductorone/baton-descope/cmd/baton-descope").CombinedOutput()
	if err != nil {
		return errors.Join(fmt.Errorf("go build: %w", err), errors.New(string(said)))
	}
	return nil
}
