package auth

import (
	"net/netip"
	"sync"
	"time"
)

// Limiter slows guessing down: so many tries from one address, and for one name
// from one address, within a window. It keeps memory bounded by forgetting what
// is older than the window.
type Limiter struct {
	mu     sync.Mutex
	now    func() time.Time
	window time.Duration
	most   int
	tries  map[string][]time.Time
	swept  time.Time
}

// NewLimiter allows most tries a window for each name from an address, and four
// times as many from the address as a whole (people behind one proxy share it).
func NewLimiter(now func() time.Time, most int, window time.Duration) *Limiter {
	return &Limiter{now: now, window: window, most: most, tries: map[string][]time.Time{}, swept: now()}
}

// Allow notes a try and reports whether it may go on.
func (l *Limiter) Allow(from, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	from = neighbourhood(from)
	// The address first: what it may not try is not noted by name either, or
	// whoever makes up names would fill the memory with them.
	return l.note("address "+from, 4*l.most) && l.note("name "+from+" "+name, l.most)
}

// Forget clears the tries for a name after one that succeeded.
func (l *Limiter) Forget(from, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.tries, "name "+neighbourhood(from)+" "+name)
}

// neighbourhood is what one subscriber has of addresses: an IPv4 address, or a
// network of IPv6 ones, any of which can be used for the next try.
func neighbourhood(from string) string {
	address, err := netip.ParseAddr(from)
	if err != nil || address.Unmap().Is4() {
		return from
	}
	network, err := address.WithZone("").Prefix(64)
	if err != nil {
		return from
	}
	return network.String()
}

func (l *Limiter) note(key string, most int) bool {
	recent := l.recent(l.tries[key])
	if len(recent) >= most {
		l.tries[key] = recent
		return false
	}
	l.tries[key] = append(recent, l.now())
	return true
}

func (l *Limiter) recent(tries []time.Time) []time.Time {
	since := l.now().Add(-l.window)
	for len(tries) > 0 && !tries[0].After(since) {
		tries = tries[1:]
	}
	return tries
}

// sweep drops the keys whose tries are all old, once a window.
func (l *Limiter) sweep() {
	now := l.now()
	if now.Sub(l.swept) < l.window {
		return
	}
	l.swept = now
	for key, tries := range l.tries {
		if len(l.recent(tries)) == 0 {
			delete(l.tries, key)
		}
	}
}
