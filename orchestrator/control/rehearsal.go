package control

import (
	"context"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/rehearsal"
	"github.com/slipwayhq/slipway/store"
)

// RehearsalResources lists what the rehearsal clouds hold.
func (c *Control) RehearsalResources(ctx context.Context, actor orchestrator.Actor, deployment string) ([]rehearsal.Object, error) {
	if err := require(actor, orchestrator.Viewer, "reading the rehearsal clouds"); err != nil {
		return nil, err
	}
	var objects []rehearsal.Object
	if err := c.cfg.World.View(ctx, func(tx rehearsal.Tx) (err error) {
		objects, err = tx.List(rehearsal.Query{Deployment: deployment, Listed: true})
		return err
	}); err != nil {
		return nil, err
	}
	sees, err := c.rehearsalsSeen(ctx, actor)
	return slices.DeleteFunc(objects, func(o rehearsal.Object) bool { return !sees(o.Deployment) }), err
}

// rehearsalsSeen tells which deployments' share of the one rehearsed world the
// actor may see: those of the team. What no deployment owns any more is for
// admins.
func (c *Control) rehearsalsSeen(ctx context.Context, actor orchestrator.Actor) (func(deployment string) bool, error) {
	mine, others := map[string]bool{}, map[string]bool{}
	err := c.view(ctx, func(tx *store.Tx) error {
		return tx.EachDeploymentName(ctx, func(team, id string) {
			if team == actor.Team {
				mine[id] = true
			} else {
				others[id] = true
			}
		})
	})
	if err != nil {
		return func(string) bool { return false }, err
	}
	isAdmin := actor.Role.AtLeast(orchestrator.Admin)
	return func(id string) bool { return mine[id] || isAdmin && !others[id] }, nil
}

// RehearsalCalls lists what was asked of the rehearsal clouds, oldest first.
func (c *Control) RehearsalCalls(ctx context.Context, actor orchestrator.Actor, query rehearsal.CallQuery) ([]rehearsal.CallRecord, error) {
	if err := require(actor, orchestrator.Viewer, "reading the rehearsal clouds"); err != nil {
		return nil, err
	}
	var calls []rehearsal.CallRecord
	if err := c.cfg.World.View(ctx, func(tx rehearsal.Tx) (err error) {
		calls, err = tx.Calls(query)
		return err
	}); err != nil {
		return nil, err
	}
	sees, err := c.rehearsalsSeen(ctx, actor)
	return slices.DeleteFunc(calls, func(r rehearsal.CallRecord) bool { return !sees(r.Deployment) }), err
}
