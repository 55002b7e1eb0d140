package schedule

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Setup is everything that a Run is built from, for a fresh execution as well
// as for one that is taken over or resumed after a crash.
type Setup struct {
	ExecutionID string
	Graph       orchestrator.Graph
	// Records are the rows of touched steps, in any order; none for a fresh
	// execution.
	Records []orchestrator.StepRecord
	// Facts tells about every operation step of the graph, by step ID.
	Facts map[string]Facts
	// Opened says that the first decision, with its workflow_started event, was
	// committed by an earlier Run. Write Execution.StartedAt in that same
	// commit, and it is simply "StartedAt is set".
	Opened bool
	// CancelRequested is what the execution's row says at this moment.
	CancelRequested bool
	// DryRun lets every operation succeed unasked and leaves instance states
	// alone; its events end in " (dry run)".
	DryRun bool
	// WaitAfterFail is how long independent lanes may go on after the first
	// failure. Zero ends the execution with the first failure.
	WaitAfterFail time.Duration
	// Speed divides retry intervals and "ask again" times in a rehearsal; it
	// touches no deadline. Zero counts as 1; +Inf waits for nothing.
	Speed float64
}

// Facts is what must be known about an operation step besides its place in the
// graph.
type Facts struct {
	// Mapping is the plugin function that events name.
	Mapping string
	// MaxRetries is how often a failed try may be repeated: -1 without end, 0
	// never.
	MaxRetries int
	// Interval is the pause before a retry, and before asking again where the
	// operation named no time of its own.
	Interval time.Duration
}
