package storetest

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// sameValues compares marked values by what is inside.
var sameValues = cmp.Comparer(func(a, b orchestrator.Sensitive) bool { return cmp.Equal(a.Open(), b.Open()) })

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, sameValues); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// refused checks that an error carries the code.
func refused(t testing.TB, what string, want orchestrator.Code, err error) {
	t.Helper()
	if got := orchestrator.ErrorCode(err); got != want {
		t.Errorf("%s: got code %q (%v), want %q", what, got, err, want)
	}
}

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
	err = s.InTx(t.Context(), func(tx *store.Tx) error { return tx.DeleteBlueprint(t.Context(), team(), "app") })
	refused(t, "deleting what is in use", orchestrator.Conflict, err)
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteBlueprint(ctx, team(), "zoo") })
}

// listed is a page of a list, by identity.
type listed struct {
	Items []string
	Total int
}

func list[T any](items []T, total int, err error) (listed, error) {
	page := listed{Total: total}
	for _, item := range items {
		switch item := any(item).(type) {
		case orchestrator.Blueprint:
			page.Items = append(page.Items, item.UID)
		case orchestrator.Deployment:
			page.Items = append(page.Items, item.ID)
		case orchestrator.Execution:
			page.Items = append(page.Items, item.ID)
		}
	}
	return page, err
}

func testDeployments(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Deployment, error) {
		return tx.Deployment(ctx, team(), "env")
	})
	diff(t, "a deployment comes back whole, marks included", d, got)
}

func testInstances(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	n := sampleInstance(d, "vm_a1b2c3")
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertInstances(ctx, []orchestrator.NodeInstance{n})
	})
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.NodeInstance, error) {
		return tx.Instance(ctx, d.UID, n.ID)
	})
	diff(t, "an instance comes back whole, marks included", n, got)
}

func testExecutions(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	e := sampleExecution("e1", d)
	g := orchestrator.Graph{Format: 1, Name: "install", Steps: []orchestrator.Step{
		{ID: "a/1", Lane: "a", Kind: orchestrator.KindOperation, Kwargs: map[string]orchestrator.Value{"p": orchestrator.Mark("x"), "n": int64(1)}}, {ID: "a/2", After: []string{"a/1"}}}}
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertExecution(ctx, e, g) })
	got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Execution, error) {
		return tx.Execution(ctx, "e1")
	})
	diff(t, "an execution comes back whole, marks included", e, got)
	graph := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Graph, error) {
		return tx.ExecutionGraph(ctx, "e1")
	})
	diff(t, "its steps too", g, graph)
}
