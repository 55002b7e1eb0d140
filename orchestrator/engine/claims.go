package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/riverqueue/river"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// dispatchWorker is all that River runs of ours: claim, and back in
// milliseconds.
type dispatchWorker struct {
	river.WorkerDefaults[dispatchArgs]
	engine *Engine
	runCtx context.Context
}

// Work claims the execution, or tells its runner to look again.
func (w *dispatchWorker) Work(_ context.Context, job *river.Job[dispatchArgs]) error {
	w.engine.claim(w.runCtx, job.Args.ExecutionID)
	return nil
}

// claim starts a runner for the execution if nobody holds it, or wakes the
// runner that this server has. A failure is logged and left to the scan.
func (e *Engine) claim(ctx context.Context, id string) {
	if r := e.resident(id); r != nil {
		r.nudge()
		return
	}
	if err := e.take(ctx, id, nobody); err != nil {
		e.cfg.Logger.Error("claim execution", "execution", id, "error", err)
	}
}

func (e *Engine) resident(id string) *runner {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.runners[id]
}

// roomChanged lets the next execution of the backlog in.
func (e *Engine) roomChanged(ctx context.Context) {
	e.mu.Lock()
	if len(e.backlog) == 0 {
		e.mu.Unlock()
		return
	}
	next := e.backlog[0]
	e.backlog = e.backlog[1:]
	e.mu.Unlock()
	e.claim(ctx, next)
}

// take claims the execution by compare-and-set of its epoch and runs it. An
// execution that this server runs, or is just claiming, is left alone.
func (e *Engine) take(ctx context.Context, id string, from holder) error {
	switch place := e.reserve(id); place {
	case placeQueued:
		return e.tellQueued(ctx, id)
	case placeNone:
		return nil
	}
	r, err := e.claimRunner(ctx, id, from)
	e.mu.Lock()
	delete(e.claiming, id)
	if r != nil {
		e.runners[id] = r
		if e.stopping {
			r.stop()
		}
	}
	e.mu.Unlock()
	if r != nil {
		if from.server != "" && from.server != e.cfg.Server {
			e.cfg.Logger.Info("took over execution", "execution", id, "from", from.server)
		}
		go e.host(ctx, r)
		return nil
	}
	e.runnersDone.Done()
	if err == nil {
		e.roomChanged(ctx) // it was not ours to run: its place is free
	}
	return err
}

// place is what reserve has for an execution.
type place int

const (
	placeNone   place = iota // none is needed: it is here, or waits already
	placeGiven               // to be claimed into
	placeQueued              // all are taken; it waits from now on
)

// reserve gives the execution a resident place to be claimed into. Without a
// free one its id joins the backlog, first come first served.
func (e *Engine) reserve(id string) place {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.stopping, e.claiming[id], e.runners[id] != nil:
		return placeNone
	case e.taken() < e.cfg.ResidentExecutions:
		e.claiming[id] = true
		e.runnersDone.Add(1) // host, or take without a runner, gives it back
		return placeGiven
	case slices.Contains(e.backlog, id):
		return placeNone
	default:
		e.backlog = append(e.backlog, id)
		return placeQueued
	}
}

// tellQueued says in the execution's reason that it waits for a resident place,
// unless another server has one for it.
func (e *Engine) tellQueued(ctx context.Context, id string) error {
	return e.cfg.Store.InTx(ctx, func(tx *store.Tx) error {
		x, err := tx.Execution(ctx, id)
		if orchestrator.ErrorCode(err) == orchestrator.NotFound {
			return nil
		}
		if err != nil || x.Status.Final() || x.Server != "" {
			return err
		}
		tx.Notify(x.RootID)
		return tx.SetExecutionReason(ctx, id, fmt.Sprintf("waits its turn: the server runs as many executions as it may at once (%d)", e.cfg.ResidentExecutions))
	})
}

// taken counts the resident places in use; who only waits needs none.
func (e *Engine) taken() int {
	taken := len(e.claiming)
	for _, r := range e.runners {
		if !r.waiting.Load() {
			taken++
		}
	}
	return taken
}

func (e *Engine) claimRunner(ctx context.Context, id string, from holder) (*runner, error) {
	proved := e.lease.lapsed() // the claim proves the lease as of now
	execution, err := e.claimRow(ctx, id, from)
	if err != nil || execution == nil {
		return nil, err
	}
	r, err := e.newRunner(ctx, *execution)
	if err != nil {
		e.mu.Lock()
		e.forgetRedactor(execution.RootID)
		e.mu.Unlock()
		return nil, e.giveBack(ctx, *execution, fmt.Errorf("load execution: %w", err))
	}
	r.proved.Store(proved)
	return r, nil
}

// host keeps a runner until it ends, then lets the next one in.
func (e *Engine) host(ctx context.Context, r *runner) {
	defer e.runnersDone.Done()
	r.live(ctx)
	e.mu.Lock()
	delete(e.runners, r.execution.ID)
	e.forgetRedactor(r.execution.RootID)
	e.mu.Unlock()
	e.roomChanged(ctx)
}

// claimRow returns the execution under its new epoch, or nil when somebody
// else has it or it has ended.
func (e *Engine) claimRow(ctx context.Context, id string, from holder) (*orchestrator.Execution, error) {
	var claimed *orchestrator.Execution
	err := e.cfg.Store.InTx(ctx, func(tx *store.Tx) error {
		claimed = nil
		execution, err := tx.Execution(ctx, id)
		if orchestrator.ErrorCode(err) == orchestrator.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if execution.Status.Final() || execution.Server != from.server {
			return nil
		}
		if stirs, err := e.stirs(ctx, tx, from); err != nil || stirs {
			return err
		}
		epoch, ok, err := tx.ClaimExecution(ctx, id, e.cfg.Server, execution.Epoch)
		if err != nil || !ok {
			return err
		}
		execution.Epoch, execution.Server = epoch, e.cfg.Server
		claimed = &execution
		return nil
	})
	return claimed, err
}

// stirs reports whether the holder has given a sign of life since it was found
// dead. Read in the transaction of the claim, it makes sure that a server whose
// heartbeat went on in time keeps its executions.
func (e *Engine) stirs(ctx context.Context, tx *store.Tx, from holder) (bool, error) {
	if from.server == "" || from.server == e.cfg.Server {
		return false, nil
	}
	beats, err := tx.Servers(ctx)
	return beats[from.server] != from.beat, err
}
