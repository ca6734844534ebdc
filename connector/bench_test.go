package connector

import (
	"context"
	"testing"

	"github.com/conductorone/baton-sdk/pkg/types/resource"
	"github.com/conductorone/baton-sdk/pkg/types/sessions"

	"github.com/conductorone/baton-descope/gen/descope"
	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/mapping"
)

// benchSize has as many users as the ten pages of one batch, which overlap by one.
var benchSize = emulator.Size{Users: 991, Tenants: 1000, Roles: 500, Permissions: 200}

// benched is a connector that has read one batch of users of a local API.
type benched struct {
	users *syncer
	o     resource.SyncOpAttrs
	read  *keptBatch
}

// sessionMap is a session store in memory.
type sessionMap struct {
	sessions.SessionStore
	values map[string][]byte
}

func (k sessionMap) Get(_ context.Context, key string, _ ...sessions.SessionStoreOption) ([]byte, bool, error) {
	value, ok := k.values[key]
	return value, ok, nil
}

func (k sessionMap) Set(_ context.Context, key string, value []byte, _ ...sessions.SessionStoreOption) error {
	k.values[key] = value
	return nil
}

func benchmarked(b *testing.B) *benched {
	b.Helper()
	d := emulatortest.Start(b, emulator.Generate(benchSize), emulator.Options{})
	plan, err := mapping.Load("mapping.yaml", mapping.Descope, mapping.Environment{
		Operations: descope.Operations, Options: map[string]any{"include-test-users": false},
	})
	if err != nil {
		b.Fatal(err)
	}
	c, err := New(b.Context(), Options{Name: "bench", Plan: plan, BaseURL: d.URL, Token: d.ProjectID() + ":" + d.ManagementKey()})
	if err != nil {
		b.Fatal(err)
	}
	out := &benched{
		users: &syncer{Connector: c, typ: plan.Type("user")},
		o:     resource.SyncOpAttrs{SyncID: "bench", Session: sessionMap{values: map[string][]byte{}}},
	}
	if _, _, err := out.users.List(b.Context(), nil, out.o); err != nil {
		b.Fatal(err)
	}
	out.read = out.users.in(out.o).listing().last
	if len(out.read.ids) != benchSize.Users {
		b.Fatal(len(out.read.ids))
	}
	return out
}

// perUser reports the time for one user where an iteration is a batch.
func perUser(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(benchSize.Users), "ns/user")
}

// BenchmarkResources makes the resources of a batch and the roles they show.
func BenchmarkResources(b *testing.B) {
	s := benchmarked(b)
	ts := s.users.in(s.o)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := ts.fill(b.Context(), s.read, 0); err != nil {
			b.Fatal(err)
		}
	}
	perUser(b)
}

// BenchmarkKeep works out what the users of a batch hold, and writes it for the session store.
func BenchmarkKeep(b *testing.B) {
	s := benchmarked(b)
	ts := s.users.in(s.o)
	b.ReportAllocs()
	for b.Loop() {
		p, err := ts.pageOf(b.Context(), s.read.batch, newOnce())
		if err != nil {
			b.Fatal(err)
		}
		ts.keep(b.Context(), 0, p)
	}
	perUser(b)
}

// BenchmarkGrants makes the grants of a batch of what the session store has.
func BenchmarkGrants(b *testing.B) {
	s := benchmarked(b)
	b.ReportAllocs()
	for b.Loop() {
		for at := s.o; ; {
			_, results, err := s.users.GrantsForResourceType(b.Context(), "user", at)
			if err != nil {
				b.Fatal(err)
			}
			if at.PageToken.Token = results.NextPageToken; at.PageToken.Token == "" {
				break
			}
		}
	}
	perUser(b)
}
