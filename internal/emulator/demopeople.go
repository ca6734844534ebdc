package emulator

import (
	"strings"
	"unicode"
)

// person is a user of the demo project in one line: who, where, with which roles,
// and what is unusual.
type person struct {
	name string
	// login is the first login id; it is the email too if it looks like one, and
	// the phone if it starts with a plus sign.
	login   string
	project []string     // roles of the project
	tenants []Membership // with the roles inside each
	unusual func(*User)
}

func roles(names ...string) []string { return names }

func in(tenantID string, roleNames ...string) Membership {
	return Membership{TenantID: tenantID, RoleNames: roleNames}
}

func member(memberships ...Membership) []Membership { return memberships }

var people = []person{
	// Fernhill's own people: roles of the project as a whole.
	{"Ines Marlow", "ines@fernhill.example", roles("Tenant Admin", "Billing Admin"), member(in("T2fernhill", "Tenant Admin")), secured},
	{"Tomasz Reyl", "tomasz@fernhill.example", roles("Support/L2"), member(in("T2fernhill", "Member")), secured},
	{"Zoë Lindqvist", "zoe@fernhill.example", roles("Support/L1"), member(in("T2fernhill", "Member")), nil},
	{"Kwame Asante", "kwame@fernhill.example", roles("Support/L1", "Support/L2"), member(in("T2fernhill", "Member"), in("T2acme", "Support/L2")), nil},
	{"Petra Vance", "petra@fernhill.example", roles("Auditor"), member(in("T2fernhill")), nil},
	{"Hugo Bell", "hugo@fernhill.example", roles("Billing Admin"), member(in("T2fernhill", "Member")), nil},
	{"Mina Sato", "mina@fernhill.example", roles("Viewer"), member(in("T2fernhill", "Member", "Viewer")), nil},
	{"Owen Frey", "owen@fernhill.example", roles("Member"), nil, status("disabled")},
	{"", "deploy-robot", roles("Viewer"), nil, nil},
	{"Fernhill Kiosk", "kiosk-lobby", nil, nil, nil},

	// Acme Robotics signs in through SAML and is provisioned through SCIM.
	{"Amara Okafor", "amara.okafor@acme.example", nil, member(in("T2acme", "Tenant Admin", "Approver")), enterprise("Operations", 4)},
	{"Ben Castellano", "ben.castellano@acme.example", nil, member(in("T2acme", "Approver", "Line Manager")), enterprise("Assembly", 3)},
	{"Chloe Duval", "chloe.duval@acme.example", nil, member(in("T2acme", "Member")), enterprise("Assembly", 1)},
	{"Dmitri Volkov", "dmitri.volkov@acme.example", nil, member(in("T2acme", "Member", "Line Manager")), enterprise("Paint", 2)},
	{"Elif Kaya", "elif.kaya@acme.example", nil, member(in("T2acme", "Member")), enterprise("Paint", 1)},
	{"Farid Haddad", "farid.haddad@acme.example", nil, member(in("T2acme", "Member")), enterprise("Paint", 1)},
	{"Grace Whitlock", "grace.whitlock@acme.example", nil, member(in("T2acme", "Viewer")), enterprise("Finance", 2)},
	{"Hana Novak", "hana.novak@acme.example", nil, member(in("T2acme", "Billing Admin")), enterprise("Finance", 3)},
	{"Ivan Petrov", "ivan.petrov@acme.example", nil, member(in("T2acme", "Member"), in("T2acmelabs", "Member")), enterprise("Research", 2)},
	{"Jia Chen", "jia.chen@acme.example", nil, member(in("T2acme", "Member"), in("T2acmelabs", "Tenant Admin")), enterprise("Research", 4)},
	{"Kofi Mensah", "kofi.mensah@acme.example", nil, member(in("T2acme", "Member")), enterprise("Assembly", 1)},
	{"Lena Hoff", "lena.hoff@acme.example", nil, member(in("T2acme", "Member")), status("invited")},
	{"Marco Bianchi", "marco.bianchi@acme.example", nil, member(in("T2acme", "Member")), status("invited")},
	{"Nadia Rahman", "nadia.rahman@acme.example", nil, member(in("T2acme")), status("disabled")},
	{"Oscar Lund", "oscar.lund@acme.example", nil, member(in("T2acme", "Auditor")), enterprise("Quality", 3)},
	{"", "owner@acme.example", roles("Member"), member(in("T2acme", "Tenant Admin", "Member")), secured},

	// Acme Labs, below Acme Robotics.
	{"Priya Nair", "priya.nair@labs.acme.example", nil, member(in("T2acmelabs", "Member")), enterprise("Robots", 2)},
	{"Quentin Moss", "quentin.moss@labs.acme.example", nil, member(in("T2acmelabs", "Member")), enterprise("Robots", 1)},
	{"Rosa Delgado", "rosa.delgado@labs.acme.example", nil, member(in("T2acmelabs", "Viewer")), enterprise("Robots", 1)},
	{"Søren Dahl", "soren.dahl@labs.acme.example", nil, member(in("T2acmelabs")), status("expired")},

	// Birch & Sons uses passwords and social sign-in.
	{"Alma Birch", "alma@birch.example", nil, member(in("T2birch", "Tenant Admin", "Approver", "Billing Admin")), social("google")},
	{"Bo Birch", "bo@birch.example", nil, member(in("T2birch", "Approver")), social("google")},
	{"Cyrus Webb", "cyrus@birch.example", nil, member(in("T2birch", "Member")), nil},
	{"Dora Quill", "dora@birch.example", nil, member(in("T2birch", "Member")), nil},
	{"Ernst Vogel", "ernst@birch.example", nil, member(in("T2birch", "Member")), status("disabled")},
	{"Fay Tanner", "fay@birch.example", nil, member(in("T2birch", "Member")), social("github")},
	{"Gil Amsel", "gil@birch.example", nil, member(in("T2birch", "Viewer")), nil},
	{"Ruth Amsel", "+15550100144", nil, member(in("T2birch", "Member")), nil},
	{"", "+15550100145", nil, member(in("T2birch", "Member")), nil},
	{"Hedda Stone", "hedda@birch.example", nil, member(in("T2birch", "Member")), status("invited")},

	// Cobalt Health.
	{"Adaeze Eze", "adaeze.eze@cobalt.example", nil, member(in("T2cobalt", "Clinician", "Tenant Admin")), oidc("Cardiology")},
	{"Bruno Silva", "bruno.silva@cobalt.example", nil, member(in("T2cobalt", "Clinician")), oidc("Cardiology")},
	{"Carmen Ortiz", "carmen.ortiz@cobalt.example", nil, member(in("T2cobalt", "Clinician")), oidc("Radiology")},
	{"Declan Roche", "declan.roche@cobalt.example", nil, member(in("T2cobalt", "Auditor")), oidc("Compliance")},
	{"Esther Blum", "esther.blum@cobalt.example", roles("Auditor"), member(in("T2cobalt", "Auditor", "Viewer")), oidc("Compliance")},
	{"Felix Arndt", "felix.arndt@cobalt.example", nil, member(in("T2cobalt", "Clinician", "Member")), oidc("Radiology")},
	{"Gudrun Olsen", "gudrun.olsen@cobalt.example", nil, member(in("T2cobalt", "Member")), oidc("Reception")},
	{"Hiro Tanaka", "hiro.tanaka@cobalt.example", nil, member(in("T2cobalt", "Member")), status("invited")},
	{"Isla Grant", "isla.grant@cobalt.example", nil, member(in("T2cobalt", "Billing Admin")), oidc("Finance")},
	{"Jonas Meyer", "jonas.meyer@cobalt.example", nil, member(in("T2cobalt")), status("expired")},

	// Dune Travel, whose trial is over.
	{"Khalid Nasser", "khalid@dune.example", nil, member(in("T2dune", "Tenant Admin")), status("disabled")},
	{"Leila Mansour", "leila@dune.example", nil, member(in("T2dune", "Member")), status("disabled")},
	{"Milo Krantz", "milo@dune.example", roles("Member"), member(in("T2dune", "Member")), nil},

	// Consultants, in several tenants at once.
	{"Noor Aziz", "noor@consult.example", nil, member(in("T2acme", "Viewer"), in("T2birch", "Viewer"), in("T2cobalt", "Viewer")), secured},
	{"Otto Brandt", "otto@consult.example", roles("Auditor"), member(in("T2acme", "Approver"), in("T2birch", "Approver")), secured},
	{"Paloma Ruiz", "paloma@consult.example", roles("Viewer"), member(in("T2birch", "Member"), in("T2dune", "Member")), nil},
	{"Rune Holt", "rune@consult.example", nil, nil, status("invited")},

	// Test users.
	{"Test One", "test-one@fernhill.example", roles("Member"), nil, testUser},
	{"Test Two", "test-two@fernhill.example", nil, member(in("T2acme", "Approver")), testUser},
	{"Test Three", "+15550100199", nil, member(in("T2birch", "Member")), testUser},
}

