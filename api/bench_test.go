package api_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/conductorone/baton-descope/api"
	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
)

// page is a reply with 100 users, as the local Descope sends it: 1.2 kB each.
func page(b *testing.B) []byte {
	b.Helper()
	d := emulatortest.Start(b, emulator.Generate(emulator.Size{Users: 100, Tenants: 1000, Roles: 500}), emulator.Options{})
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, d.URL+"/v2/mgmt/user/search", strings.NewReader("{}"))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+d.ProjectID()+":"+d.ManagementKey())
	request.Header.Set("Content-Type", "application/json")
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		b.Fatal(err)
	}
	return body
}

// BenchmarkReadReply reads a page of 100 users, as the transport hands it over.
func BenchmarkReadReply(b *testing.B) { benchmarkReadReply(b, page(b)) }

// BenchmarkReadReplyWithMisfits reads such a page when one field of every user is
// not what the document says.
func BenchmarkReadReplyWithMisfits(b *testing.B) {
	body := bytes.ReplaceAll(page(b), []byte(`"test":false`), []byte(`"test":"no"`))
	benchmarkReadReply(b, body)
}

func benchmarkReadReply(b *testing.B, body []byte) {
	b.Helper()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		reply := &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
			ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
		}
		users, err := api.ReadReply[descope.UsersResponse](reply, nil)
		if users == nil || len(users.Users) != 100 {
			b.Fatal(err)
		}
	}
}
