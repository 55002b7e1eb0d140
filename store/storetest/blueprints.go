package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func testBlueprints(t *testing.T, s *store.Store) {
	first, second, other := sampleBlueprint("app", 1), sampleBlueprint("app", 2), sampleBlueprint("zoo", 1)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, bp := range []orchestrator.Blueprint{first, second, other} {
			if err := tx.InsertBlueprint(ctx, bp); err != nil {
				return err
			}
		}
		return nil
	})
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Blueprint, error) {
		return tx.Blueprint(ctx, first.UID)
	})
	diff(t, "a blueprint comes back whole, whole numbers still whole", first, got)
	got = read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Blueprint, error) {
		return tx.NewestBlueprint(ctx, team(), "app")
	})
	diff(t, "the id means the newest version", second, got)

	err := s.InTx(t.Context(), func(tx *store.Tx) error { return tx.InsertBlueprint(t.Context(), first) })
	refused(t, "the same version again", orchestrator.Conflict, err)
	err = s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.NewestBlueprint(t.Context(), team(), "nope"); return err })
	refused(t, "an unknown id", orchestrator.NotFound, err)
	diff(t, "in the words of the REST contract", "Requested `Blueprint` with ID `nope` was not found", orchestrator.ErrorMessage(err))

	page := read(t, s, func(ctx context.Context, tx *store.Tx) (listed, error) {
		return list(tx.ListBlueprints(ctx, store.BlueprintQuery{Team: team(), Descending: true, Size: 1}))
	})
	diff(t, "lists hold the newest version of each id", listed{Items: []string{"uid-zoo-1"}, Total: 2}, page)
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertDeployment(ctx, sampleDeployment("env", second))
	})
	users := read(t, s, func(ctx context.Context, tx *store.Tx) ([]string, error) {
		return tx.BlueprintUsers(ctx, team(), "app")
	})
	diff(t, "users of any version", []string{"env"}, users)
	err = s.InTx(t.Context(), func(tx *store.Tx) error { return tx.DeleteBlueprint(t.Context(), team(), "app", noon) })
	refused(t, "deleting what is in use", orchestrator.Conflict, err)
	other.Labels = []orchestrator.Label{{Key: "owner", Value: "bob"}}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.SetBlueprintLabels(ctx, other.UID, other.Labels)
	})
	got = read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Blueprint, error) {
		return tx.Blueprint(ctx, other.UID)
	})
	diff(t, "new labels, and nothing else", other, got)
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlueprint(ctx, team(), "zoo", noon) })
}

func testArchives(t *testing.T, s *store.Store) {
	first, second, other := sampleBlueprint("app", 1), sampleBlueprint("app", 2), sampleBlueprint("zoo", 1)
	shared := "abc123" // as older servers named them
	second.Archive, other.Archive = shared, shared
	insert := func(bp orchestrator.Blueprint) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error { return tx.InsertBlueprint(ctx, bp) }
	}
	for _, bp := range []orchestrator.Blueprint{first, second, other} {
		change(t, s, insert(bp))
	}
	keep := func(archive string) error {
		return s.InTx(t.Context(), func(tx *store.Tx) error { return tx.KeepArchive(t.Context(), archive) })
	}
	doomed := func(announcedBefore time.Time) (names []string) {
		change(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			names, err = tx.DoomedArchives(ctx, announcedBefore)
			return err
		})
		return names
	}
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, archive := range []string{"kept", "refused", "slow"} {
			if err := tx.AnnounceArchive(ctx, archive, noon); err != nil {
				return err
			}
		}
		return tx.DoomArchive(ctx, "refused")
	})
	if err := keep("kept"); err != nil {
		t.Fatal(err)
	}
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DoomArchive(ctx, "kept") })
	diff(t, "what was given up, while uploads may still end well", []string{"refused"}, doomed(noon))
	refused(t, "what is doomed is never kept", orchestrator.Unavailable, keep("refused"))
	diff(t, "uploads that took too long are given up", []string{"refused", "slow"}, doomed(noon.Add(time.Second)))
	refused(t, "also by those who come back late", orchestrator.Unavailable, keep("slow"))
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ForgetArchive(ctx, "refused"); err != nil {
			return err
		}
		return tx.ForgetArchive(ctx, "slow")
	})
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlueprint(ctx, team(), "app", noon) })
	diff(t, "a deleted blueprint's archives go, but for one that another shares", []string{first.Archive}, doomed(noon))
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlueprint(ctx, team(), "zoo", noon) })
	diff(t, "the last that refers to an archive dooms it", []string{shared, first.Archive}, doomed(noon))
}
