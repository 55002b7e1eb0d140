package storetest

import (
	"context"
	"maps"
	"slices"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func testBlueprintImports(t *testing.T, s *store.Store) {
	database, app, other := sampleBlueprint("database", 1), sampleBlueprint("app", 1), sampleBlueprint("app", 2)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, bp := range []orchestrator.Blueprint{database, app, other} {
			if err := tx.InsertBlueprint(ctx, bp); err != nil {
				return err
			}
		}
		if err := tx.InsertBlueprintImports(ctx, app.UID, map[string]string{"db": database.UID, "spare": database.UID}); err != nil {
			return err
		}
		return tx.InsertBlueprintImports(ctx, other.UID, map[string]string{"old": app.UID})
	})
	imports := func(uid string) map[string]string {
		got := read(t, s, func(ctx context.Context, tx *store.Tx) (map[string]orchestrator.Blueprint, error) {
			return tx.BlueprintImports(ctx, uid)
		})
		archives := map[string]string{}
		for namespace, bp := range got {
			archives[namespace] = bp.Archive
		}
		return archives
	}
	diff(t, "by namespace", map[string]string{"db": database.Archive, "spare": database.Archive}, imports(app.UID))
	diff(t, "of who imports nothing", []string(nil), slices.Collect(maps.Keys(imports(database.UID))))
	importers := func(id string) []string {
		return read(t, s, func(ctx context.Context, tx *store.Tx) ([]string, error) { return tx.BlueprintImporters(ctx, team(), id) })
	}
	diff(t, "who imports it, once", []string{"app"}, importers("database"))
	diff(t, "an id's own versions do not count", []string(nil), importers("app"))

	refused(t, "deleting what is imported", orchestrator.Conflict,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.DeleteBlueprint(t.Context(), team(), "database", noon) }))
	refused(t, "importing what is gone", orchestrator.Conflict,
		s.InTx(t.Context(), func(tx *store.Tx) error {
			return tx.InsertBlueprintImports(t.Context(), database.UID, map[string]string{"gone": "no-such-uid"})
		}))
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlueprint(ctx, team(), "app", noon) })
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlueprint(ctx, team(), "database", noon) })
}
