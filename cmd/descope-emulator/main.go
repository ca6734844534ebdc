// Command descope-emulator is a local Descope: a development tool that serves the
// part of Descope's Management API that baton-descope uses, from memory. It is not
// Descope, and what it holds is gone when it stops.
//
//	$ descope-emulator &
//	descope-emulator: listening on http://127.0.0.1:8484 (project P2demo0000000000000000000000)
//	$ curl -H 'Authorization: Bearer P2demo0000000000000000000000:local-management-key' \
//		http://127.0.0.1:8484/v1/mgmt/tenant/all
//
// It starts with the demo project, or with a generated one as soon as a size is
// given. It listens on loopback alone. GET /-/state reports, without a key, what each
// user is and holds, and what was done to users; that path is the emulator's own.
//
// Things go wrong on request: --fault '429:2 on=SearchUsers call=3' makes the third
// search wait. --help has the rules.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/fault"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "descope-emulator:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done. It prints one line to stdout once it listens.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	settings, err := parse(args, stderr)
	if err != nil {
		return err
	}
	observe, closeJournal, err := openJournal(settings.journal, stderr)
	if err != nil {
		return err
	}
	settings.options.Observe = observe

	listener, err := listenOnLoopback(settings.addr)
	if err != nil {
		return errors.Join(err, closeJournal())
	}
	server := emulator.New(settings.project(), settings.options)
	fault.Inject(server, settings.faults...)
	server.Store().Warm()
	fmt.Fprintf(stdout, "descope-emulator: listening on http://%s (project %s)\n", listener.Addr(), server.ProjectID())
	return errors.Join(serve(ctx, listener, server), closeJournal())
}

// shutdownTime is how long requests may take to end once the emulator is stopped.
const shutdownTime = 3 * time.Second

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := server.Shutdown(limit); err != nil {
		return server.Close() // Requests that do not end are cut off.
	}
	return nil
}

// listenOnLoopback refuses an address that other machines could reach: the key is
// no secret.
func listenOnLoopback(addr string) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("--addr %s: %w", addr, err)
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("--addr %s is not a loopback address, and the emulator listens on nothing else; try 127.0.0.1:8484", addr)
	}
	return net.ListenTCP("tcp", resolved)
}
