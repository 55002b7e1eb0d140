package control

import (
	"context"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// ListBlueprints selects blueprints of the team, the newest version of each.
type ListBlueprints struct {
	Search       string
	WithPlans    bool
	Sort         string
	Descending   bool
	Offset, Size int
}

// ListBlueprints returns a page of blueprints and how many there are in all.
func (c *Control) ListBlueprints(ctx context.Context, actor orchestrator.Actor, list ListBlueprints) ([]orchestrator.Blueprint, int, error) {
	if err := require(actor, orchestrator.Viewer, "listing blueprints"); err != nil {
		return nil, 0, err
	}
	var blueprints []orchestrator.Blueprint
	var total int
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		blueprints, total, err = tx.ListBlueprints(ctx, store.BlueprintQuery{
			Team: actor.Team, Search: list.Search, WithPlans: list.WithPlans,
			Sort: list.Sort, Descending: list.Descending, Offset: list.Offset, Size: list.Size,
		})
		return err
	})
	return blueprints, total, err
}

// GetBlueprint returns the newest version of a blueprint, with its plan.
func (c *Control) GetBlueprint(ctx context.Context, actor orchestrator.Actor, id string) (orchestrator.Blueprint, error) {
	var blueprint orchestrator.Blueprint
	if err := require(actor, orchestrator.Viewer, "reading blueprints"); err != nil {
		return blueprint, err
	}
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		blueprint, err = tx.NewestBlueprint(ctx, actor.Team, id)
		return err
	})
	return blueprint, err
}

// BlueprintVersions returns all versions of a blueprint, newest first, without
// plans.
func (c *Control) BlueprintVersions(ctx context.Context, actor orchestrator.Actor, id string) ([]orchestrator.Blueprint, error) {
	if err := require(actor, orchestrator.Viewer, "reading blueprints"); err != nil {
		return nil, err
	}
	var versions []orchestrator.Blueprint
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		versions, err = tx.BlueprintVersions(ctx, actor.Team, id)
		return err
	})
	return versions, err
}

// BlueprintArchive returns the archive of the newest version as it was stored.
func (c *Control) BlueprintArchive(ctx context.Context, actor orchestrator.Actor, id string) ([]byte, error) {
	blueprint, err := c.GetBlueprint(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return c.files.read(ctx, blueprint.Archive)
}

// BundledInfo is what ships with the server about its own blueprints, by id.
func (c *Control) BundledInfo() (map[string]BundledBlueprint, error) {
	catalogue, err := c.cfg.Catalogue.Blueprints()
	if err != nil {
		return nil, err
	}
	info := make(map[string]BundledBlueprint, len(catalogue))
	for _, bundled := range catalogue {
		info[bundled.ID] = bundled
	}
	return info, nil
}

// DeleteBlueprint removes all versions of a blueprint that no deployment uses
// and no other blueprint imports, with their archives.
func (c *Control) DeleteBlueprint(ctx context.Context, actor orchestrator.Actor, id string) error {
	if err := require(actor, orchestrator.Operator, "deleting blueprints"); err != nil {
		return err
	}
	err := c.change(ctx, actor, audited("blueprint.delete", id), func(tx *store.Tx) error {
		if _, err := tx.NewestBlueprint(ctx, actor.Team, id); err != nil {
			return err
		}
		users, err := tx.BlueprintUsers(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			return orchestrator.Errorf(orchestrator.Conflict, "Cannot delete blueprint %s - it is used by the deployments: %s; delete them first", id, strings.Join(users, ", ")).Because("blueprint_in_use")
		}
		importers, err := tx.BlueprintImporters(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		if len(importers) > 0 {
			return orchestrator.Errorf(orchestrator.Conflict, "Cannot delete blueprint %s - it is imported by the blueprints: %s; delete them first", id, strings.Join(importers, ", ")).Because("blueprint_in_use")
		}
		return tx.DeleteBlueprint(ctx, actor.Team, id, c.now())
	})
	if err == nil {
		c.sweepArchives(ctx)
	}
	return err
}
