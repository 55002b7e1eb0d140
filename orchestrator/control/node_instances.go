package control

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/workflow"
	"github.com/slipwayhq/slipway/store"
)

// NodeInstance returns the instance with that id in any deployment of the team,
// and its deployment. Marked runtime properties are still marked.
func (c *Control) NodeInstance(ctx context.Context, actor orchestrator.Actor, id string) (orchestrator.Deployment, orchestrator.NodeInstance, error) {
	var d orchestrator.Deployment
	var instance orchestrator.NodeInstance
	if err := require(actor, orchestrator.Viewer, "reading node instances"); err != nil {
		return d, instance, err
	}
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		if instance, err = tx.InstanceInTeam(ctx, actor.Team, id); err != nil {
			return err
		}
		d, err = tx.DeploymentByUID(ctx, instance.DeploymentUID)
		return err
	})
	return d, instance, err
}

// AvailableWorkflows says of each workflow of a deployment whether it can be
// started as its instances are now. That something runs already is not looked at.
func (c *Control) AvailableWorkflows(ctx context.Context, actor orchestrator.Actor, id string) (map[string]bool, error) {
	if err := require(actor, orchestrator.Viewer, "reading workflows"); err != nil {
		return nil, err
	}
	available := map[string]bool{}
	err := c.view(ctx, func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		instances, err := tx.Instances(ctx, d.UID)
		if err != nil {
			return err
		}
		blueprint, err := c.plans.Get(ctx, tx, d.BlueprintUID)
		if err != nil {
			return err
		}
		for name, declared := range d.Workflows {
			ready, _ := workflow.Available(declared.AvailabilityRules, blueprint.Plan, instances)
			available[name] = ready && workflow.Runs(name, blueprint.Plan)
		}
		return nil
	})
	return available, err
}
