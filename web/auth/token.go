package auth

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
)

// AdminToken is the token that a server makes at each start and writes to its
// data folder: whoever may read that file on this machine is an admin. Only its
// hash is kept. It is good for requests from this machine to a loopback name
// and for no others, so that neither a page that a browser was led to (DNS
// rebinding) nor a proxy lets strangers use it.
type AdminToken struct{ hash [sha256.Size]byte }

// NewAdminToken returns the check for a token that somebody else writes down.
func NewAdminToken(token string) *AdminToken {
	return &AdminToken{sha256.Sum256([]byte(token))}
}

// Accepts reports whether the request may act as admin with this token.
func (t *AdminToken) Accepts(r *http.Request, token string) bool {
	if t == nil || token == "" {
		return false
	}
	hash := sha256.Sum256([]byte(token))
	return subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 && isLocal(r)
}

// isLocal reports whether a request came from this machine, for this machine,
// and through nobody's hands.
func isLocal(r *http.Request) bool {
	for _, header := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip"} {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && from.Addr().Unmap().IsLoopback() && isLoopbackHost(r.Host)
}

func isLoopbackHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(trimBrackets(host))
	return err == nil && address.IsLoopback()
}

func trimBrackets(host string) string {
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		return host[1 : n-1]
	}
	return host
}
