package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// Times of the lease (design: "Lease", "Fence"). A heartbeat counts up every
// beatEvery; what has not moved for takeoverAfter on the watcher's own clock is
// dead; a request to a cloud starts only while the own heartbeat is younger
// than beatFresh, and must end within beatValid of it.
const (
	beatEvery     = 2 * time.Second
	scanEvery     = 3 * time.Second
	takeoverAfter = 12 * time.Second
	beatFresh     = 8 * time.Second
	beatValid     = 11 * time.Second
)

// leaseKeeper counts this server's heartbeat up and knows how old the last
// committed one is. It measures by the monotonic clock only: a paused process
// sees, on waking, that its beat is stale.
type leaseKeeper struct {
	cfg Config

	mu      sync.Mutex
	counter int64
	last    time.Time // when the beat that last committed was begun
}

func newLeaseKeeper(cfg Config) *leaseKeeper { return &leaseKeeper{cfg: cfg} }

func (l *leaseKeeper) run(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if err := l.beat(ctx); err != nil && ctx.Err() == nil {
				l.cfg.Logger.Error("heartbeat", "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// beat commits the next heartbeat. The lease counts from before the commit.
func (l *leaseKeeper) beat(ctx context.Context) error {
	began := time.Now()
	l.mu.Lock()
	l.counter++
	counter := l.counter
	l.mu.Unlock()
	// The counter starts anew with each process; the time makes it differ from
	// what an earlier life of this server wrote.
	value := began.UnixMicro() + counter
	if err := l.cfg.Store.InTx(ctx, func(tx *store.Tx) error {
		return tx.Beat(ctx, l.cfg.Server, value)
	}); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	l.mu.Lock()
	l.last = began
	l.mu.Unlock()
	return nil
}

// check returns how long a request may still take, or an error when the lease
// may have passed to somebody else.
func (l *leaseKeeper) check() (time.Duration, error) {
	l.mu.Lock()
	age := time.Since(l.last)
	l.mu.Unlock()
	if age > beatFresh {
		return 0, fmt.Errorf("%w: the last heartbeat is %s old", errLost, age.Round(time.Millisecond))
	}
	return beatValid - age, nil
}

func (l *leaseKeeper) leave(ctx context.Context) error {
	err := l.cfg.Store.InTx(ctx, func(tx *store.Tx) error { return tx.RemoveServer(ctx, l.cfg.Server) })
	if err != nil {
		return fmt.Errorf("remove heartbeat: %w", err)
	}
	return nil
}

// watch remembers when each other server's heartbeat was last seen to move, on
// this server's own monotonic clock: clocks of machines are never compared.
type watch struct {
	seen map[string]beatSeen
}

type beatSeen struct {
	counter int64
	at      time.Time
}

// dead returns the servers whose heartbeat has not moved for takeoverAfter,
// given the beats read at now, and servers that hold executions but have no
// heartbeat row at all (they left, or never came back).
func (w *watch) dead(beats map[string]int64, holders []string, now time.Time) map[string]bool {
	if w.seen == nil {
		w.seen = map[string]beatSeen{}
	}
	for server, counter := range beats {
		if last, ok := w.seen[server]; !ok || last.counter != counter {
			w.seen[server] = beatSeen{counter, now}
		}
	}
	dead := map[string]bool{}
	for _, server := range holders {
		last, watched := w.seen[server]
		if _, beating := beats[server]; !beating {
			if !watched {
				w.seen[server] = beatSeen{0, now}
				continue
			}
		}
		if watched && now.Sub(last.at) >= takeoverAfter {
			dead[server] = true
		}
	}
	return dead
}

// scan takes over what nobody moves: at once what an earlier life of this
// server held, then every 3 s what belongs to nobody or to a dead server. No
// leader: the compare-and-set of the epoch decides who gets it.
func (e *Engine) scan(ctx, runCtx context.Context) {
	ticker := time.NewTicker(scanEvery)
	defer ticker.Stop()
	var w watch
	for {
		if err := e.scanOnce(ctx, runCtx, &w); err != nil && ctx.Err() == nil {
			e.cfg.Logger.Error("scan executions", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (e *Engine) scanOnce(ctx, runCtx context.Context, w *watch) error {
	var runnable []orchestrator.Execution
	var beats map[string]int64
	err := e.cfg.Store.View(ctx, func(tx *store.Tx) (err error) {
		if runnable, err = tx.RunnableExecutions(ctx); err != nil {
			return err
		}
		beats, err = tx.Servers(ctx)
		return err
	})
	if err != nil {
		return err
	}
	var holders []string
	for _, x := range runnable {
		if x.Server != "" {
			holders = append(holders, x.Server)
		}
	}
	dead := w.dead(beats, holders, time.Now())
	for _, x := range runnable {
		e.considerTakeover(runCtx, x, dead)
	}
	for _, r := range e.runnersOf("") {
		r.nudge() // a nudge may have been lost
	}
	return nil
}

func (e *Engine) considerTakeover(ctx context.Context, x orchestrator.Execution, dead map[string]bool) {
	own := x.Server == e.cfg.Server && e.resident(x.ID) == nil
	if x.Server != "" && !own && !dead[x.Server] {
		return
	}
	if !e.makeRoom(x.ID) {
		return
	}
	if x.Server != "" && !own {
		e.cfg.Logger.Info("take over execution", "execution", x.ID, "from", x.Server)
	}
	if err := e.take(ctx, x.ID, x.Server); err != nil {
		e.cfg.Logger.Error("take over execution", "execution", x.ID, "error", err)
	}
}
