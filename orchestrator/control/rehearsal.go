package control

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
)

// RehearsalResources lists what the rehearsal clouds hold.
func (c *Control) RehearsalResources(ctx context.Context, actor orchestrator.Actor, deployment string) ([]rehearsal.Object, error) {
	if err := require(actor, orchestrator.Viewer, "reading the rehearsal clouds"); err != nil {
		return nil, err
	}
	var objects []rehearsal.Object
	err := c.cfg.World.View(ctx, func(tx rehearsal.Tx) (err error) {
		objects, err = tx.List(rehearsal.Query{Deployment: deployment, Listed: true})
		return err
	})
	return objects, err
}

// RehearsalCalls lists what was asked of the rehearsal clouds, oldest first.
func (c *Control) RehearsalCalls(ctx context.Context, actor orchestrator.Actor, query rehearsal.CallQuery) ([]rehearsal.CallRecord, error) {
	if err := require(actor, orchestrator.Viewer, "reading the rehearsal clouds"); err != nil {
		return nil, err
	}
	var calls []rehearsal.CallRecord
	err := c.cfg.World.View(ctx, func(tx rehearsal.Tx) (err error) {
		calls, err = tx.Calls(query)
		return err
	})
	return calls, err
}
