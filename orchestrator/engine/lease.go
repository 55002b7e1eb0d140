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
	// answerWithin bounds a question to the database, so that a connection whose
	// other end vanished without a word is given up.
	answerWithin = 10 * time.Second
	// deadLooks is how many looks in a row must find a heartbeat unmoved: after an
	// outage of the database the first one may come before anybody could beat.
	deadLooks = 3
)

// holder is a server that holds an execution, with the heartbeat by which it was
// found dead.
type holder struct {
	server string
	beat   int64
}

// nobody holds what waits to be claimed.
var nobody = holder{}

// leaseKeeper counts this server's heartbeat up and knows how old the last
// committed one is. It measures by the monotonic clock only: a paused process
// sees, on waking, that its beat is stale.
type leaseKeeper struct {
	cfg     Config
	trouble *trouble

	mu      sync.Mutex
	counter int64
	last    time.Time // when the beat that last committed was begun
	// lapses counts how often the beat was away for so long that others may have
	// taken executions over.
	lapses int64
	beaten chan struct{} // closed at the next beat
}

func newLeaseKeeper(cfg Config) *leaseKeeper {
	return &leaseKeeper{cfg: cfg, trouble: newTrouble(cfg.Logger, "write the heartbeat"), beaten: make(chan struct{})}
}

func (l *leaseKeeper) run(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			l.trouble.note(ctx, l.beat(ctx))
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
	bounded, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	if err := l.cfg.Store.InTx(bounded, func(tx *store.Tx) error {
		return tx.Beat(bounded, l.cfg.Server, value)
	}); err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	l.note(began, time.Now())
	return nil
}

// note takes down a beat that was begun and is committed by now.
func (l *leaseKeeper) note(began, committed time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if committed.Sub(l.last) > beatFresh {
		l.lapses++
	}
	l.last = began
	close(l.beaten)
	l.beaten = make(chan struct{})
}

func (l *leaseKeeper) lapsed() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lapses
}

// fresh waits until the heartbeat is young enough for a request to a cloud, and
// returns how long that may take, and how often the beat has lapsed by now.
func (l *leaseKeeper) fresh(ctx context.Context) (left time.Duration, lapses int64, err error) {
	for {
		l.mu.Lock()
		age, lapses, beaten := time.Since(l.last), l.lapses, l.beaten
		l.mu.Unlock()
		if age <= beatFresh {
			return beatValid - age, lapses, nil
		}
		select {
		case <-beaten:
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		}
	}
}

func (l *leaseKeeper) leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
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
	at      time.Time // when it was first seen
	looks   int       // that found it unmoved since
}

// dead returns the servers whose heartbeat has not moved for takeoverAfter,
// given the beats read at now, each with that heartbeat. Servers that hold
// executions but have no heartbeat row (they left, or never came back) count as
// standing still at none.
func (w *watch) dead(beats map[string]int64, holders map[string]bool, now time.Time) map[string]int64 {
	if w.seen == nil {
		w.seen = map[string]beatSeen{}
	}
	dead := map[string]int64{}
	for server := range holders {
		counter := beats[server]
		last, known := w.seen[server]
		if !known || last.counter != counter {
			w.seen[server] = beatSeen{counter: counter, at: now}
			continue
		}
		last.looks++
		w.seen[server] = last
		if last.looks >= deadLooks && now.Sub(last.at) >= takeoverAfter {
			dead[server] = counter
		}
	}
	for server := range w.seen {
		if !holders[server] {
			delete(w.seen, server)
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
	trouble := newTrouble(e.cfg.Logger, "look for executions to run")
	var w watch
	for {
		trouble.note(ctx, e.scanOnce(ctx, runCtx, &w))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (e *Engine) scanOnce(ctx, runCtx context.Context, w *watch) error {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
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
	holders := map[string]bool{}
	for _, x := range runnable {
		if x.Server != "" && x.Server != e.cfg.Server {
			holders[x.Server] = true
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

// considerTakeover claims what nobody holds, what an earlier life of this server
// held, and what a dead server holds.
func (e *Engine) considerTakeover(ctx context.Context, x orchestrator.Execution, dead map[string]int64) {
	from := holder{server: x.Server}
	if x.Server != "" && x.Server != e.cfg.Server {
		beat, gone := dead[x.Server]
		if !gone {
			return
		}
		from.beat = beat
	}
	if e.resident(x.ID) != nil || e.isRefused(x.ID) {
		return
	}
	if err := e.take(ctx, x.ID, from); err != nil {
		e.cfg.Logger.Error("take over execution", "execution", x.ID, "error", err)
	}
}
