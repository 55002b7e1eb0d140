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

// commitPause is how long a runner waits before it offers a commit again that
// was refused, at first and at most; the journal has logged why.
const (
	commitPause        = time.Second
	longestCommitPause = time.Minute
)

// commit makes a decision durable, together with the runtime properties that
// its outcomes brought. It offers the commit until it is taken: the run in
// memory has moved on and must not be ahead of its rows for good.
func (r *runner) commit(ctx context.Context, d schedule.Decision, runtime []runtimeChange) error {
	for pause := commitPause; ; pause = min(2*pause, longestCommitPause) {
		e := r.entryFor(d, runtime)
		if e == nil {
			return nil
		}
		switch err := r.engine.journal.write(e); {
		case err == nil:
			r.committed(e)
			return nil
		case errors.Is(err, errLost):
			return err
		}
		if !rest(ctx, pause) {
			return ctx.Err()
		}
	}
}

// entryFor turns a decision into a journal entry, or nil when there is nothing
// to write.
func (r *runner) entryFor(d schedule.Decision, runtime []runtimeChange) *entry {
	e := &entry{lease: r.lease(), records: d.Records, runtime: runtime}
	now := r.now()
	for _, event := range d.Events {
		e.events = append(e.events, r.identify(event, now))
	}
	for _, s := range d.States {
		e.states = append(e.states, instanceState{r.deployment.UID, s.InstanceID, s.State})
	}
	if reason := r.names.Replace(r.run.Reason()); reason != r.reason && d.Finish == nil {
		e.reason = &reason
	}
	if !r.opened {
		r.open(e, now)
	}
	switch {
	case d.Finish != nil:
		r.finish(e, d.Finish, now)
	case e.opening == nil && len(e.events)+len(e.records)+len(e.states)+len(e.runtime) == 0 && e.reason == nil:
		return nil
	}
	if len(e.records) > 0 || d.Finish != nil {
		progress := d.Progress
		e.progress = &progress
	}
	return e
}

func (r *runner) lease() store.Lease {
	return store.Lease{ExecutionID: r.execution.ID, RootID: r.execution.RootID, Epoch: r.execution.Epoch}
}

// open says that the execution runs; one that was cancelled before opens as
// cancelling.
func (r *runner) open(e *entry, now time.Time) {
	e.opening = &statusChange{status: orchestrator.Started, at: now}
	if r.execution.Status.Cancelling() {
		e.opening.status = r.execution.Status
	}
	e.then = r.refreshStatus(now)
}

// finish ends the execution and, in the same commit, wakes the parent that
// waits for it.
func (r *runner) finish(e *entry, f *schedule.Finish, now time.Time) {
	text, _ := r.redact.clean(f.Error)
	e.status = &statusChange{status: f.Status, errorText: text, at: now}
	refresh := r.refreshStatus(now)
	e.then = func(ctx context.Context, tx *store.Tx) error {
		if err := refresh(ctx, tx); err != nil {
			return err
		}
		if r.execution.ParentID == "" {
			return nil
		}
		return r.engine.cfg.Queue.Wake(ctx, tx.SQL(), r.execution.ParentID)
	}
}

func (r *runner) refreshStatus(now time.Time) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		return RefreshStatus(ctx, tx, r.deployment.UID, now)
	}
}

// committed updates what the loop remembers of the rows.
func (r *runner) committed(e *entry) {
	if e.reason != nil {
		r.reason = *e.reason
	}
	r.opened = r.opened || e.opening != nil
	if e.status != nil && r.execution.ParentID != "" {
		r.engine.cfg.Queue.Poke(r.execution.ParentID)
	}
}

// identify completes an event that schedule worded: who, where, when, clean.
func (r *runner) identify(event orchestrator.Event, now time.Time) orchestrator.Event {
	x := r.execution
	event.RootID, event.ExecutionID, event.Team = x.RootID, x.ID, x.Team
	event.DeploymentUID, event.DeploymentID = x.DeploymentUID, x.DeploymentID
	event.BlueprintID, event.WorkflowID = x.BlueprintID, x.Workflow
	event.At = now
	if event.NodeID == "" {
		event.NodeID = r.nodeOf[event.InstanceID]
	}
	event.Message, _ = r.redact.clean(validText(event.Message))
	for i := range event.Causes {
		event.Causes[i].Message, _ = r.redact.clean(validText(event.Causes[i].Message))
		event.Causes[i].Traceback, _ = r.redact.clean(validText(event.Causes[i].Traceback))
	}
	return event
}

// RefreshStatus recomputes what a deployment's row says of itself, and that of
// the deployments above it (engine-semantics 2).
func RefreshStatus(ctx context.Context, tx *store.Tx, deploymentUID string, now time.Time) error {
	for uid := deploymentUID; uid != ""; {
		d, err := tx.DeploymentByUID(ctx, uid)
		if orchestrator.ErrorCode(err) == orchestrator.NotFound {
			return nil // deleted meanwhile
		}
		if err != nil {
			return fmt.Errorf("refresh status: %w", err)
		}
		if err := refreshOne(ctx, tx, d, now); err != nil {
			return fmt.Errorf("refresh status of %s: %w", d.ID, err)
		}
		uid = d.Parent
	}
	return nil
}

func refreshOne(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, now time.Time) error {
	instances, err := tx.Instances(ctx, d.UID)
	if err != nil {
		return err
	}
	newest, _, err := tx.ListExecutions(ctx, store.ExecutionQuery{DeploymentUID: d.UID, Descending: true, Size: 1})
	if err != nil {
		return err
	}
	children, _, err := tx.ListDeployments(ctx, store.DeploymentQuery{Team: d.Team, ParentUID: d.UID})
	if err != nil {
		return err
	}
	below := make([]orchestrator.DeploymentStatus, len(children))
	for i, child := range children {
		below[i] = child.DeploymentStatus
	}
	installation := orchestrator.InstallationOf(instances)
	var latest *orchestrator.Execution
	latestID := ""
	if len(newest) > 0 {
		latest, latestID = &newest[0], newest[0].ID
	}
	status := orchestrator.StatusOf(installation, latest, below)
	return tx.SetDeploymentStatus(ctx, d.UID, installation, status, latestID, now)
}
