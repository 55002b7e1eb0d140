package engine_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/store/pgtest"
)

// benchNodes is how many nodes an install has in the benchmarks, each with
// three operations that do nothing; ten chains of ten run side by side.
const benchNodes = 100

// BenchmarkInstall measures one install after the other: what the journal, the
// schedule and the queue cost when the far end answers at once.
func BenchmarkInstall(b *testing.B) {
	b.Run("SQLite", func(b *testing.B) {
		benchInstall(b, newHarness(b, filepath.Join(b.TempDir(), "slipway.db")))
	})
	b.Run("PostgreSQL", func(b *testing.B) {
		benchInstall(b, newHarness(b, pgtest.Start(b).Database(b)))
	})
}

func benchInstall(b *testing.B, h *harness) {
	_, queue := h.start(func(cfg *engine.Config) { cfg.OperationSlots = 64 })
	steps := 0
	for i := 0; b.Loop(); i++ {
		b.StopTimer()
		d := h.deploy(fmt.Sprintf("d%d", i), benchNames()...)
		b.StartTimer()
		x := h.await(h.dispatch(queue, d, "install"))
		if x.Status != orchestrator.Terminated {
			b.Fatalf("install ended %s: %s", x.Status, x.Error)
		}
		steps += x.TotalOperations
	}
	b.ReportMetric(float64(steps)/b.Elapsed().Seconds(), "operations/s")
}

func benchNames() []string {
	names := make([]string, benchNodes)
	for i := range names {
		names[i] = fmt.Sprintf("node%02d", i)
		if i%10 == 0 {
			names[i] = fmt.Sprintf("first%02d", i) // begins a chain of its own
		}
	}
	return names
}
