package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
	"github.com/slipwayhq/slipway/orchestrator/workflow"
	"github.com/slipwayhq/slipway/store"
)

// runner runs one execution: a single loop holds the schedule.Run, and nothing
// but the loop changes it. Steps run in goroutines bounded by the engine's
// slots; they ask the loop to begin and hand their results back to it.
type runner struct {
	engine     *Engine
	execution  orchestrator.Execution
	deployment orchestrator.Deployment
	blueprint  orchestrator.Blueprint
	plan       *orchestrator.Plan
	steps      map[string]*orchestrator.Step
	operations *workflow.Operations
	nodeOf     map[string]string // instance id to node name
	run        *schedule.Run
	redact     *redactor

	begins   chan beginRequest
	results  chan stepResult
	wake     chan struct{} // look at the rows again; holds one
	stopping chan struct{} // closed once: start nothing new
	stopOnce sync.Once
	waiting  atomic.Bool // nothing in flight: leaves its resident place to others

	// Owned by the loop.
	inFlight int // goroutines of steps, those that wait for a slot included
	opened   bool
	reason   string
	endSteps context.CancelFunc
}

// beginRequest asks the loop for leave to start a try, once a slot is held.
type beginRequest struct {
	stepID string
	reply  chan beginReply
}

type beginReply struct {
	ok       bool
	intentAt time.Time
}

// stepResult is what a try came to. A nil outcome says that the try ended
// without one: its intent stays open.
type stepResult struct {
	outcome schedule.Outcome
	runtime []runtimeChange
}

// newRunner loads everything that the execution needs and rebuilds its run.
func (e *Engine) newRunner(ctx context.Context, x orchestrator.Execution) (*runner, error) {
	r := &runner{
		engine: e, execution: x, redact: e.redactorFor(x.RootID),
		begins: make(chan beginRequest), results: make(chan stepResult),
		wake: make(chan struct{}, 1), stopping: make(chan struct{}),
		opened: !x.StartedAt.IsZero(), reason: x.Reason,
	}
	var graph orchestrator.Graph
	var records []orchestrator.StepRecord
	var instances []orchestrator.NodeInstance
	err := e.cfg.Store.View(ctx, func(tx *store.Tx) (err error) {
		if graph, err = tx.ExecutionGraph(ctx, x.ID); err != nil {
			return err
		}
		if records, err = tx.Steps(ctx, x.ID); err != nil {
			return err
		}
		if r.deployment, err = tx.DeploymentByUID(ctx, x.DeploymentUID); err != nil {
			return err
		}
		if instances, err = tx.Instances(ctx, x.DeploymentUID); err != nil {
			return err
		}
		return learnSecrets(ctx, tx, x.Team, r.redact)
	})
	if err != nil {
		return nil, err
	}
	if r.blueprint, err = e.plans.Get(ctx, r.deployment.BlueprintUID); err != nil {
		return nil, err
	}
	r.plan = r.blueprint.Plan
	r.index(graph, instances)
	return r, r.schedule(graph, records)
}

func (r *runner) index(graph orchestrator.Graph, instances []orchestrator.NodeInstance) {
	r.steps = make(map[string]*orchestrator.Step, len(graph.Steps))
	for i := range graph.Steps {
		r.steps[graph.Steps[i].ID] = &graph.Steps[i]
	}
	r.operations = workflow.NewOperations(r.plan, instances)
	r.nodeOf = make(map[string]string, len(instances))
	for _, instance := range instances {
		r.nodeOf[instance.ID] = instance.NodeID
		for _, value := range instance.Runtime {
			r.redact.learn(value)
		}
	}
	for _, value := range r.deployment.Inputs {
		r.redact.learn(value)
	}
}

func (r *runner) schedule(graph orchestrator.Graph, records []orchestrator.StepRecord) error {
	facts := map[string]schedule.Facts{}
	for _, step := range graph.Steps {
		if step.Kind != orchestrator.KindOperation {
			continue
		}
		operation, err := r.operation(&step)
		if err != nil {
			return err
		}
		facts[step.ID] = factsOf(operation)
	}
	speed := 1.0
	if r.execution.Rehearsal {
		speed = r.engine.cfg.RehearsalSpeed
	}
	run, err := schedule.New(schedule.Setup{
		ExecutionID: r.execution.ID, Graph: graph, Records: records, Facts: facts,
		Opened: r.opened, CancelRequested: cancelRequested(r.execution.Status),
		WaitAfterFail: r.execution.WaitAfterFail, Speed: speed,
	})
	r.run = run
	return err
}

// Defaults of the original manager (engine-semantics 6).
const (
	defaultRetries  = 60
	defaultInterval = 15 * time.Second
)

func factsOf(operation orchestrator.Operation) schedule.Facts {
	facts := schedule.Facts{Mapping: operation.Mapping(), MaxRetries: defaultRetries, Interval: defaultInterval}
	if operation.MaxRetries != nil {
		facts.MaxRetries = int(*operation.MaxRetries)
	}
	if operation.RetryInterval != nil {
		facts.Interval = time.Duration(*operation.RetryInterval * float64(time.Second))
	}
	return facts
}

func cancelRequested(status orchestrator.ExecutionStatus) bool {
	switch status {
	case orchestrator.Cancelling, orchestrator.ForceCancelling, orchestrator.KillCancelling:
		return true
	}
	return false
}

