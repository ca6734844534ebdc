package transport

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/conductorone/baton-descope/api"
)

// maxWaste is by how many bytes gzip may exceed its content: a few for its format, the
// rest for reading ahead.
const maxWaste = 128 << 10

// gzipTransport decompresses gzip as http.Transport does, but ends a reply of endless
// empty members, which would never reach the limit for a body.
type gzipTransport struct{ base *http.Transport }

// RoundTrip sends a request and returns the reply, whose body is decompressed as it is
// read.
func (u gzipTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept-Encoding", "gzip")
	reply, err := u.base.RoundTrip(req)
	if err != nil || !strings.EqualFold(reply.Header.Get("Content-Encoding"), "gzip") {
		return reply, err
	}
	reply.Body = &gzipBody{packed: reply.Body}
	reply.Header.Del("Content-Encoding")
	reply.Header.Del("Content-Length")
	reply.ContentLength, reply.Uncompressed = -1, true
	return reply, nil
}

// CloseIdleConnections closes idle connections.
func (u gzipTransport) CloseIdleConnections() { u.base.CloseIdleConnections() }

// gzipBody is a body that is decompressed as it is read.
type gzipBody struct {
	packed       io.ReadCloser
	unpacked     *gzip.Reader
	taken, given int64 // bytes, of the body and to the reader
}

func (b *gzipBody) Read(p []byte) (n int, err error) {
	if b.unpacked == nil {
		if b.unpacked, err = gzip.NewReader(gzipBytes{b}); err != nil {
			return 0, err
		}
	}
	n, err = b.unpacked.Read(p)
	b.given += int64(n)
	return n, err
}

func (b *gzipBody) Close() error { return b.packed.Close() }

// gzipBytes are the compressed bytes of a body.
type gzipBytes struct{ *gzipBody }

func (b gzipBytes) Read(p []byte) (int, error) {
	if b.taken > b.given+maxWaste {
		return 0, &api.ReplyError{Reason: "its gzip is far longer than what it holds"}
	}
	n, err := b.packed.Read(p)
	b.taken += int64(n)
	return n, err
}
