package control

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/store"
)

// Component is a component that a launch would create or read, as Preview lists
// it.
type Component = compose.Component

// Dependents says, a sentence each, what keeps a deployment from being
// uninstalled: those that use it. A page asks before it offers the button.
func (c *Control) Dependents(ctx context.Context, actor orchestrator.Actor, id string) ([]string, error) {
	if err := require(actor, orchestrator.Viewer, "reading environments"); err != nil {
		return nil, err
	}
	var sentences []string
	err := c.view(ctx, func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		sentences, err = c.holders(ctx, tx, d, true)
		return err
	})
	return sentences, err
}

// BlueprintVersion returns one version of a blueprint, with its plan.
func (c *Control) BlueprintVersion(ctx context.Context, actor orchestrator.Actor, id string, version int) (orchestrator.Blueprint, error) {
	versions, err := c.BlueprintVersions(ctx, actor, id)
	if err != nil {
		return orchestrator.Blueprint{}, err
	}
	for _, v := range versions {
		if v.Version == version {
			return c.plans.Get(ctx, v.UID)
		}
	}
	return orchestrator.Blueprint{}, orchestrator.Errorf(orchestrator.NotFound, "blueprint %s has no version %d", id, version).Because("not_found_error")
}

// MayTouch reports whether the actor owns what owner made, or may touch
// everything of the team; pages offer buttons by it, requests decide again.
func MayTouch(actor orchestrator.Actor, owner string) bool {
	return mayTouch(actor, owner, "") == nil
}
