package storetest

import (
	"context"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func testBlueprintImports(t *testing.T, s *store.Store) {
	importing := func(bp orchestrator.Blueprint, imports map[string]orchestrator.Blueprint) orchestrator.Blueprint {
		bp.Imports, bp.Plan.NamespacesMapping = imports, map[string]string{}
		for namespace, from := range imports {
			bp.Plan.NamespacesMapping[namespace] = from.ID
		}
		return bp
	}
	listed := func(bp orchestrator.Blueprint) orchestrator.Blueprint {
		bp.Plan, bp.Imports = nil, nil
		return bp
	}
	database := sampleBlueprint("database", 1)
	app := importing(sampleBlueprint("app", 1), map[string]orchestrator.Blueprint{"db": listed(database), "spare": listed(database)})
	newer := importing(sampleBlueprint("app", 2), map[string]orchestrator.Blueprint{"old": listed(app)})
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, bp := range []orchestrator.Blueprint{database, app, newer} {
			if err := tx.InsertBlueprint(ctx, bp); err != nil {
				return err
			}
		}
		return nil
	})
	diff(t, "a version with what it imports", app, read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Blueprint, error) {
		return tx.Blueprint(ctx, app.UID)
	}))
	diff(t, "the newest", newer, read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Blueprint, error) {
		return tx.NewestBlueprint(ctx, team(), "app")
	}))
	importers := func(id string) []string {
		return read(t, s, func(ctx context.Context, tx *store.Tx) ([]string, error) {
			return tx.BlueprintImporters(ctx, team(), id)
		})
	}
	diff(t, "who imports it, once", []string{"app"}, importers("database"))
	diff(t, "an id's own versions do not count", []string(nil), importers("app"))

	refused(t, "deleting what is imported", orchestrator.Conflict,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.DeleteBlueprint(t.Context(), team(), "database", noon) }))
	late := importing(sampleBlueprint("late", 1), map[string]orchestrator.Blueprint{"gone": sampleBlueprint("gone", 1)})
	refused(t, "importing what has been deleted", orchestrator.Conflict,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.InsertBlueprint(t.Context(), late) }))
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlueprint(ctx, team(), "app", noon) })
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteBlueprint(ctx, team(), "database", noon)
	})
}
