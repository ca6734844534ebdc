package emulator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
)

// Size is how much of each to generate. A 0 means as much as suits the number of
// users.
type Size struct {
	Users, Tenants, Roles, Permissions int
	// TenantRoles is how many of the project's roles are held inside a tenant: 0 for
	// any of them, so that nearly each user holds another one.
	TenantRoles int
	// Seed chooses among projects of the same size.
	Seed uint64
}

func (s Size) withDefaults() Size {
	s.Users = cmp.Or(s.Users, 1000)
	s.Tenants = cmp.Or(s.Tenants, min(max(s.Users/100, 2), 1000))
	s.Roles = cmp.Or(s.Roles, min(max(s.Users/200, 10), 500))
	s.Permissions = cmp.Or(s.Permissions, 200)
	return s
}

// Generate returns a project of a size, the same for the same size. Each user holds
// one role of the project and belongs to two tenants, with one or two roles inside
// each: the project's roles, and the tenant's own where it has any. A user is about
// 1.2 kB of JSON.
func Generate(size Size) Project {
	project, user := GenerateLazily(size)
	project.Users = make([]User, size.withDefaults().Users)
	for i := range project.Users {
		project.Users[i] = user(i)
	}
	return project
}

// GenerateLazily returns the project of Generate without its users, and what makes
// the i-th of them: for those who need not hold them all. It may be called by
// several at once.
func GenerateLazily(size Size) (project Project, user func(i int) User) {
	size = size.withDefaults()
	g := &generator{size: size, random: numbered(size.Seed, 0)}
	g.makePermissions()
	g.makeTenants()
	g.makeRoles()
	return g.project, func(i int) User {
		one := *g
		one.random = numbered(size.Seed, i+1)
		return one.user(i)
	}
}

// numbered returns the random numbers of a part of a project, the same each time.
func numbered(seed uint64, part int) *rand.Rand {
	return rand.New(rand.NewPCG(seed, uint64(part))) //nolint:gosec // The same size has to give the same project.
}

// generatedStart is when generated projects begin, 2024-01-01 UTC in Unix seconds,
// and generatedSpan is how long they have been growing, in seconds.
const (
	generatedStart = 1704067200
	generatedSpan  = 600 * 24 * 3600
)

var (
	givenNames = []string{
		"Ada", "Bela", "Carlos", "Dina", "Emeka", "Freya", "Gita", "Henrik", "Ilse", "Jun",
		"Kira", "Luca", "Mei", "Nils", "Olga", "Pavel", "Ravi", "Sana", "Tariq", "Uma",
	}
	familyNames = []string{
		"Abbott", "Brandt", "Costa", "Diaz", "Eriksen", "Fontaine", "Garcia", "Hansen", "Ito", "Jansen",
		"Kovacs", "Larsen", "Moreau", "Nguyen", "Okoye", "Popov", "Quist", "Rossi", "Schmidt", "Tan",
	}
	departments = []string{"Engineering", "Finance", "Logistics", "Marketing", "Operations", "People", "Research", "Sales"}
	resources   = []string{"account", "calendar", "contract", "invoice", "order", "project", "report", "ticket"}
	actions     = []string{"read", "write", "approve", "export", "delete"}
	titles      = []string{"Analyst", "Approver", "Editor", "Manager", "Operator", "Planner", "Reviewer", "Viewer"}
	// Of 20 users, one is of each status but enabled.
	statuses = []string{"disabled", "invited", "expired"}
)

type generator struct {
	size    Size
	random  *rand.Rand
	project Project

	projectRoles []string            // names
	tenantRoles  map[string][]string // names, by tenant id
}

func (g *generator) makePermissions() {
	for i := range g.size.Permissions {
		name := fmt.Sprintf("%s:%s:%d", resources[i%len(resources)], actions[i/len(resources)%len(actions)], i)
		g.project.Permissions = append(g.project.Permissions, Permission{
			ID: fmt.Sprintf("PERM3gen%06d", i), Name: name, Description: "May " + name + ".", SystemDefault: i < 3,
		})
	}
}

