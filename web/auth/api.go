package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// API authenticates requests of scripts: a token, or user and password with
// each request. It knows no cookies, so a browser cannot be tricked into
// asking in somebody's name.
type API struct {
	users     Users
	passwords *Passwords
	admin     *AdminToken
	proven    *proven
	pace      *Pace
}

// Wrong passwords of the API: so many in a window for a name from one address.
const (
	apiTries  = 10
	apiWindow = time.Minute
)

// NewAPI returns an API. admin may be nil where there is no admin token.
func NewAPI(users Users, admin *AdminToken, now func() time.Time) (*API, error) {
	passwords, err := NewPasswords(users, NewLimiter(now, apiTries, apiWindow))
	if err != nil {
		return nil, err
	}
	return &API{users: users, passwords: passwords, admin: admin, proven: newProven(now), pace: NewPace(CallerShare, AddressShare)}, nil
}

// Authenticate says who asks, in the team that the header Tenant names. Refusals
// are *orchestrator.Error of code Unauthorized, Forbidden or TooMany.
func (a *API) Authenticate(r *http.Request) (orchestrator.Actor, error) {
	from := remoteHost(r)
	if err := a.pace.Take(from, proofOf(r)); err != nil {
		return orchestrator.Actor{}, err
	}
	if token := r.Header.Get("Authentication-Token"); token != "" {
		if !a.admin.Accepts(r, token) {
			return orchestrator.Actor{}, unauthorized("the token is not valid here; the admin token is new at each start of the server, and works on the server's own machine only")
		}
		actor := orchestrator.Actor{Kind: orchestrator.ActorToken, Name: "admin", Team: orchestrator.DefaultTeam, Role: orchestrator.Admin, From: from}
		return actor, inTeam(r, actor)
	}
	name, password, given := r.BasicAuth()
	if !given {
		return orchestrator.Actor{}, unauthorized("no authentication was given; send a token, or user and password")
	}
	account, err := a.account(r, name, password, from)
	if err != nil {
		return orchestrator.Actor{}, err
	}
	actor := actorOf(account, from)
	return actor, inTeam(r, actor)
}

// account checks a password, or finds that it was checked a moment ago. The
// account is read each time, so that a change of it counts at once.
func (a *API) account(r *http.Request, name, password, from string) (orchestrator.Account, error) {
	if hash, ok := a.proven.hash(name, password); ok {
		account, err := a.users.Account(r.Context(), name)
		if err == nil && account.PasswordHash == hash {
			return account, nil
		}
	}
	account, err := a.passwords.Check(r.Context(), name, password, from)
	if err != nil {
		return account, err
	}
	a.proven.note(name, password, account.PasswordHash)
	return account, nil
}

// inTeam refuses a team that the actor is not in.
func inTeam(r *http.Request, actor orchestrator.Actor) error {
	if team := r.Header.Get("Tenant"); team != "" && team != actor.Team {
		return orchestrator.Errorf(orchestrator.Forbidden, "there is no tenant %q that this user is in; name another with -t", team).Because("forbidden_error")
	}
	return nil
}

func unauthorized(sentence string) error {
	return orchestrator.Errorf(orchestrator.Unauthorized, "%s", sentence).Because("unauthorized_error")
}

// remoteHost is the address that a request came from.
func remoteHost(r *http.Request) string {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return from.Addr().Unmap().String()
}

// How long a proven password needs no new proof, and how many are remembered.
const (
	provenFor  = 5 * time.Minute
	provenMost = 1000
)

// proven remembers which passwords were right, by a keyed digest: scripts send
// theirs with every request, and each check costs 64 MiB and a tenth of a
// second on purpose.
type proven struct {
	mu     sync.Mutex
	now    func() time.Time
	key    []byte
	hashes map[string]provenHash
}

type provenHash struct {
	hash  string // the account's, when the password was right
	until time.Time
}

func newProven(now func() time.Time) *proven {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails
	return &proven{now: now, key: key, hashes: map[string]provenHash{}}
}

func (p *proven) digest(name, password string) string {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte(name + "\x00" + password))
	return string(mac.Sum(nil))
}

// hash returns the account's hash that this password was proven against.
func (p *proven) hash(name, password string) (string, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	found, ok := p.hashes[p.digest(name, password)]
	return found.hash, ok && p.now().Before(found.until)
}

func (p *proven) note(name, password, hash string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.hashes) >= provenMost {
		clear(p.hashes)
	}
	p.hashes[p.digest(name, password)] = provenHash{hash, p.now().Add(provenFor)}
}
