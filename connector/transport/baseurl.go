package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
)

// CheckBaseURL returns an API's base URL without a slash at its end, or an error
// that names the fix. It must be https, unless the host is this machine or
// insecure allows plain http: the key travels with every request.
func CheckBaseURL(raw string, insecure bool) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		// Neither raw nor err is quoted: either may hold a password.
		return "", errors.New("the base URL is not a URL: it should look like https://api.example.com")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http", u.Hostname() == "":
		return "", errors.New("the base URL must have a scheme and a host, like https://api.example.com")
	case u.User != nil:
		return "", fmt.Errorf("the base URL must not hold a user name or password: give https://%s and pass the key by its own setting", u.Host)
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "", fmt.Errorf("the base URL must end with its path: remove what follows %q or %q", "?", "#")
	case u.Scheme == "http" && !insecure && !isLoopback(u.Hostname()):
		return "", fmt.Errorf("the base URL is plain http, and the key would cross the network unprotected: "+
			"use https://%s, or --insecure if that is meant", u.Host)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// isLoopback reports whether a host is this machine, by its name or address. What only a
// resolver may take for that, as 127.1 or localhost with a dot at its end, is not.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// proxyOf returns the proxy of the environment for a request, nil for this machine.
// net/http knows only one spelling of localhost, and would send the key to the proxy
// in clear for the others.
func proxyOf(req *http.Request) (*url.URL, error) {
	if isLoopback(strings.TrimSuffix(req.URL.Hostname(), ".")) {
		return nil, nil //nolint:nilnil // As http.Transport.Proxy has it.
	}
	return http.ProxyFromEnvironment(req)
}