func demoUsers() []User {
	users := make([]User, len(people))
	for i, p := range people {
		users[i] = p.user(int32(i))
	}
	return users
}

// user makes the nth person a user who came 37 hours after the one before.
func (p person) user(n int32) User {
	u := User{
		UserID:      "U2demo" + lettersOf(p.name, p.login),
		LoginIDs:    []string{p.login},
		Name:        p.name,
		RoleNames:   p.project,
		Tenants:     p.tenants,
		CreatedTime: demoStart + (n+100)*37*hour,
		Password:    true,
		Editable:    true,
	}
	u.GivenName, u.FamilyName, _ = strings.Cut(p.name, " ")
	switch {
	case strings.Contains(p.login, "@"):
		u.Email, u.VerifiedEmail = p.login, true
	case strings.HasPrefix(p.login, "+"):
		u.Phone, u.VerifiedPhone, u.Password = p.login, true, false
	}
	if p.unusual != nil {
		p.unusual(&u)
	}
	return u
}

// lettersOf makes the readable part of an id: the ASCII letters and digits of a
// name, or of a login id where there is no name.
func lettersOf(name, login string) string {
	if name == "" {
		name = login
	}
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			return r
		}
		return -1
	}, name)
}

func status(status string) func(*User) {
	return func(u *User) { u.Status = status }
}

func testUser(u *User) { u.Test = true }

// secured users have a second factor and ways to recover.
func secured(u *User) {
	u.TOTP, u.WebAuthn, u.Push = true, true, true
	u.RecoveryEmail, u.VerifiedRecoveryEmail = "recovery+"+u.Email, true
	u.Phone, u.VerifiedPhone = "+15550100101", true
}

// enterprise users come from their employer's directory.
func enterprise(department string, level int) func(*User) {
	return func(u *User) {
		u.SAML, u.SCIM, u.Password, u.Editable = true, true, false, false
		u.CustomAttributes = map[string]any{"department": department, "level": level, "sites": []string{"Leeds", "Brno"}}
		u.SSOAppIDs = []string{"descope-default-oidc"}
	}
}

func oidc(department string) func(*User) {
	return func(u *User) {
		u.OIDC, u.Password = true, false
		u.CustomAttributes = map[string]any{"department": department, "contractor": false}
	}
}

func social(provider string) func(*User) {
	return func(u *User) {
		u.OAuth = map[string]bool{provider: true}
		u.Picture = "https://images.fernhill.example/" + u.UserID + ".png"
	}
}
