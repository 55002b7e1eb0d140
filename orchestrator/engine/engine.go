package engine

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/archive"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/store"
)

// Config is what an Engine is built from.
type Config struct {
	Store     *store.Store
	Queue     *Queue
	Providers provider.Registry
	// Resources opens what the operations of a blueprint version may read.
	Resources func(ctx context.Context, blueprint orchestrator.Blueprint) (archive.Resources, error)
	// Installation is the random id of this Slipway.
	Installation string
	// Server names this server in leases. A server that starts again under the
	// same name takes its own executions back at once.
	Server             string
	QueueWorkers       int // River workers: dispatches at once
	OperationSlots     int // operations in flight at once
	ResidentExecutions int // executions that run at once, those that wait left out
	// RehearsalSpeed divides retry and "ask again" times of rehearsed
	// deployments; +Inf waits for nothing.
	RehearsalSpeed float64

	Clock  Clock
	Logger *slog.Logger
}

// Clock tells the time; tests hand in their own.
type Clock interface {
	Now() time.Time
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now returns the current time.
func (SystemClock) Now() time.Time { return time.Now() }

// Engine claims executions and runs them until it is stopped.
type Engine struct {
	cfg     Config
	journal *journal
	lease   *leaseKeeper
	slots   chan struct{} // one token per operation in flight
	plans   Plans
	client  *river.Client[*sql.Tx]

	mu       sync.Mutex
	runners  map[string]*runner   // by execution id
	redactor map[string]*redactor // by root execution id, shared by its tree
	backlog  []string             // claims that wait for a resident place
	claiming map[string]bool      // being claimed just now
	refused  map[string]refusal   // could not be run here
	stopping bool

	runnersDone sync.WaitGroup
	loops       sync.WaitGroup
	cancelRun   context.CancelFunc // ends operations in flight
	cancelLoops context.CancelFunc
}

// New returns an engine that is not running yet, or an error when the
// configuration is incomplete.
func New(cfg Config) (*Engine, error) {
	switch {
	case cfg.Store == nil, cfg.Queue == nil, cfg.Providers == nil, cfg.Resources == nil, cfg.Clock == nil, cfg.Logger == nil:
		return nil, errors.New("engine: Store, Queue, Providers, Resources, Clock and Logger are required")
	case cfg.Server == "" || cfg.Installation == "":
		return nil, errors.New("engine: Server and Installation are required")
	case cfg.QueueWorkers < 1 || cfg.OperationSlots < 1 || cfg.ResidentExecutions < 1:
		return nil, errors.New("engine: QueueWorkers, OperationSlots and ResidentExecutions must be at least 1")
	}
	if cfg.RehearsalSpeed <= 0 {
		cfg.RehearsalSpeed = 1
	}
	e := &Engine{
		cfg:      cfg,
		journal:  newJournal(cfg.Store, cfg.Logger),
		slots:    make(chan struct{}, cfg.OperationSlots),
		plans:    NewPlans(),
		runners:  map[string]*runner{},
		redactor: map[string]*redactor{},
		claiming: map[string]bool{},
		refused:  map[string]refusal{},
	}
	e.lease = newLeaseKeeper(cfg)
	return e, nil
}

// Start claims what this server left behind, then begins to take dispatches.
func (e *Engine) Start(ctx context.Context) error {
	runCtx, cancelRun := context.WithCancel(context.WithoutCancel(ctx))
	loopCtx, cancelLoops := context.WithCancel(context.WithoutCancel(ctx))
	e.cancelRun, e.cancelLoops = cancelRun, cancelLoops

	if err := e.lease.beat(ctx); err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	nudges, err := e.cfg.Store.Listen(loopCtx)
	if err != nil {
		return fmt.Errorf("start the engine: %w", err)
	}
	e.loop(func() { e.journal.run(loopCtx) })
	e.loop(func() { e.lease.run(loopCtx) })
	e.loop(func() { e.followNudges(loopCtx, nudges) })

	if err := e.startRiver(runCtx); err != nil {
		return errors.Join(err, e.Stop(ctx))
	}
	poke := func(id string) { go e.claim(runCtx, id) }
	e.cfg.Queue.poke.Store(&poke)
	e.loop(func() { e.scan(loopCtx, runCtx) })
	return nil
}

func (e *Engine) loop(run func()) {
	e.loops.Add(1)
	go func() {
		defer e.loops.Done()
		run()
	}()
}

func (e *Engine) startRiver(ctx context.Context) error {
	workers := river.NewWorkers()
	river.AddWorker(workers, &dispatchWorker{engine: e, runCtx: ctx})
	client, err := river.NewClient(driverFor(e.cfg.Store, e.cfg.Store.ListenerPool()), &river.Config{
		Logger:            slog.New(slog.DiscardHandler),
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: e.cfg.QueueWorkers}},
		Workers:           workers,
		FetchPollInterval: 500 * time.Millisecond,
		FetchCooldown:     50 * time.Millisecond,
	})
	if err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	if err := client.Start(ctx); err != nil {
		return fmt.Errorf("start the queue: %w", err)
	}
	e.client = client
	return nil
}

