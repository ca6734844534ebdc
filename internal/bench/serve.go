package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/conductorone/baton-descope/internal/emulator"
)

// traffic counts the requests that the API received.
type traffic struct {
	Requests int `json:"requests"`
	// InFlight is the maximum number of concurrent requests.
	InFlight int `json:"in_flight"`
	// Refused is the number of replies with 429.
	Refused int `json:"refused"`
}

// counter counts the requests to the API.
type counter struct {
	api http.Handler

	mu   sync.Mutex
	now  int
	seen traffic
}

// trafficPath returns the traffic since the previous call.
const trafficPath = "/-/traffic"

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == trafficPath {
		c.mu.Lock()
		defer c.mu.Unlock()
		_ = json.NewEncoder(w).Encode(c.seen) //nolint:errcheck // Who asks finds out.
		c.seen = traffic{}
		return
	}
	c.mu.Lock()
	c.now++
	c.seen.Requests++
	c.seen.InFlight = max(c.seen.InFlight, c.now)
	c.mu.Unlock()
	recorder := &statusOf{ResponseWriter: w}
	c.api.ServeHTTP(recorder, r)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now--
	if recorder.status == http.StatusTooManyRequests {
		c.seen.Refused++
	}
}

type statusOf struct {
	http.ResponseWriter
	status int
}

func (s *statusOf) WriteHeader(status int) {
	s.status = status
	s.ResponseWriter.WriteHeader(status)
}

// serve is the process of the API. It prints its address, and ends with its input.
func serve(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	users := flags.Int("users", 1000, "")
	tenantRoles := flags.Int("tenant-roles", 0, "")
	var options emulator.Options
	flags.DurationVar(&options.Latency, "latency", 0, "")
	flags.IntVar(&options.RateLimit, "rate-limit", 0, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	options.KeepRequests = -1
	server := emulator.New(emulator.Generate(sizeOf(*users, *tenantRoles)), options)
	server.Store().Warm()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "http://%s\n", listener.Addr())
	web := &http.Server{Handler: &counter{api: server}, ReadHeaderTimeout: 10 * time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, in) //nolint:errcheck // It ends with whoever started it.
		_ = web.Close()
	}()
	if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// api is a running API.
type api struct {
	url   string
	stop  func()
	users int
}

// startAPI starts the API in a separate process, so that its work is not measured.
func (s *settings) startAPI(ctx context.Context, users int) (*api, error) {
	cmd, err := self(ctx, "serve", "-users", strconv.Itoa(users), "-tenant-roles", strconv.Itoa(s.tenantRoles), "-latency", s.latency.String(), "-rate-limit", strconv.Itoa(s.rateLimit))
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop := func() {
		_ = in.Close()
		_ = cmd.Wait() //nolint:errcheck // How it ended is of no matter.
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, fmt.Errorf("the API did not start: %w", err)
	}
	return &api{url: strings.TrimSpace(line), stop: stop, users: users}, nil
}

// self returns a command that runs this program.
func self(ctx context.Context, args ...string) (*exec.Cmd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // It is this program.
	cmd.Env = append(os.Environ(), selfEnv+"=1")
	return cmd, nil
}

// selfEnv makes the test program run as this one.
const selfEnv = "BATON_DESCOPE_BENCH"

// traffic returns the traffic since the previous call.
func (a *api) traffic(ctx context.Context) (seen traffic, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+trafficPath, nil) //nolint:gosec // It is the process that was started here.
	if err != nil {
		return seen, err
	}
	reply, err := http.DefaultClient.Do(request) //nolint:gosec // As above.
	if err != nil {
		return seen, err
	}
	defer reply.Body.Close()
	return seen, json.NewDecoder(reply.Body).Decode(&seen)
}
