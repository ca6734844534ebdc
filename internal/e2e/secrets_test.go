package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/harness"
)

// A key from the environment is not in the arguments of any process: not of the one that
// was started, nor of those that it starts.
func TestKeyIsInNoArguments(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("arguments of processes cannot be read here")
	}
	d := descope(t, emulator.Demo())
	var mu sync.Mutex
	seen := map[string]bool{}
	d.Intercept(func(string, int, http.ResponseWriter, *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		for _, pattern := range []string{"/proc/[0-9]*/cmdline", "/proc/[0-9]*/comm"} {
			files, _ := filepath.Glob(pattern)
			for _, file := range files {
				if content, err := os.ReadFile(file); err == nil {
					seen[strings.ReplaceAll(string(content), "\x00", " ")] = true
				}
			}
		}
		return false
	})
	synced(t, d)
	mine := 0
	for line := range seen {
		hidden(t, "a process", []byte(line))
		if strings.Contains(line, d.URL) {
			mine++
		}
	}
	if mine == 0 {
		t.Error("the connector's process was not seen")
	}
}

// A key that a server echoes is not in the log, in either format, nor in any file that
// the program leaves.
func TestEchoedKeyIsHidden(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(w http.ResponseWriter, said string){
		"in an error": func(w http.ResponseWriter, said string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"errorCode": "E1", "errorMessage": "\u001b[31mAuthorization: %s, or %s"}`, said, base64.StdEncoding.EncodeToString([]byte(said)))
		},
		"in hex, in lines": func(w http.ResponseWriter, said string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(w, `{"errorCode": "E1", "errorMessage": %q}`, strings.ReplaceAll(fmt.Sprintf("% X", said), "2", "2\n"))
		},
		"a part of it, in references of HTML": func(w http.ResponseWriter, said string) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			var b strings.Builder
			for _, c := range []byte(said[len(said)-14 : len(said)-2]) {
				fmt.Fprintf(&b, "&#x%x;", c)
			}
			fmt.Fprintf(w, `{"errorCode": "E1", "errorMessage": %q}`, b.String())
		},
		"in a content type": func(w http.ResponseWriter, said string) {
			w.Header().Set("Content-Type", "text/"+said)
			fmt.Fprint(w, said)
		},
	} {
		for _, format := range []string{"json", "console"} {
			d := descope(t, emulator.Demo())
			d.Intercept(func(operation string, call int, w http.ResponseWriter, r *http.Request) bool {
				if operation != "SearchUsers" || call == 1 {
					return false
				}
				answer(w, r.Header.Get("Authorization"))
				return true
			})
			dir := t.TempDir()
			e := fails(t, d, "-f", filepath.Join(dir, "sync.c1z"), "--log-format", format)
			e.contains(t, "SearchUsers: ")
			if strings.Contains(e.all, "\x1b[31m") {
				t.Errorf("%s, %s: the output has the server's colours", name, format)
			}
			for _, found := range harness.KeyOf(key).InFolder(t, dir) {
				t.Error(found)
			}
		}
	}
}

// Recorded replies do not contain the key, even if the API echoes it.
func TestRecordedRepliesHaveNoKey(t *testing.T) {
	t.Parallel()
	d := descope(t, emulator.Demo())
	d.Store().PutUser(emulator.User{UserID: key, Name: "Key " + key, LoginIDs: []string{key}, Status: key, CustomAttributes: map[string]any{key: key}})
	dir := filepath.Join(t.TempDir(), "replies")
	if e := run(t, []string{"BATON_MANAGEMENT_KEY=" + key}, "baton-descope", "--project-id", d.ProjectID(), "--base-url", d.URL, "--record", dir, "-f",
		filepath.Join(t.TempDir(), "sync.c1z")); e.code != 0 {
		t.Fatalf("exit code %d\n%s", e.code, e.all)
	}
	for _, found := range harness.KeyOf(key).InFolder(t, dir) {
		t.Error(found)
	}
	if files, err := filepath.Glob(filepath.Join(dir, "*.json")); err != nil || len(files) < 4 {
		t.Errorf("recorded %v, %v", files, err)
	}
}

// A redirect is not followed, and the error names its target.
func TestRedirect(t *testing.T) {
	t.Parallel()
	var strangers atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strangers.Add(1) }))
	t.Cleanup(elsewhere.Close)
	d := descope(t, emulator.Demo())
	d.Intercept(func(_ string, _ int, w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, elsewhere.URL+"/login?session=1", http.StatusTemporaryRedirect)
		return true
	})
	fails(t, d).contains(t, "HTTP 307 Temporary Redirect (it points to "+elsewhere.URL+": redirects are not followed, check the base URL)")
	if n := strangers.Load(); n > 0 {
		t.Errorf("%d requests went where it points", n)
	}
}

// Requests to this machine, however its name is written, do not go through a proxy.
func TestNoProxyForThisMachine(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	for _, host := range []string{"LOCALHOST", "LocalHost", "127.0.0.1", "[::ffff:127.0.0.1]"} {
		d := descope(t, emulator.Demo())
		env := []string{"BATON_MANAGEMENT_KEY=" + key, "HTTP_PROXY=" + proxy.URL, "HTTPS_PROXY=" + proxy.URL, "ALL_PROXY=" + proxy.URL}
		e := run(t, env, "baton-descope", "--project-id", d.ProjectID(), "--base-url", strings.Replace(d.URL, "127.0.0.1", host, 1), "-f", "sync.c1z")
		if e.code != 0 {
			t.Errorf("%s: exit code %d\n%s", host, e.code, e.all)
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the proxy was asked %d times", n)
	}
	if e := run(t, []string{"BATON_MANAGEMENT_KEY=" + key, "HTTPS_PROXY=" + proxy.URL}, "baton-descope", "--project-id", "P2abc", "--base-url", "https://api.test"); e.code == 0 || asked.Load() == 0 {
		t.Errorf("no proxy is asked at all: exit code %d\n%s", e.code, e.all)
	}
}

// A compressed reply without an end ends the run.
func TestGzipWithoutEnd(t *testing.T) {
	t.Parallel()
	var empty bytes.Buffer
	for range 1 << 10 {
		if err := gzip.NewWriter(&empty).Close(); err != nil {
			t.Fatal(err)
		}
	}
	d := descope(t, emulator.Demo())
	d.Intercept(func(operation string, call int, w http.ResponseWriter, _ *http.Request) bool {
		if operation != "SearchUsers" || call == 1 {
			return false
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		for {
			if _, err := w.Write(empty.Bytes()); err != nil {
				return true
			}
		}
	})
	fails(t, d).contains(t, "SearchUsers: unusable reply: its gzip is far longer than what it holds")
}
