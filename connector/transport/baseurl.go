package transport

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// CheckBaseURL returns an API's base URL without a slash at its end, or an error
// that says how to mend it. It must be https, unless the host is this machine or
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

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}
