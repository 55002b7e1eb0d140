// Package rehearsal is the far end of every provider in a rehearsal: one World
// of resources, machines and clusters by address, furniture, faults and scaled
// time, which its leaves (aws, azure, kubernetes, machine) share. It checks what
// the real far ends would check and pretends nothing: what a leaf does not know
// is an error that says so. It imports no provider and keeps its facts in a
// State of its own, committed before an answer goes out, so that "the effect
// happened, the answer was lost" can be rehearsed too.
package rehearsal

import (
	"context"
	"time"
)

// World is what the leaves of one server share. Two servers on one database
// share one world through its State. The fields are read-only after New.
type World struct {
	State State
	Speed Speed
	// Now tells the time; tests hand in their own.
	Now    func() time.Time
	faults []Fault
}

// Config is what a World is made of. The zero value is a world in memory that
// waits for nothing and never fails.
type Config struct {
	State  State            // nil: NewMemory()
	Speed  Speed            // 0: max
	Now    func() time.Time // nil: time.Now
	Faults []Fault          // tried in order, the first that matches is used
}

// New makes a world.
func New(config Config) *World {
	if config.State == nil {
		config.State = NewMemory()
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	return &World{State: config.State, Speed: config.Speed, Now: config.Now, faults: config.Faults}
}

// After returns the moment at which something that takes d (in real-cloud time)
// and starts now will be done. Leaves store it and ask Due later.
func (w *World) After(d time.Duration) time.Time { return w.Now().Add(w.Speed.Scale(d)) }

// Due reports whether a moment that After returned has come.
func (w *World) Due(at time.Time) bool { return !w.Now().Before(at) }

// Wait sleeps for d of real-cloud time at the world's speed, or until the
// context ends.
func (w *World) Wait(ctx context.Context, d time.Duration) error {
	return sleep(ctx, w.Speed.Scale(d))
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
