package emulator

// SSOApplication is an application that users open through Descope. What it needs to
// sign them in is left out.
type SSOApplication struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	Logo        string `json:"logo"`    // URL
	AppType     string `json:"appType"` // oidc, saml, ...
}

// loadAllSSOApplications lists the applications in the order in which they were added.
func (s *Store) loadAllSSOApplications() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return listReply("apps", encodeAll(s.applications, func(a SSOApplication) []byte { return encode(a) }), -1)
}