func (g *generator) makeTenants() {
	for i := range g.size.Tenants {
		domain := fmt.Sprintf("tenant-%06d.example", i)
		g.project.Tenants = append(g.project.Tenants, Tenant{
			ID: fmt.Sprintf("T2gen%021d", i), Name: fmt.Sprintf("Tenant %d", i), AuthType: "none",
			CreatedTime: g.time(), Domains: []string{domain}, SelfProvisioningDomains: []string{domain},
			CustomAttributes: map[string]any{"plan": "team", "seats": 10 + i%90},
		})
	}
}

// makeRoles makes every other role a tenant's own. Their names repeat from tenant to
// tenant.
func (g *generator) makeRoles() {
	g.tenantRoles = make(map[string][]string)
	for i := range g.size.Roles {
		r := Role{ID: fmt.Sprintf("ROL3gen%022d", i), CreatedTime: g.time(), PermissionNames: g.somePermissions()}
		if i%2 == 1 {
			r.TenantID = g.project.Tenants[i/2%g.size.Tenants].ID
			r.Name = fmt.Sprintf("Tenant %s %d", titles[i/2%len(titles)], i/2/g.size.Tenants)
			g.tenantRoles[r.TenantID] = append(g.tenantRoles[r.TenantID], r.Name)
		} else {
			r.Name = fmt.Sprintf("%s %03d", titles[i/2%len(titles)], i)
			g.projectRoles = append(g.projectRoles, r.Name)
		}
		r.Description = r.Name + ", generated."
		g.project.Roles = append(g.project.Roles, r)
	}
}

func (g *generator) user(i int) User {
	given, family := pick(g, givenNames), pick(g, familyNames)
	email := fmt.Sprintf("%s.%s.%d@tenant-%06d.example", given, family, i, g.random.IntN(g.size.Tenants))
	u := User{
		UserID:           fmt.Sprintf("U2gen%023d", i),
		LoginIDs:         []string{email},
		Name:             given + " " + family,
		GivenName:        given,
		FamilyName:       family,
		Email:            email,
		VerifiedEmail:    true,
		Phone:            fmt.Sprintf("+1555%07d", i%10_000_000),
		Picture:          fmt.Sprintf("https://images.example/people/%d.png", i),
		RoleNames:        []string{pick(g, g.projectRoles)},
		Tenants:          g.memberships(),
		Status:           g.status(),
		Editable:         true,
		CreatedTime:      g.time(),
		CustomAttributes: map[string]any{"department": pick(g, departments), "employeeNumber": i, "contractor": i%7 == 0},
		Password:         i%3 == 0,
		SAML:             i%3 == 1,
		SCIM:             i%3 == 1,
		TOTP:             i%4 == 0,
	}
	return u
}

// memberships are two different tenants, or one where there is only one.
func (g *generator) memberships() []Membership {
	first := g.random.IntN(g.size.Tenants)
	memberships := []Membership{g.membership(first)}
	if g.size.Tenants > 1 {
		memberships = append(memberships, g.membership((first+1+g.random.IntN(g.size.Tenants-1))%g.size.Tenants))
	}
	return memberships
}

func (g *generator) membership(tenant int) Membership {
	m := Membership{TenantID: g.project.Tenants[tenant].ID, RoleNames: []string{g.roleInside(tenant)}}
	second := g.roleInside(tenant)
	if own := g.tenantRoles[m.TenantID]; len(own) > 0 {
		second = pick(g, own)
	}
	if g.random.IntN(2) == 0 && second != m.RoleNames[0] {
		m.RoleNames = append(m.RoleNames, second)
	}
	return m
}

// roleInside is the name of a role of the project that is held inside a tenant.
func (g *generator) roleInside(tenant int) string {
	if g.size.TenantRoles == 0 {
		return pick(g, g.projectRoles)
	}
	return g.projectRoles[(tenant+g.random.IntN(g.size.TenantRoles))%len(g.projectRoles)]
}

func (g *generator) somePermissions() []string {
	names := make([]string, 3)
	for i := range names {
		names[i] = pick(g, g.project.Permissions).Name
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (g *generator) status() string {
	if i := g.random.IntN(20); i < len(statuses) {
		return statuses[i]
	}
	return "enabled"
}

func (g *generator) time() int32 { return generatedStart + g.random.Int32N(generatedSpan) }

func pick[T any](g *generator, from []T) T { return from[g.random.IntN(len(from))] }
