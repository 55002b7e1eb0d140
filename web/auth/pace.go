package auth

import (
	"crypto/sha256"
	"net/http"
	"time"

	"github.com/labstack/echo/v4/middleware"
	"golang.org/x/time/rate"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Pace bounds how many requests one caller may make, so that a script gone wild
// does not slow everybody down. It counts by what the caller proves itself with
// (a session, a token, a name and password), for each address, and by the
// address as a whole, so that made-up proofs help nobody. Guesses of passwords
// are Limiter's; an event stream is one request however long it lasts.
type Pace struct {
	addresses, callers *middleware.RateLimiterMemoryStore
}

// Share is what one may ask for: so many requests a second in the long run, and
// so many at once.
type Share struct{ Rate, Burst int }

// The standard shares are what a busy script on a fast line never reaches;
// people behind one proxy share its address.
var (
	CallerShare  = Share{Rate: 500, Burst: 5_000}
	AddressShare = Share{Rate: 1_000, Burst: 20_000}
)

// NewPace returns a Pace that nobody has used.
func NewPace(caller, address Share) *Pace {
	return &Pace{addresses: newShares(address), callers: newShares(caller)}
}

func newShares(s Share) *middleware.RateLimiterMemoryStore {
	// A share is full again after Burst/Rate seconds, and then as good as new.
	full := time.Duration(s.Burst/s.Rate+1) * time.Second
	return middleware.NewRateLimiterMemoryStoreWithConfig(middleware.RateLimiterMemoryStoreConfig{
		Rate: rate.Limit(s.Rate), Burst: s.Burst, ExpiresIn: full,
	})
}

// paceWait is after how long a share has room again.
const paceWait = time.Second

// Take notes a request and refuses what is over a share. proof is whatever the
// caller sent to be known by, valid or not; empty for nothing.
func (p *Pace) Take(from, proof string) error {
	from = neighbourhood(from)
	// The memory stores never fail. The address first, as in Limiter.
	fair, _ := p.addresses.Allow(from)
	if fair && proof != "" {
		digest := sha256.Sum256([]byte(proof))
		fair, _ = p.callers.Allow(from + " " + string(digest[:]))
	}
	if fair {
		return nil
	}
	return orchestrator.Errorf(orchestrator.TooMany, "Too many requests at once. Wait a second and go on, more slowly.").Because("too_many_requests_error").After(paceWait)
}

// proofOf is what a request of the API shows to be known by.
func proofOf(r *http.Request) string {
	if token := r.Header.Get("Authentication-Token"); token != "" {
		return token
	}
	return r.Header.Get("Authorization")
}
