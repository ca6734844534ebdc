//go:build baton_lambda_support

package hosted

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	lambdagrpc "github.com/conductorone/baton-sdk/pkg/lambda/grpc"
)

// function is one process of the function, and the runtime API of AWS, from which it gets
// calls and to which it sends replies.
type function struct {
	calls chan call
	mu    sync.Mutex
	open  map[string]chan []byte // by the id of the call
	next  atomic.Int64
	ended chan struct{} // closed when the process has ended
	pid   int
	state *os.ProcessState
	log   *safeBuffer
}

type call struct{ id, payload string }

// startFunction starts a process of the function with these settings.
func startFunction(t *testing.T, env ...string) *function {
	t.Helper()
	f := &function{calls: make(chan call), open: map[string]chan []byte{}, ended: make(chan struct{}), log: &safeBuffer{}}
	runtime := httptest.NewServer(f)
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), program, "lambda")
	cmd.Dir = dir
	cmd.Env = append([]string{
		"HOME=" + dir, "TMPDIR=" + dir,
		"AWS_LAMBDA_RUNTIME_API=" + strings.TrimPrefix(runtime.URL, "http://"),
		// The process proves its identity by signing with these.
		"AWS_REGION=us-west-2", "AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=test",
	}, env...)
	cmd.Stdout, cmd.Stderr = f.log, f.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f.pid = cmd.Process.Pid
	go func() {
		_ = cmd.Wait() // The state of the process has the result.
		f.state = cmd.ProcessState
		close(f.ended)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // It may have ended.
		<-f.ended
		runtime.Close()
		for _, found := range leaks.InFolder(t, dir) {
			t.Error(found)
		}
		leaks.Hidden(t, "the log of the function", []byte(f.log.String()))
	})
	return f
}

// ServeHTTP is the runtime API.
func (f *function) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := strings.TrimPrefix(r.URL.Path, "/2018-06-01/runtime/invocation/")
	if at == "next" {
		select {
		case c := <-f.calls:
			w.Header().Set("Lambda-Runtime-Aws-Request-Id", c.id)
			w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(time.Now().Add(time.Minute).UnixMilli(), 10))
			_, _ = io.WriteString(w, c.payload) // Who went away asks no more.
		case <-r.Context().Done():
		}
		return
	}
	id, what, _ := strings.Cut(at, "/")
	body, err := io.ReadAll(r.Body)
	f.mu.Lock()
	answer := f.open[id]
	delete(f.open, id)
	f.mu.Unlock()
	if err != nil || answer == nil || what != "response" {
		http.Error(w, "no such call", http.StatusBadRequest)
		if answer != nil {
			close(answer)
		}
		return
	}
	answer <- body
	w.WriteHeader(http.StatusAccepted)
}

// invoke calls the function.
func (f *function) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	c, answer := call{strconv.FormatInt(f.next.Add(1), 10), string(payload)}, make(chan []byte, 1)
	f.mu.Lock()
	f.open[c.id] = answer
	f.mu.Unlock()
	select {
	case f.calls <- c:
	case <-f.ended:
		return nil, fmt.Errorf("the function ended: %s\n%s", f.state, f.log)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case body, ok := <-answer:
		if !ok {
			return nil, fmt.Errorf("the function failed\n%s", f.log)
		}
		return body, nil
	case <-f.ended:
		return nil, fmt.Errorf("the function ended: %s\n%s", f.state, f.log)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// memory returns the peak memory of the process so far, where there is a /proc.
func (f *function) memory() string {
	content, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.pid))
	if err != nil {
		return "not known"
	}
	_, after, _ := strings.Cut(string(content), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	return strings.TrimSpace(line)
}

// functions are processes of one function, any of which may get a call; here they
// alternate.
type functions struct {
	all    []*function
	called atomic.Int64
}

// RoundTrip calls one of them, as the SDK does through AWS.
func (f *functions) RoundTrip(ctx context.Context, request *lambdagrpc.Request) (*lambdagrpc.Response, error) {
	payload, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	body, err := f.all[int(f.called.Add(1))%len(f.all)].invoke(ctx, payload)
	if err != nil {
		return nil, err
	}
	response := &lambdagrpc.Response{}
	return response, json.Unmarshal(body, response)
}

// program is the function, built for AWS.
var program string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "baton-descope-hosted")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "baton-descope-lambda")
	build := exec.CommandContext(context.Background(), "go", "build", "-buildvcs=false", "-tags", "baton_lambda_support", "-o", program, "github.com/conductorone/baton-descope/cmd/baton-descope")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s\n%s", err, out)
		return 1
	}
	return m.Run()
}

// safeBuffer is written to while it is read.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
