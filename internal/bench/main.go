// Command bench measures baton-descope as it is shipped: whole syncs from the local
// Descope on loopback, each in a separate process, compared with the floor, which makes
// the same rows without requests. It asserts nothing. docs/performance.md has the latest
// results.
//
//	go run ./internal/bench                                  # 10,000 and 100,000 users
//	go run ./internal/bench -users 10000 -latency 20ms
//	go run ./internal/bench -users 1000,10000,100000,1000000 -pairs 1    # the curve
//	go run ./internal/bench -users 100000 -profile cpu.pprof  # where the time goes
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is the program. It starts itself for the processes that it measures.
func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "serve":
			return serve(ctx, args[1:], os.Stdin, out)
		case "sync":
			return syncOnce(ctx, args[1:])
		}
	}
	s, err := parse(args)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	return s.measure(ctx, out)
}

// settings are the values of the flags.
type settings struct {
	users []int
	// tenantRoles is the number of project roles that are held inside a tenant, 0 for
	// any of them.
	tenantRoles int
	pairs       int
	latency     time.Duration
	rateLimit   int
	workers     int
	connector   string
	profile     string
	limit       time.Duration
}

func parse(args []string) (*settings, error) {
	s := new(settings)
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	users := flags.String("users", "10000,100000", "numbers of users, separated by commas")
	flags.IntVar(&s.tenantRoles, "tenant-roles", 4, "how many of the project's 250 roles are held inside a tenant; 0 is any of them, and 165,000 roles in tenants for 100,000 users")
	flags.IntVar(&s.pairs, "pairs", 3, "how often each is run, in turn")
	flags.DurationVar(&s.latency, "latency", 0, "what the API lets pass before each answer")
	flags.IntVar(&s.rateLimit, "rate-limit", 0, "user searches that the API answers in 60 seconds, and that the mapping knows of (default no limit)")
	flags.IntVar(&s.workers, "workers", 4, "workers of the SDK")
	flags.StringVar(&s.connector, "connector", "", "baton-descope `program` to measure (default: built from this source)")
	flags.StringVar(&s.profile, "profile", "", "write a CPU profile of one sync to this `file`, and compare nothing")
	flags.DurationVar(&s.limit, "limit", 20*time.Minute, "when to stop")
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	for text := range strings.SplitSeq(*users, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-users: %q is not a number of users", text)
		}
		s.users = append(s.users, n)
	}
	if s.pairs < 1 || flags.NArg() > 0 {
		return nil, errors.New("-pairs must be at least 1, and there are no arguments beside flags")
	}
	return s, nil
}

// sizeOf returns the size of the measured project: everything but the users is the same
// for all but very small projects.
func sizeOf(users, tenantRoles int) emulator.Size {
	if users < 1000 {
		return emulator.Size{Users: users, Tenants: 10, Roles: 20, Permissions: 20, TenantRoles: tenantRoles}
	}
	return emulator.Size{Users: users, Tenants: 1000, Roles: 500, Permissions: 200, TenantRoles: tenantRoles}
}
