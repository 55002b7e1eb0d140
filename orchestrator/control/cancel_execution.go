package control

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/store"
)

// CancelExecution asks an execution and everything below it to stop: operations
// in flight are left to finish and awaited, nothing new starts. One
// transaction marks the whole tree.
func (c *Control) CancelExecution(ctx context.Context, actor orchestrator.Actor, id string) (orchestrator.Execution, error) {
	var execution orchestrator.Execution
	if err := require(actor, orchestrator.User, "cancelling an execution"); err != nil {
		return execution, err
	}
	var asked []string
	err := c.change(ctx, actor, audited("execution.cancel", id), func(tx *store.Tx) (err error) {
		execution, err = executionOf(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := c.mayTouchExecution(ctx, tx, actor, execution); err != nil {
			return err
		}
		if execution.Status.Final() || execution.Status == orchestrator.Cancelling {
			return orchestrator.Errorf(orchestrator.Invalid, "Cannot cancel execution %s: it is %s", id, execution.Status.Display()).Because("illegal_action_error")
		}
		if asked, err = tx.RequestCancel(ctx, id, c.now()); err != nil {
			return err
		}
		for _, each := range asked {
			if err := c.queue.Wake(ctx, tx.SQL(), each); err != nil {
				return err
			}
		}
		if err := engine.RefreshStatus(ctx, tx, execution.DeploymentUID, c.now()); err != nil {
			return err
		}
		tx.Notify(execution.RootID)
		execution, err = tx.Execution(ctx, id)
		return err
	})
	if err == nil {
		for _, each := range asked {
			c.queue.Poke(each)
		}
	}
	return execution, err
}

func (c *Control) mayTouchExecution(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, x orchestrator.Execution) error {
	d, err := tx.DeploymentByUID(ctx, x.DeploymentUID)
	if err != nil {
		return err
	}
	if x.CreatedBy == actor.Name {
		return nil
	}
	return mayTouch(actor, d.CreatedBy, "cancelling what somebody else owns")
}

// executionOf returns an execution of the actor's team; one of another team is
// not found.
func executionOf(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, id string) (orchestrator.Execution, error) {
	x, err := tx.Execution(ctx, id)
	if err == nil && x.Team != actor.Team {
		err = orchestrator.Errorf(orchestrator.NotFound, "Requested `Execution` with ID `%s` was not found", id).Because("not_found_error")
	}
	return x, err
}
