package transport

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// counting counts the bytes that are read of bodies after they are unpacked.
type counting struct {
	http.RoundTripper
	read atomic.Int64
}

type countedBody struct {
	io.ReadCloser
	read *atomic.Int64
}

func (c *counting) RoundTrip(req *http.Request) (*http.Response, error) {
	reply, err := c.RoundTripper.RoundTrip(req)
	if err == nil {
		reply.Body = countedBody{reply.Body, &c.read}
	}
	return reply, err
}

func (b countedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.read.Add(int64(n))
	return n, err
}

// packed is so many bytes of a text in gzip, over and over.
func packed(t *testing.T, text string, size int) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	for piece := strings.Repeat(text, 1<<10); size > 0; size -= len(piece) {
		if _, err := io.WriteString(z, piece[:min(size, len(piece))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGzip(t *testing.T) {
	for name, body := range map[string][]byte{
		"one member":   packed(t, `{"OK":true}`, 11),
		"two members":  append(packed(t, `{"OK":`, 6), packed(t, `true}`, 5)...),
		"empty member": append(packed(t, "", 0), packed(t, `{"OK":true}`, 11)...),
		"a long text":  append(packed(t, " ", 3<<20), packed(t, `{"OK":true}`, 11)...),
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("Accept-Encoding"); got != "gzip" {
				t.Errorf("Accept-Encoding is %q", got)
			}
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(body)
		}))
		t.Cleanup(srv.Close)
		if reply, err := postTo(t.Context(), open(t, Options{}), read, srv.URL); err != nil || !reply.OK {
			t.Errorf("%s: %+v, %v", name, reply, err)
		}
	}
}

// TestGzipBombs: a reply that becomes far longer than it is costs the limit for a
// reply and no more, in bytes read, sent and allocated.
func TestGzipBombs(t *testing.T) {
	const limit, bomb = 4 << 20, 256 << 20
	once := packed(t, " ", bomb)
	twice := packed(t, string(once), len(once))
	empty := bytes.Repeat(packed(t, "", 0), 1<<10)
	tiny := bytes.Repeat(packed(t, " ", 1), 1<<10)
	for _, c := range []struct {
		name     string
		status   int
		encoding string
		body     []byte
		endless  bool // the body comes over and over
		read     int64
		says     string
	}{
		{"a bomb", 200, "gzip", once, false, limit, "it is longer than the 4194304 bytes that are read"},
		{"in capitals", 200, "GZIP", once, false, limit, "it is longer than the 4194304 bytes that are read"},
		{"of two layers", 200, "gzip", twice, false, limit, "not JSON"},
		{"of two layers, as it says", 200, "gzip, gzip", twice, false, limit, "not JSON"},
		{"of another kind", 200, "deflate", once, false, limit, "not JSON"},
		{"members without end", 200, "gzip", empty, true, 0, "its gzip is far longer than what it holds"},
		{"members of a byte", 200, "gzip", tiny, true, limit, "its gzip is far longer than what it holds"},
		{"bombs without end", 200, "gzip", once, true, limit, "it is longer than the 4194304 bytes that are read"},
		{"in an error", 403, "gzip", once, false, maxErrorBody, "HTTP 403"},
		{"members without end in an error", 403, "gzip", empty, true, maxErrorBody, "HTTP 403"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var sent atomic.Int64
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				w.Header().Set("Content-Type", "application/json")
				w.Header().Set("Content-Encoding", c.encoding)
				w.WriteHeader(c.status)
				for more := true; more; more = c.endless {
					n, err := w.Write(c.body)
					sent.Add(int64(n))
					if err != nil {
						return
					}
				}
			}))
			defer srv.Close()
			counted := &counting{RoundTripper: NewBase(1)}
			conn := open(t, Options{MaxBody: limit, Attempts: 1, Base: counted})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := postTo(t.Context(), conn, read, srv.URL)
			runtime.ReadMemStats(&after)
			if err = conn.Error("Search", err); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("the error is %v", err)
			}
			if n := counted.read.Load(); n > c.read+1 {
				t.Errorf("%d bytes were read", n)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > uint64(c.read)+4<<20 { // The server allocates as well.
				t.Errorf("%d bytes were allocated", n)
			}
			if n := sent.Load(); c.endless && n > 32<<20 { // What is on its way is counted too.
				t.Errorf("%d bytes were sent", n)
			}
			if tooLarge := strings.Contains(c.says, "longer than the"); errors.Is(err, ErrTooLarge) != tooLarge {
				t.Errorf("too large is %v", !tooLarge)
			}
		})
	}
}

// TestReadAll: whatever the pieces in which a body comes and is kept, it is that body,
// up to its limit.
func TestReadAll(t *testing.T) {
	for _, size := range []int{0, 1, minPiece - 1, minPiece, minPiece + 1, 3*minPiece + 2, maxPiece + 1, 3 * maxPiece} {
		want := bytes.Repeat([]byte("abcdefg"), size/7+1)[:size]
		for _, expected := range []int64{-1, 0, 1, int64(size), 1 << 40} {
			for _, limit := range []int64{int64(size), int64(size) + 1, 1 << 30} {
				if got, err := readAll(bytes.NewReader(want), expected, limit); err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes, %d expected, at most %d: %d bytes, %v", size, expected, limit, len(got), err)
				}
			}
			if size > 0 {
				if _, err := readAll(bytes.NewReader(want), expected, int64(size)-1); !errors.Is(err, ErrTooLarge) {
					t.Errorf("%d bytes, %d expected, and one too much: %v", size, expected, err)
				}
			}
		}
	}
	if _, err := readAll(io.MultiReader(strings.NewReader("abc"), failingReader{}), -1, 100); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that breaks off: %v", err)
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