// redactorFor returns the redactor that the executions of one tree share: a
// password made by a child must not show in its parent's log.
func (e *Engine) redactorFor(rootID string) *redactor {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.redactor[rootID] == nil {
		e.redactor[rootID] = newRedactor()
	}
	return e.redactor[rootID]
}

func (e *Engine) forgetRedactor(rootID string) {
	for _, r := range e.runners {
		if r.execution.RootID == rootID {
			return
		}
	}
	delete(e.redactor, rootID)
}

// followNudges passes "something changed under this root" on to the runners of
// that tree. A nudge may be lost; the scan nudges everybody in any case.
func (e *Engine) followNudges(ctx context.Context, nudges <-chan string) {
	for {
		select {
		case root, ok := <-nudges:
			if !ok {
				return
			}
			for _, r := range e.runnersOf(root) {
				r.nudge()
			}
		case <-ctx.Done():
			return
		}
	}
}

// runnersOf returns this server's runners of one tree, or all for "".
func (e *Engine) runnersOf(root string) []*runner {
	e.mu.Lock()
	defer e.mu.Unlock()
	var runners []*runner
	for _, r := range e.runners {
		if root == "" || r.execution.RootID == root {
			runners = append(runners, r)
		}
	}
	return runners
}

// shutdownGrace is how long steps in flight may go on once the engine stops;
// lastWords is how long each may take after that to heed the end of its context,
// and how long the database may take to write the last facts.
const (
	shutdownGrace = 20 * time.Second
	lastWords     = 3 * time.Second
)

// Stop stops claiming, starts no new step, gives steps in flight 20 s, releases
// the leases and stops River. A restart goes on at once. Calling it twice, or
// before Start, does no harm.
func (e *Engine) Stop(ctx context.Context) error {
	e.mu.Lock()
	already := e.stopping
	e.stopping = true
	e.mu.Unlock()
	if already || e.cancelRun == nil {
		return nil
	}
	e.cfg.Queue.poke.Store(nil)
	for _, r := range e.runnersOf("") {
		r.stop()
	}
	e.awaitRunners(ctx)
	var err error
	if e.client != nil {
		if err = e.client.Stop(ctx); err != nil {
			err = fmt.Errorf("stop the queue: %w", err)
		}
	}
	e.cancelLoops()
	e.loops.Wait()
	return errors.Join(err, e.lease.leave(ctx))
}

// awaitRunners gives steps in flight their time, then ends them. A step that
// does not heed the end of its context, or a database that does not answer,
// cannot hold the server: their intents are open, and the next one asks again.
func (e *Engine) awaitRunners(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		e.runnersDone.Wait()
		close(done)
	}()
	if doneWithin(done, shutdownGrace, ctx.Done()) {
		e.cancelRun()
		return
	}
	e.cancelRun()
	if doneWithin(done, lastWords, nil) {
		return
	}
	e.journal.giveUp()
	if !doneWithin(done, lastWords, nil) {
		e.cfg.Logger.Warn("stopping without the end of steps that do not heed it; they are asked again")
	}
}

// doneWithin waits until done, for so long at most, or until sooner.
func doneWithin(done <-chan struct{}, long time.Duration, sooner <-chan struct{}) bool {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
	case <-sooner:
	}
	return false
}
