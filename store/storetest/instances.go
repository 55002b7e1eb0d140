package storetest

import (
	"context"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

func testInstances(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	first, second := sampleInstance(d, "vm_a1b2c3"), sampleInstance(d, "vm_d4e5f6")
	second.Index = 1
	insert := func(tx *store.Tx) error {
		return tx.InsertInstances(t.Context(), []orchestrator.NodeInstance{second, first})
	}
	if err := s.InTx(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	got := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.NodeInstance, error) {
		return tx.Instances(ctx, d.UID)
	})
	diff(t, "instances come back whole, marks included, by node and index", []orchestrator.NodeInstance{first, second}, got)
	found := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.NodeInstance, error) {
		return tx.InstanceInTeam(ctx, team(), first.ID)
	})
	diff(t, "found without the deployment", first, found)
	refused(t, "the same ids again", orchestrator.Conflict, s.InTx(t.Context(), insert))
	refused(t, "an unknown id", orchestrator.NotFound, s.InTx(t.Context(), func(tx *store.Tx) error {
		return tx.SetInstanceState(t.Context(), d.UID, "nope", orchestrator.Creating)
	}))
}

func testRuntime(t *testing.T, s *store.Store) {
	type values = map[string]orchestrator.Value
	d := seed(t, s, "env")
	tests := map[string]struct {
		reason  string
		set     values
		drop    []string
		dropAll bool
		want    values
	}{
		"Set":      {"keys not named stay", values{"b": int64(2), "c": orchestrator.Mark("x")}, nil, false, values{"a": int64(1), "b": int64(2), "c": orchestrator.Mark("x")}},
		"Drop":     {"only the keys named", nil, []string{"a", "nope"}, false, values{"b": "old"}},
		"DropSet":  {"a key both dropped and set is set", values{"a": "new"}, []string{"a"}, false, values{"a": "new", "b": "old"}},
		"DropAll":  {"all others go", values{"c": true}, nil, true, values{"c": true}},
		"Empty":    {"nothing is something", nil, nil, true, values{}},
		"Nested":   {"values are replaced whole, not merged deeper", values{"b": values{"x": []orchestrator.Value{nil, 1.5}}}, nil, false, values{"a": int64(1), "b": values{"x": []orchestrator.Value{nil, 1.5}}}},
		"MarkLike": {"a user's own map that looks like a mark errs on the safe side", values{"b": values{"$sensitive": "x"}}, nil, false, values{"a": int64(1), "b": orchestrator.Mark("x")}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := sampleInstance(d, "vm_"+name)
			n.Runtime = values{"a": int64(1), "b": "old"}
			change(t, s, func(ctx context.Context, tx *store.Tx) error {
				if err := tx.InsertInstances(ctx, []orchestrator.NodeInstance{n}); err != nil {
					return err
				}
				if err := tx.SetInstanceState(ctx, d.UID, n.ID, orchestrator.Creating); err != nil {
					return err
				}
				return tx.MergeRuntime(ctx, d.UID, n.ID, test.set, test.drop, test.dropAll)
			})
			got := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.NodeInstance, error) {
				return tx.Instance(ctx, d.UID, n.ID)
			})
			n.State, n.Version, n.Runtime = orchestrator.Creating, 3, test.want
			diff(t, test.reason, n, got)
		})
	}
	refused(t, "an unknown id", orchestrator.NotFound, s.InTx(t.Context(), func(tx *store.Tx) error {
		return tx.MergeRuntime(t.Context(), d.UID, "nope", nil, nil, true)
	}))
}
