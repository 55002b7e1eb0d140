package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/pgtest"
)

// eachDatabase runs a benchmark on a store with one root execution.
func eachDatabase(b *testing.B, run func(b *testing.B, s *store.Store)) {
	for name, open := range map[string]func(b *testing.B) *store.Store{
		"SQLite":     func(b *testing.B) *store.Store { return OpenSQLite(b) },
		"PostgreSQL": func(b *testing.B) *store.Store { return Open(b, pgtest.Start(b).Database(b)) },
	} {
		b.Run(name, func(b *testing.B) {
			s := open(b)
			insertExecutions(b, s, sampleExecution("root", seed(b, s, "env")))
			run(b, s)
		})
	}
}

// commitLines writes one full group commit of log lines.
func commitLines(b *testing.B, s *store.Store) {
	const lines = 500
	change(b, s, func(ctx context.Context, tx *store.Tx) error {
		grants, err := tx.Fence(ctx, []store.Lease{lease("root", "root", 0, lines)})
		if err != nil {
			return err
		}
		events := make([]orchestrator.Event, lines)
		for i := range events {
			seq := grants[0].FirstSeq + int64(i)
			events[i] = orchestrator.Event{
				RootID: "root", Seq: seq, ExecutionID: "root", Level: "info", Logger: "ctx.logger", At: noon,
				Message: fmt.Sprintf("line %d of a script that says about as much in a line as scripts do", seq),
				NodeID:  "vm", InstanceID: "vm_a1b2c3", Operation: "cloudify.interfaces.lifecycle.create", StepID: "install_vm_a1b2c3/4",
			}
		}
		return tx.InsertEvents(ctx, events)
	})
}

// BenchmarkGroupCommit writes 500 log lines in a commit.
func BenchmarkGroupCommit(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *store.Store) {
		for b.Loop() {
			commitLines(b, s)
		}
	})
}

// BenchmarkLogPage reads 500 lines from the middle of 50,000.
func BenchmarkLogPage(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *store.Store) {
		for range 100 {
			commitLines(b, s)
		}
		for b.Loop() {
			if got := len(numbers(b, s, store.EventQuery{RootID: "root", IncludeLogs: true, AfterSeq: 25_000, Size: 500})); got != 500 {
				b.Fatalf("got %d lines", got)
			}
		}
	})
}

// BenchmarkStepOutcome writes what one step leaves behind in a commit of its own.
func BenchmarkStepOutcome(b *testing.B) {
	eachDatabase(b, func(b *testing.B, s *store.Store) {
		d := orchestrator.Deployment{UID: "uid-env"}
		change(b, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertInstances(ctx, []orchestrator.NodeInstance{sampleInstance(d, "vm_a1b2c3")})
		})
		for b.Loop() {
			change(b, s, func(ctx context.Context, tx *store.Tx) error {
				grants, err := tx.Fence(ctx, []store.Lease{lease("root", "root", 0, 1)})
				if err != nil {
					return err
				}
				event := orchestrator.Event{RootID: "root", Seq: grants[0].FirstSeq, ExecutionID: "root", Type: orchestrator.EventTaskSucceeded, At: noon}
				if err := tx.InsertEvents(ctx, []orchestrator.Event{event}); err != nil {
					return err
				}
				if err := tx.UpsertSteps(ctx, []orchestrator.StepRecord{{ExecutionID: "root", StepID: "install_vm_a1b2c3/4", State: orchestrator.StepSucceeded}}); err != nil {
					return err
				}
				set := map[string]orchestrator.Value{"ip": "198.18.0.1"}
				return tx.MergeRuntime(ctx, d.UID, "vm_a1b2c3", set, nil, false)
			})
		}
	})
}
