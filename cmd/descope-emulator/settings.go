package main

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/fault"
)

// settings are what the flags say.
type settings struct {
	addr    string
	journal string
	rules   []string
	faults  []fault.Fault
	options emulator.Options
	size    emulator.Size
}

// errUsage stands for a mistake in the flags that has been printed already.
var errUsage = errors.New("usage")

const about = `descope-emulator is a development tool, not Descope. It serves the part of
Descope's Management API that baton-descope uses, from memory, on loopback.

Without a size it holds a demo project of 60 users; with any of --users, --tenants,
--roles, --permissions and --seed it holds a generated one.

Served are: users (search, load, create, patch, update, status, log out, expire
password, delete), their roles and tenants (add, remove), and the lists of tenants,
roles, permissions, access keys and SSO applications.
GET /-/state reports, without a key, each user's status and what the user holds, and
invitations, ended sessions and expired passwords; Descope has no such path.

Flags:
`

const aboutFaults = `
Faults: --fault 'KIND[:VALUE] [WHEN...]', as often as wanted. KIND is one of

%s
and WHEN any of

  on=OPERATION,...         requests for these operations (default all)
  call=N|N-M|N-,...        by their number among those, from 1 on
  every=N                  every n-th of them
  p=CHANCE seed=N          some of them, the same ones for the same seed
  times=N                  at most so often
  taken                    the request is carried out, and its answer is lost

Where several rules strike, the first works on what the later ones make of a request.

  --fault '429:2 on=SearchUsers call=3'            the third search is to wait 2 seconds
  --fault '503 call=2-6'                           a burst of errors
  --fault 'reset p=0.05 seed=7'                    one request in twenty is cut off
  --fault '502 on=AddUserRoles times=1 taken'      a role is added, but the reply is lost
  --fault 'delete call=4' --fault cap:50           a user vanishes between short pages
`

func parse(args []string, stderr io.Writer) (*settings, error) {
	s := new(settings)
	flags := flag.NewFlagSet("descope-emulator", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, about)
		flags.PrintDefaults()
		fmt.Fprintf(stderr, aboutFaults, fault.Kinds())
	}
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8484", "loopback `address` to listen on; port 0 picks a free one")
	flags.StringVar(&s.options.ProjectID, "project-id", emulator.DefaultProjectID, "project id to accept")
	flags.StringVar(&s.options.ManagementKey, "management-key", emulator.DefaultManagementKey, "management key to accept")
	flags.IntVar(&s.size.Users, "users", 0, "users to generate (default 1000, when another size is given)")
	flags.IntVar(&s.size.Tenants, "tenants", 0, "tenants to generate (default 1 for each 100 users, from 2 to 1000)")
	flags.IntVar(&s.size.Roles, "roles", 0, "roles to generate (default 1 for each 200 users, from 10 to 500)")
	flags.IntVar(&s.size.Permissions, "permissions", 0, "permissions to generate (default 200)")
	flags.Uint64Var(&s.size.Seed, "seed", 0, "chooses among generated projects of one size")
	flags.DurationVar(&s.options.Latency, "latency", 0, "time that passes before each answer, such as 20ms")
	flags.IntVar(&s.options.RateLimit, "rate-limit", 0, "user searches answered in any 60 seconds, beside 100 creations; others get a 429 (default no limit)")
	flags.StringVar(&s.options.Taken, "taken", emulator.DefaultTaken, "error `code` for a login id that is taken, or "+emulator.NotCreated+" for a reply with created: false")
	flags.BoolVar(&s.options.SecondLayout, "second-layout", false, "answer in another way where Descope documents none: no user id for expiring a password, {} for an empty reply, "+
		"custom attributes replaced as a whole, a changed address not verified")
	flags.StringVar(&s.journal, "journal", "", "`file` to append each request to, as a line of JSON without its headers")
	flags.Func("fault", "`rule` for something to go wrong, see below; may be given several times", func(rule string) error {
		s.rules = append(s.rules, rule)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		return nil, errUsage // Parse has printed it.
	}
	if err := s.check(flags); err != nil {
		return nil, err
	}
	// A run of any length must fit in memory; --journal is for those who want to know.
	s.options.KeepRequests = -1
	return s, nil
}

func (s *settings) check(flags *flag.FlagSet) error {
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	for name, value := range map[string]int{
		"users": s.size.Users, "tenants": s.size.Tenants, "roles": s.size.Roles,
		"permissions": s.size.Permissions, "rate-limit": s.options.RateLimit, "latency": int(s.options.Latency),
	} {
		if value < 0 {
			return fmt.Errorf("--%s must not be negative", name)
		}
	}
	for _, rule := range s.rules {
		parsed, err := fault.Parse(rule)
		if err != nil {
			return fmt.Errorf("--%w", err)
		}
		s.faults = append(s.faults, parsed)
	}
	return nil
}

func (s *settings) project() emulator.Project {
	if s.size == (emulator.Size{}) {
		return emulator.Demo()
	}
	return emulator.Generate(s.size)
}
