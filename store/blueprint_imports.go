package store

import (
	"context"
	"maps"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

// insertImports records which versions of other blueprints a blueprint was
// compiled with. One that was deleted meanwhile is a conflict.
func (t *Tx) insertImports(ctx context.Context, bp orchestrator.Blueprint) error {
	rows := make([][]any, 0, len(bp.Imports))
	for _, namespace := range slices.Sorted(maps.Keys(bp.Imports)) {
		rows = append(rows, []any{bp.UID, namespace, bp.Imports[namespace].UID})
	}
	err := t.insertRows(ctx, "insert imports of blueprint", "INSERT INTO blueprint_imports (blueprint_uid, namespace, imported_uid)", "", rows)
	if database.Classify(err) == database.FailureReference {
		return orchestrator.Errorf(orchestrator.Conflict, "a blueprint that this one imports has just been deleted; upload it again to see which").Wrap(err)
	}
	return err
}

// forgetImports removes what all versions of an id were compiled with.
func (t *Tx) forgetImports(ctx context.Context, team, id string) error {
	_, err := t.exec(ctx, "delete imports of blueprint",
		"DELETE FROM blueprint_imports WHERE blueprint_uid IN (SELECT uid FROM blueprints WHERE team = $1 AND id = $2)", team, id)
	return err
}

// withImports adds the versions that a blueprint was compiled with.
func (t *Tx) withImports(ctx context.Context, bp orchestrator.Blueprint, err error) (orchestrator.Blueprint, error) {
	if err != nil || bp.Plan == nil || len(bp.Plan.NamespacesMapping) == 0 {
		return bp, err
	}
	type row struct {
		namespace string
		blueprint orchestrator.Blueprint
	}
	rows, err := queryAll(ctx, t, "list imports of blueprint", func(s scanner) (r row, err error) {
		r.blueprint, err = scanBlueprint(withMore(s, &r.namespace))
		return r, err
	}, "SELECT "+blueprintColumns+", namespace FROM blueprint_imports JOIN blueprints ON uid = imported_uid WHERE blueprint_uid = $1", bp.UID)
	if err != nil {
		return bp, err
	}
	bp.Imports = make(map[string]orchestrator.Blueprint, len(rows))
	for _, r := range rows {
		bp.Imports[r.namespace] = r.blueprint
	}
	return bp, nil
}

// BlueprintImporters returns the ids of the other blueprints that were compiled
// with a version of this one.
func (t *Tx) BlueprintImporters(ctx context.Context, team, id string) ([]string, error) {
	return queryAll(ctx, t, "list importers of blueprint", scanString,
		`SELECT DISTINCT importer.id FROM blueprint_imports i
		JOIN blueprints imported ON imported.uid = i.imported_uid JOIN blueprints importer ON importer.uid = i.blueprint_uid
		WHERE imported.team = $1 AND imported.id = $2 AND importer.id <> $2 ORDER BY importer.id`, team, id)
}
