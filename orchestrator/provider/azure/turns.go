package azure

import (
	"sync"
	"time"
)

const (
	// turnEvery is the real-cloud time between two looks at a turn.
	turnEvery = 3 * time.Second
	// turnLife ends the turn of a step that never came back for it.
	turnLife = 2 * time.Minute
)

// turns lets one step at a time change what Azure locks as a whole, such as the
// subnets of a network. It only spares requests: steps of other servers are
// turned away by Azure itself, and retried.
type turns struct {
	mu    sync.Mutex
	taken map[string]turn
}

type turn struct {
	holder string
	at     time.Time
}

func newTurns() *turns { return &turns{taken: map[string]turn{}} }

// take gives the holder the turn, or keeps it, and returns ""; or it returns who
// has it.
func (t *turns) take(lock, holder string, now time.Time) (busy string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	current, ok := t.taken[lock]
	if ok && current.holder != holder && now.Sub(current.at) < turnLife {
		return current.holder
	}
	t.taken[lock] = turn{holder, now}
	return ""
}

// leave ends the holder's turn.
func (t *turns) leave(lock, holder string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.taken[lock].holder == holder {
		delete(t.taken, lock)
	}
}
