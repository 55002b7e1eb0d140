package control

import (
	"context"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/store"
)

// DeleteDeployment removes a deployment with its instances, executions and
// events. It is refused while an execution runs (even with force), and, unless
// forced, while others depend on it or nodes are live.
func (c *Control) DeleteDeployment(ctx context.Context, actor orchestrator.Actor, id string, force bool) error {
	if err := require(actor, orchestrator.User, "deleting an environment"); err != nil {
		return err
	}
	return c.change(ctx, actor, audited("deployment.delete", id), func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		if err := mayTouch(actor, d.CreatedBy, "deleting what somebody else owns"); err != nil {
			return err
		}
		if err := c.deletable(ctx, tx, d, force); err != nil {
			return err
		}
		return c.remove(ctx, tx, d)
	})
}

func (c *Control) deletable(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, force bool) error {
	refuse := func(format string, args ...any) error {
		return orchestrator.Errorf(orchestrator.Invalid, "Can't delete deployment "+d.ID+" - "+format, args...).Because("dependent_exists_error")
	}
	running, err := tx.ActiveExecutions(ctx, d.UID)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		ids := make([]string, len(running))
		for i, x := range running {
			ids[i] = x.ID
		}
		return refuse("There are running or queued executions for this deployment. Running executions ids: %s", strings.Join(ids, ", "))
	}
	if force {
		return nil
	}
	holders, err := c.holders(ctx, tx, d, false)
	if err != nil {
		return err
	}
	if len(holders) > 0 {
		return refuse("the following existing installations depend on it:\n%s", strings.Join(numbered(holders), "\n"))
	}
	live, err := liveNodes(ctx, tx, d.UID)
	if err != nil {
		return err
	}
	if len(live) > 0 {
		return refuse("There are live nodes for this deployment. Live nodes ids: %s. Uninstall it first: slipway executions start uninstall -d %s", strings.Join(live, ", "), d.ID)
	}
	return nil
}

func (c *Control) remove(ctx context.Context, tx *store.Tx, d orchestrator.Deployment) error {
	if err := tx.DeleteDeployment(ctx, d.UID); err != nil {
		return err
	}
	if d.Parent == "" {
		return nil
	}
	return engine.RefreshStatus(ctx, tx, d.Parent, c.now())
}
