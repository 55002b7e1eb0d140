package engine

import (
	"context"
	"math"
	"strings"
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
	nodeOf     map[string]string   // instance id to node name
	names      *strings.Replacer   // the same, for sentences that people read
	ids        map[string][]string // node name to instance ids
	run        *schedule.Run
	redact     *redactor

	begins   chan beginRequest
	results  chan stepResult
	wake     chan struct{} // look at the rows again; holds one
	stopping chan struct{} // closed once: start nothing new
	stopOnce sync.Once
	waiting  atomic.Bool // nothing in flight: leaves its resident place to others
	// proved is the count of the heartbeat's lapses at which the lease of this
	// execution was last proved.
	proved atomic.Int64

	// Owned by the loop.
	opening  []schedule.Outcome // what happened while nobody ran this execution
	inFlight int                // goroutines of steps, those that wait for a slot included
	asking   []beginRequest     // not answered yet
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
func (e *Engine) newRunner(ctx context.Context, x orchestrator.Execution) (r *runner, err error) {
	redact := e.redactorFor(x.RootID)
	defer e.catch(&err, redact, "execution", x.ID)
	r = &runner{
		engine: e, execution: x, redact: redact,
		begins: make(chan beginRequest), results: make(chan stepResult),
		wake: make(chan struct{}, 1), stopping: make(chan struct{}),
		opened: !x.StartedAt.IsZero(), reason: x.Reason,
	}
	var graph orchestrator.Graph
	var records []orchestrator.StepRecord
	var instances []orchestrator.NodeInstance
	err = e.cfg.Store.View(ctx, func(tx *store.Tx) (err error) {
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
		if r.blueprint, err = e.plans.Get(ctx, tx, r.deployment.BlueprintUID); err != nil {
			return err
		}
		return learnSecrets(ctx, tx, x.Team, r.redact)
	})
	if err != nil {
		return nil, err
	}
	r.plan = r.blueprint.Plan
	r.index(graph, instances)
	if err := r.schedule(graph, records); err != nil {
		return nil, err
	}
	r.opening, err = r.news(ctx)
	return r, err
}

func (r *runner) index(graph orchestrator.Graph, instances []orchestrator.NodeInstance) {
	r.steps = make(map[string]*orchestrator.Step, len(graph.Steps))
	for i := range graph.Steps {
		r.steps[graph.Steps[i].ID] = &graph.Steps[i]
	}
	r.operations = workflow.NewOperations(r.plan, instances)
	r.nodeOf = make(map[string]string, len(instances))
	r.ids = map[string][]string{}
	var names []string
	for _, instance := range instances {
		r.nodeOf[instance.ID] = instance.NodeID
		r.ids[instance.NodeID] = append(r.ids[instance.NodeID], instance.ID)
		names = append(names, instance.ID, instance.NodeID)
		for _, value := range instance.Runtime {
			r.redact.learn(value)
		}
	}
	r.names = strings.NewReplacer(names...)
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
		Opened: r.opened, CancelRequested: r.execution.Status.Cancelling(),
		WaitAfterFail: r.execution.WaitAfterFail, DryRun: r.execution.DryRun, Speed: speed,
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
		facts.Interval = seconds(*operation.RetryInterval)
	}
	return facts
}

// seconds is a number of the DSL as a time; what no Duration can hold is as long
// as one can be.
func seconds(n float64) time.Duration {
	const longest = time.Duration(math.MaxInt64)
	if n >= longest.Seconds() {
		return longest
	}
	return time.Duration(n * float64(time.Second))
}

func (r *runner) nudge() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// ownUntil waits until the lease surely holds, and returns for how long. After a
// lapse of the heartbeat a new one says nothing of this execution, which may
// have been taken over meanwhile: an empty commit proves it by the fence.
func (r *runner) ownUntil(ctx context.Context) (time.Duration, error) {
	for {
		left, lapses, err := r.engine.lease.fresh(ctx)
		if err != nil || r.proved.Load() == lapses {
			return left, err
		}
		if err := r.engine.journal.write(&entry{lease: r.lease()}); err != nil {
			r.nudge() // it will find out, too
			return 0, err
		}
		r.proved.Store(lapses)
	}
}

func (r *runner) stop() { r.stopOnce.Do(func() { close(r.stopping) }) }
