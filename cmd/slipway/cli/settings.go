package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

const (
	defaultURL       = "http://127.0.0.1:8080"
	defaultTenant    = "default_tenant"
	defaultTokenFile = "var/admin-token"
)

// settings say whom to ask and as whom.
type settings struct {
	url    *url.URL
	tenant string
	credentials
}

// credentials are a token, or a user with a password, or nothing.
type credentials struct {
	token string
	// file is where token was read from; it is read again after a 401, because
	// the server writes a new admin token at each start.
	file           string
	user, password string
	// origin says where they came from, for the sentence about a 401.
	origin string
}

// settings puts flags, environment and profile together, in this order.
func (c *cli) settings() (settings, error) {
	current, err := currentProfile()
	if err != nil {
		return settings{}, err
	}
	text, from := os.Getenv("SLIPWAY_URL"), "SLIPWAY_URL"
	if text == "" {
		text, from = firstOf(current.URL, defaultURL), "the profile in use"
	}
	parsed, err := parseURL(text)
	if err != nil {
		return settings{}, fmt.Errorf("%s: %w", from, err)
	}
	if text != current.URL {
		current = profile{} // its credentials belong to another server
	}
	s := settings{url: parsed, tenant: firstOf(c.tenant, os.Getenv("SLIPWAY_TENANT"), current.Tenant, defaultTenant)}
	s.credentials, err = findCredentials(parsed, current)
	return s, err
}

func parseURL(text string) (*url.URL, error) {
	parsed, err := url.Parse(text)
	if strings.Contains(text, "@") { // the text is not repeated
		return nil, errors.New("the server's address must hold no user or password; set SLIPWAY_TOKEN_FILE, or make a profile with: slipway profiles use URL -u USER")
	}
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return nil, fmt.Errorf("the server's address must be an http or https URL such as %s, not %q", defaultURL, text)
	}
	parsed.Path = strings.TrimSuffix(parsed.Path, "/")
	return parsed, nil
}

func findCredentials(server *url.URL, current profile) (credentials, error) {
	if token := os.Getenv("SLIPWAY_TOKEN"); token != "" {
		return credentials{token: token, origin: "the token of SLIPWAY_TOKEN"}, nil
	}
	if file := os.Getenv("SLIPWAY_TOKEN_FILE"); file != "" {
		return fromFile(file, "the token in "+file+" (SLIPWAY_TOKEN_FILE)")
	}
	if current.remembers() {
		return current.credentials()
	}
	// The admin token is this machine's; it is shown to no other.
	if _, err := os.Stat(defaultTokenFile); err != nil || !isLoopback(server.Hostname()) {
		return credentials{}, nil
	}
	return fromFile(defaultTokenFile, "the token in "+defaultTokenFile)
}

func fromFile(file, origin string) (credentials, error) {
	token, err := readToken(file)
	return credentials{token: token, file: file, origin: origin}, err
}

func readToken(file string) (string, error) {
	text, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "", fmt.Errorf("the token file %s may not be read by this user; run as the user of the server, or set SLIPWAY_TOKEN_FILE", file)
	case err != nil:
		return "", fmt.Errorf("read token file: %w; the server writes var/admin-token when it starts, SLIPWAY_TOKEN_FILE names another", err)
	}
	return strings.TrimSpace(string(text)), nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

// profilesPath is where profiles are remembered.
func profilesPath() (string, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find the folder for profiles: %w", err)
	}
	return filepath.Join(dir, "slipway", "profiles.json"), nil
}
