package transport

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"

	"github.com/conductorone/baton-descope/api"
)

// maxWaste is by how many bytes gzip may be longer than what it holds, a few of which
// are its own and the rest of which is read ahead.
const maxWaste = 128 << 10

// unpacking asks for gzip and unpacks it, as http.Transport does by itself, but ends a
// reply that goes on without giving anything: so many empty members that the limit for
// a body would never be reached.
type unpacking struct{ base *http.Transport }

// RoundTrip sends a request and returns the reply, whose body is unpacked as it is read.
func (u unpacking) RoundTrip(req *http.Request) (*http.Response, error) {
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

// CloseIdleConnections closes connections that nobody uses.
func (u unpacking) CloseIdleConnections() { u.base.CloseIdleConnections() }

// gzipBody is a body that is unpacked as it is read.
type gzipBody struct {
	packed       io.ReadCloser
	unpacked     *gzip.Reader
	taken, given int64 // bytes, of the body and to the reader
}

func (b *gzipBody) Read(p []byte) (n int, err error) {
	if b.unpacked == nil {
		if b.unpacked, err = gzip.NewReader(packedBytes{b}); err != nil {
			return 0, err
		}
	}
	n, err = b.unpacked.Read(p)
	b.given += int64(n)
	return n, err
}

func (b *gzipBody) Close() error { return b.packed.Close() }

// packedBytes are the bytes of a body as they come.
type packedBytes struct{ *gzipBody }

func (b packedBytes) Read(p []byte) (int, error) {
	if b.taken > b.given+maxWaste {
		return 0, &api.ReplyError{Reason: "its gzip is far longer than what it holds"}
	}
	n, err := b.packed.Read(p)
	b.taken += int64(n)
	return n, err
}
