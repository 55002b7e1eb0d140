package provider

import (
	"crypto/sha256"
	"sync"
)

// memoLimit bounds how many values a Memo holds.
const memoLimit = 256

// Memo remembers what is costly to make again, such as a client and its access
// token for an account. Its keys are digests, so that it holds no credential.
// When it is full it forgets everything. The zero Memo is empty and ready, and
// may be used from several goroutines.
type Memo[V any] struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]V
}

// Get returns what is remembered for a key, else what make returns. make runs
// with the memo locked, so it must not wait for anything.
func (m *Memo[V]) Get(key [sha256.Size]byte, make func() (V, error)) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if value, ok := m.known[key]; ok {
		return value, nil
	}
	value, err := make()
	if err != nil {
		return value, err
	}
	if m.known == nil || len(m.known) >= memoLimit {
		m.known = map[[sha256.Size]byte]V{}
	}
	m.known[key] = value
	return value, nil
}
