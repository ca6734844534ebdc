package byhand

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/conductorone/baton-sdk/pkg/connectorbuilder"
	"github.com/conductorone/baton-sdk/pkg/types/resource"
)

// parallel reads several pages at once, the next step while the SDK stores this one,
// and keeps what users hold in the session store.
type parallel struct {
	*client

	steps   sync.Mutex
	reading map[int]*step
	total   int
}

// step is ten pages of users on their way.
type step struct {
	done  chan struct{}
	users []User
	err   error
}

// Parallel returns a connector that reads the API at base.
func Parallel(base, token string) connectorbuilder.ConnectorBuilderV2 {
	return byType(&parallel{client: newClient(base, token), reading: map[int]*step{}})
}

func (p *parallel) users(ctx context.Context, o resource.SyncOpAttrs, n int) ([]User, bool, error) {
	now := p.ask(ctx, n)
	<-now.done
	if now.err != nil {
		return nil, false, now.err
	}
	p.steps.Lock()
	delete(p.reading, n)
	more := (n+1)*page < p.total
	p.steps.Unlock()
	if more {
		p.ask(context.WithoutCancel(ctx), n+1)
	}
	return now.users, more, o.Session.Set(ctx, fmt.Sprint("users/", n), Pack(now.users, more))
}

func (p *parallel) ask(ctx context.Context, n int) *step {
	p.steps.Lock()
	defer p.steps.Unlock()
	s := p.reading[n]
	if s == nil {
		s = &step{done: make(chan struct{})}
		p.reading[n] = s
		go p.read(ctx, n, s)
	}
	return s
}

// read reads the pages of a step; the first tells how many there are.
func (p *parallel) read(ctx context.Context, n int, s *step) {
	defer close(s.done)
	const pages = page / searchSize
	var parts [pages][]User
	var errs [pages]error
	one := func(i int) (total int) {
		parts[i], total, errs[i] = p.search(ctx, search{Page: n*pages + i})
		return total
	}
	p.steps.Lock()
	total := p.total
	p.steps.Unlock()
	from := 0
	if n == 0 {
		total, from = one(0), 1
		p.steps.Lock()
		p.total = total
		p.steps.Unlock()
	}
	var all sync.WaitGroup
	for i := from; i < pages && (n*pages+i)*searchSize < total; i++ {
		all.Go(func() { one(i) })
	}
	all.Wait()
	for _, part := range parts {
		s.users = append(s.users, part...)
	}
	s.err = errors.Join(errs[:]...)
}

func (p *parallel) held(ctx context.Context, o resource.SyncOpAttrs, n int) ([]User, bool, error) {
	text, ok, err := o.Session.Get(ctx, fmt.Sprint("users/", n))
	if err == nil && !ok {
		err = fmt.Errorf("the session store has lost page %d", n)
	}
	users, more := Unpack(string(text))
	return users, more, err
}

// The characters between the parts of what is kept: nothing that is kept has them.
const (
	betweenUsers   = "\x1c"
	betweenTenants = "\x1d"
	betweenTexts   = "\x1e"
)

// Pack writes what users hold, shorter than in JSON.
func Pack(users []User, more bool) []byte {
	var b strings.Builder
	if more {
		b.WriteString("+")
	}
	for _, u := range users {
		b.WriteString(betweenUsers + u.UserID)
		for _, name := range u.RoleNames {
			b.WriteString(betweenTexts + name)
		}
		for _, m := range u.UserTenants {
			b.WriteString(betweenTenants + m.TenantID)
			for _, name := range m.RoleNames {
				b.WriteString(betweenTexts + name)
			}
		}
	}
	return []byte(b.String())
}

// Unpack reads what Pack has written.
func Unpack(text string) (users []User, more bool) {
	for i, one := range strings.Split(text, betweenUsers) {
		if i == 0 {
			more = one != ""
			continue
		}
		parts := strings.Split(one, betweenTenants)
		own := strings.Split(parts[0], betweenTexts)
		u := User{UserID: own[0], RoleNames: own[1:], UserTenants: make([]Membership, len(parts)-1)}
		for j, part := range parts[1:] {
			texts := strings.Split(part, betweenTexts)
			u.UserTenants[j] = Membership{texts[0], texts[1:]}
		}
		users = append(users, u)
	}
	return users, more
}
