package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
	"github.com/slipwayhq/slipway/store"
)

// loop is the life of a resident execution: decide, commit, act, wait.
func (r *runner) loop(ctx context.Context) error {
	stepCtx, endSteps := context.WithCancel(ctx)
	r.endSteps = endSteps
	defer r.drain()
	decision := schedule.Advance(r.run, r.opening, r.now())
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
		now := r.now()
		if len(outcomes) == 0 && now.Before(decision.Wake) {
			now = decision.Wake // its timer has run off, whatever was done to the clock
		}
		decision = schedule.Advance(r.run, outcomes, now)
	}
}

// errStopped says that the server stops: the lease is given back.
var errStopped = errors.New("the server stops")

// live runs the loop to its end and settles what becomes of the lease.
func (r *runner) live(ctx context.Context) {
	log := r.engine.cfg.Logger.With("execution", r.execution.ID)
	switch err := r.loopSafely(ctx); {
	case err == nil:
		r.engine.forgive(r.execution.ID)
	case errors.Is(err, errStopped), ctx.Err() != nil:
		if err := r.release(ctx); err != nil {
			log.Error("release lease", "error", err)
		}
	case errors.Is(err, errLost):
		log.Info("another server has taken over")
	default: // a defect; the scan finds the execution again, ever more rarely
		log.Error("execution stopped", "error", err)
		r.engine.refuse(r.execution.ID)
	}
}

// loopSafely keeps a defect that one execution met from all others.
func (r *runner) loopSafely(ctx context.Context) (err error) {
	defer r.engine.catch(&err, r.redact, "execution", r.execution.ID)
	return r.loop(ctx)
}

// release gives the lease back, so that any server may go on at once.
func (r *runner) release(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	return r.engine.cfg.Store.InTx(ctx, func(tx *store.Tx) error {
		return tx.ReleaseExecution(ctx, r.execution.ID, r.execution.Epoch)
	})
}

// drain ends what is still in flight, so that no goroutine outlives the runner.
func (r *runner) drain() {
	r.endSteps()
	for _, begin := range r.asking {
		begin.reply <- beginReply{}
	}
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
		if len(r.asking) > 0 {
			if err := r.begin(ctx); err != nil {
				return nil, nil, err
			}
		}
		select {
		case result := <-r.results:
			outcomes, runtime := r.gather(result)
			if len(outcomes) > 0 {
				return outcomes, runtime, nil
			}
		case begin := <-r.begins:
			r.asking = r.collect(begin)
			// Whoever was told that it is being cancelled sees nothing begin.
			if outcomes, err := r.news(ctx); errors.Is(err, errLost) || len(outcomes) > 0 {
				return outcomes, nil, err
			}
		case <-r.wake:
			// Without an answer nothing has changed: the next scan nudges again.
			if outcomes, err := r.news(ctx); errors.Is(err, errLost) || len(outcomes) > 0 {
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

// begin journals the intents of the tries that ask, in one commit, and lets them
// go. A cancel or a failure that was heard meanwhile withdraws them.
func (r *runner) begin(ctx context.Context) error {
	requests := r.asking
	r.asking = nil
	replies := make([]beginReply, len(requests))
	defer func() {
		for i, request := range requests {
			request.reply <- replies[i]
		}
	}()
	if r.isStopping() {
		return nil
	}
	now := r.now()
	var all schedule.Decision
	begun := make([]beginReply, len(requests))
	for i, request := range requests {
		decision, ok := schedule.Begin(r.run, request.stepID, now)
		if !ok {
			continue
		}
		begun[i] = beginReply{ok: true, intentAt: intentOf(decision, request.stepID, now)}
		all.Records = append(all.Records, decision.Records...)
		all.States = append(all.States, decision.States...)
		all.Events = append(all.Events, decision.Events...)
		all.Progress = decision.Progress
	}
	if err := r.commit(ctx, all, nil); err != nil {
		return err
	}
	replies = begun
	return nil
}

// collect takes the request and all others that are there already.
func (r *runner) collect(first beginRequest) []beginRequest {
	requests := []beginRequest{first}
	for {
		select {
		case next := <-r.begins:
			requests = append(requests, next)
		default:
			return requests
		}
	}
}

func intentOf(d schedule.Decision, stepID string, now time.Time) time.Time {
	for _, record := range d.Records {
		if record.StepID == stepID {
			return record.IntentAt
		}
	}
	return now
}

// news reads what others may have written: a cancel request, and children that
// have ended.
func (r *runner) news(ctx context.Context) ([]schedule.Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var own orchestrator.Execution
	var outcomes []schedule.Outcome
	err := r.engine.cfg.Store.View(ctx, func(tx *store.Tx) (err error) {
		if own, err = tx.Execution(ctx, r.execution.ID); err != nil {
			return err
		}
		if own.Epoch != r.execution.Epoch {
			return errLost
		}
		outcomes, err = endedAmong(ctx, tx, r.run.Children())
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read news of execution: %w", err)
	}
	if own.Status.Cancelling() && !r.execution.Status.Cancelling() {
		r.execution.Status = own.Status
		outcomes = append(outcomes, schedule.CancelRequested{})
	}
	return outcomes, nil
}

// endedAmong returns which of the children have ended. One that is not there
// any more was deleted with its deployment, so it has.
func endedAmong(ctx context.Context, tx *store.Tx, children []string) ([]schedule.Outcome, error) {
	var ended []schedule.Outcome
	for _, id := range children {
		child, err := tx.Execution(ctx, id)
		gone := orchestrator.ErrorCode(err) == orchestrator.NotFound
		if err != nil && !gone {
			return nil, err
		}
		if gone || child.Status.Final() {
			ended = append(ended, schedule.ChildEnded{ChildID: id})
		}
	}
	return ended, nil
}