func (r *runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

func (r *runner) stop() { r.stopOnce.Do(func() { close(r.stopping) }) }

// loop is the life of a resident execution: decide, commit, act, wait.
func (r *runner) loop(ctx context.Context) error {
	stepCtx, endSteps := context.WithCancel(ctx)
	r.endSteps = endSteps
	defer r.drain()
	// A child may have ended while nobody ran this execution.
	opening, err := r.news(ctx)
	if err != nil {
		return err
	}
	decision := schedule.Advance(r.run, opening, r.now())
	var runtime []runtimeChange
	for {
		if err := r.commit(ctx, decision, runtime); err != nil {
			return err
		}
		if decision.Finish != nil {
			return nil
		}
		for _, start := range decision.Starts {
			r.inFlight++
			go r.try(stepCtx, start)
		}
		r.noteWaiting(ctx)
		outcomes, changes, err := r.await(ctx, decision.Wake)
		if err != nil {
			return err
		}
		runtime = changes
		decision = schedule.Advance(r.run, outcomes, r.now())
	}
}

// errStopped says that the server stops: the lease is given back.
var errStopped = errors.New("the server stops")

// live runs the loop to its end and settles what becomes of the lease.
func (r *runner) live(ctx context.Context) {
	log := r.engine.cfg.Logger.With("execution", r.execution.ID)
	switch err := r.loop(ctx); {
	case err == nil:
	case errors.Is(err, errStopped), ctx.Err() != nil:
		release := context.WithoutCancel(ctx)
		err := r.engine.cfg.Store.InTx(release, func(tx *store.Tx) error {
			return tx.ReleaseExecution(release, r.execution.ID, r.execution.Epoch)
		})
		if err != nil {
			log.Error("release lease", "error", err)
		}
	case errors.Is(err, errLost):
		log.Info("another server has taken over")
	default:
		log.Error("execution stopped", "error", err)
	}
}

// drain ends what is still in flight, so that no goroutine outlives the runner.
func (r *runner) drain() {
	r.endSteps()
	for r.inFlight > 0 {
		select {
		case <-r.results:
			r.inFlight--
		case begin := <-r.begins:
			begin.reply <- beginReply{}
		}
	}
}

func (r *runner) now() time.Time { return r.engine.cfg.Clock.Now() }

// noteWaiting gives the resident place away while nothing is in flight.
func (r *runner) noteWaiting(ctx context.Context) {
	waits := r.inFlight == 0
	if r.waiting.Swap(waits) != waits && waits {
		go r.engine.roomChanged(ctx)
	}
}

// await returns the next outcomes: results of steps, ended children, a cancel
// request, or nothing once wake has come.
func (r *runner) await(ctx context.Context, wake time.Time) ([]schedule.Outcome, []runtimeChange, error) {
	var timer <-chan time.Time
	if !wake.IsZero() {
		t := time.NewTimer(max(0, wake.Sub(r.now())))
		defer t.Stop()
		timer = t.C
	}
	stopping := r.stopping
	for {
		if r.isStopping() && r.inFlight == 0 {
			return nil, nil, errStopped
		}
		select {
		case result := <-r.results:
			outcomes, runtime := r.gather(result)
			if len(outcomes) > 0 {
				return outcomes, runtime, nil
			}
		case begin := <-r.begins:
			if err := r.begin(ctx, begin); err != nil {
				return nil, nil, err
			}
		case <-r.wake:
			outcomes, err := r.news(ctx)
			if err != nil || len(outcomes) > 0 {
				return outcomes, nil, err
			}
		case <-timer:
			if r.isStopping() {
				timer = nil
				continue
			}
			return nil, nil, nil
		case <-stopping:
			stopping = nil // keep waiting for what is in flight
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

func (r *runner) isStopping() bool {
	select {
	case <-r.stopping:
		return true
	default:
		return false
	}
}

// gather takes the result and whatever else has come in meanwhile: one commit
// for all of it.
func (r *runner) gather(first stepResult) (outcomes []schedule.Outcome, runtime []runtimeChange) {
	next := first
	for {
		r.inFlight--
		if next.outcome != nil {
			outcomes = append(outcomes, next.outcome)
		}
		runtime = append(runtime, next.runtime...)
		select {
		case next = <-r.results:
		default:
			return outcomes, runtime
		}
	}
}

// begin journals the intent of a try and lets it go.
func (r *runner) begin(ctx context.Context, request beginRequest) error {
	if r.isStopping() {
		request.reply <- beginReply{}
		return nil
	}
	now := r.now()
	decision, ok := schedule.Begin(r.run, request.stepID, now)
	if !ok {
		request.reply <- beginReply{}
		return nil
	}
	if err := r.commit(ctx, decision, nil); err != nil {
		request.reply <- beginReply{}
		return err
	}
	intent := now
	for _, record := range decision.Records {
		if record.StepID == request.stepID {
			intent = record.IntentAt
		}
	}
	request.reply <- beginReply{ok: true, intentAt: intent}
	return nil
}

// news reads what others may have written: a cancel request, and children that
// have ended.
func (r *runner) news(ctx context.Context) ([]schedule.Outcome, error) {
	var outcomes []schedule.Outcome
	err := r.engine.cfg.Store.View(ctx, func(tx *store.Tx) error {
		outcomes = nil
		own, err := tx.Execution(ctx, r.execution.ID)
		if err != nil {
			return err
		}
		if own.Epoch != r.execution.Epoch {
			return errLost
		}
		if cancelRequested(own.Status) && !cancelRequested(r.execution.Status) {
			r.execution.Status = own.Status
			outcomes = append(outcomes, schedule.CancelRequested{})
		}
		for _, childID := range r.run.Children() {
			child, err := tx.Execution(ctx, childID)
			if err != nil {
				return err
			}
			if child.Status.Final() {
				outcomes = append(outcomes, schedule.ChildEnded{ChildID: childID})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read news of execution: %w", err)
	}
	return outcomes, nil
}
