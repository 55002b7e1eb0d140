package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// refusal remembers an execution that this server could not run: a document of a
// newer version, one that is damaged, or a defect of ours. It is tried again
// ever more rarely, so that it hinders nobody.
type refusal struct {
	pause time.Duration
	until time.Time
}

const longestRefusal = time.Minute

// refuse leaves an execution alone for a while, from then on longer each time.
func (e *Engine) refuse(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	pause := min(max(scanEvery, 2*e.refused[id].pause), longestRefusal)
	e.refused[id] = refusal{pause, time.Now().Add(pause)}
}

func (e *Engine) forgive(id string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.refused, id)
}

func (e *Engine) isRefused(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return time.Now().Before(e.refused[id].until)
}

// giveBack lets go of a claimed execution that this server cannot load, because
// of cause: it tells why in the execution's reason, and leaves it to a
// server that can. One that somebody wants cancelled ends here; nobody else
// might ever come. Without a database there is nothing to tell; the scan comes
// back to it.
func (e *Engine) giveBack(ctx context.Context, x orchestrator.Execution, cause error) error {
	if store.Away(cause) || ctx.Err() != nil {
		return cause
	}
	entry := &entry{lease: store.Lease{ExecutionID: x.ID, RootID: x.RootID, Epoch: x.Epoch}}
	now := e.cfg.Clock.Now()
	if x.Status.Cancelling() {
		entry.status = &statusChange{status: orchestrator.Cancelled, at: now}
		entry.events = []orchestrator.Event{{
			RootID: x.RootID, ExecutionID: x.ID, Type: orchestrator.EventWorkflowCancelled, At: now,
			Message: "'" + x.Workflow + "' workflow execution cancelled",
		}}
	} else {
		reason := "the server " + e.cfg.Server + " cannot run it: " + cause.Error() + "; start a server of the version that began it, or cancel it"
		entry.reason = &reason
	}
	entry.then = func(ctx context.Context, tx *store.Tx) error {
		if err := RefreshStatus(ctx, tx, x.DeploymentUID, now); err != nil {
			return err
		}
		if x.Status.Cancelling() && x.ParentID != "" {
			return e.cfg.Queue.Wake(ctx, tx.SQL(), x.ParentID)
		}
		return tx.ReleaseExecution(ctx, x.ID, x.Epoch)
	}
	if err := e.journal.write(entry); err != nil && !errors.Is(err, errLost) {
		return errors.Join(cause, fmt.Errorf("give back: %w", err))
	}
	e.refuse(x.ID)
	return cause
}
