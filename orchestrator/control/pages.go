package control

import (
	"context"
	"slices"

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
	var found orchestrator.Blueprint
	if err := require(actor, orchestrator.Viewer, "reading blueprints"); err != nil {
		return found, err
	}
	err := c.view(ctx, func(tx *store.Tx) error {
		versions, err := tx.BlueprintVersions(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(versions, func(b orchestrator.Blueprint) bool { return b.Version == version })
		if i < 0 {
			return orchestrator.Errorf(orchestrator.NotFound, "blueprint %s has no version %d", id, version).Because("not_found_error")
		}
		found, err = c.plans.Get(ctx, tx, versions[i].UID)
		return err
	})
	return found, err
}

// MayTouch reports whether the actor owns what owner made, or may touch
// everything of the team; pages offer buttons by it, requests decide again.
func MayTouch(actor orchestrator.Actor, owner string) bool {
	return mayTouch(actor, owner, "") == nil
}
