package control

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// GetExecution returns one execution.
func (c *Control) GetExecution(ctx context.Context, actor orchestrator.Actor, id string) (orchestrator.Execution, error) {
	var x orchestrator.Execution
	if err := require(actor, orchestrator.Viewer, "reading executions"); err != nil {
		return x, err
	}
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		x, err = executionOf(ctx, tx, actor, id)
		return err
	})
	return x, err
}

// ListExecutions lists executions of the team; DeploymentID narrows it.
type ListExecutions struct {
	DeploymentID string
	ParentID     string // those that this execution's components started
	Workflow     string
	Status       []orchestrator.ExecutionStatus
	TopLevel     bool // only those that no other started
	Sort         string
	Descending   bool
	Offset, Size int
}

// ListExecutions returns a page of executions and how many there are in all.
func (c *Control) ListExecutions(ctx context.Context, actor orchestrator.Actor, list ListExecutions) ([]orchestrator.Execution, int, error) {
	if err := require(actor, orchestrator.Viewer, "listing executions"); err != nil {
		return nil, 0, err
	}
	var executions []orchestrator.Execution
	var total int
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		query := store.ExecutionQuery{
			Team: actor.Team, ParentID: list.ParentID, Workflow: list.Workflow, Status: list.Status, TopLevel: list.TopLevel,
			Sort: list.Sort, Descending: list.Descending, Offset: list.Offset, Size: list.Size,
		}
		if list.DeploymentID != "" {
			d, err := tx.Deployment(ctx, actor.Team, list.DeploymentID)
			if orchestrator.ErrorCode(err) == orchestrator.NotFound {
				return nil // a list of nothing, as the original answers
			}
			if err != nil {
				return err
			}
			query.DeploymentUID = d.UID
		}
		executions, total, err = tx.ListExecutions(ctx, query)
		return err
	})
	return executions, total, err
}
