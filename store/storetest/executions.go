package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// insertExecutions stores executions without steps.
func insertExecutions(t testing.TB, s *store.Store, executions ...orchestrator.Execution) {
	t.Helper()
	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		for _, e := range executions {
			if err := tx.InsertExecution(ctx, e, orchestrator.Graph{Format: orchestrator.GraphFormat}); err != nil {
				return err
			}
		}
		return nil
	})
}

func execution(t testing.TB, s *store.Store, id string) orchestrator.Execution {
	t.Helper()
	return read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Execution, error) { return tx.Execution(ctx, id) })
}

func testExecutions(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	e := sampleExecution("e1", d)
	g := orchestrator.Graph{Format: orchestrator.GraphFormat, Name: "install", Steps: []orchestrator.Step{
		{ID: "a/1", Lane: "a", Kind: orchestrator.KindOperation, Kwargs: map[string]orchestrator.Value{"p": orchestrator.Mark("x"), "n": int64(1)}},
		{ID: "a/2", Lane: "a", Kind: orchestrator.KindState, After: []string{"a/1"}, State: orchestrator.Created},
	}}
	change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.InsertExecution(ctx, e, g) })
	diff(t, "an execution comes back whole, marks included", e, execution(t, s, "e1"))
	graph := read(t, s, func(ctx context.Context, tx *store.Tx) (orchestrator.Graph, error) {
		return tx.ExecutionGraph(ctx, "e1")
	})
	diff(t, "and its steps too", g, graph)

	change(t, s, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.SetExecutionReason(ctx, "e1", "waits for \x00\xff"); err != nil {
			return err
		}
		return tx.SetExecutionProgress(ctx, "e1", 10, 4)
	})
	e.Reason, e.TotalOperations, e.FinishedOperations = "waits for \uFFFD\uFFFD", 10, 4
	diff(t, "text that PostgreSQL would refuse is mended", e, execution(t, s, "e1"))
	refused(t, "an unknown id", orchestrator.NotFound,
		s.View(t.Context(), func(tx *store.Tx) error { _, err := tx.Execution(t.Context(), "nope"); return err }))
}

func testChildren(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	root := sampleExecution("root", d)
	first := childOf(root, sampleExecution("first", d))
	second := childOf(root, sampleExecution("second", d))
	second.Generation = 1
	insertExecutions(t, s, root, sampleExecution("other", d), first, second)

	twin := childOf(root, sampleExecution("twin", d))
	refused(t, "a second child of one step and generation", orchestrator.Conflict,
		s.InTx(t.Context(), func(tx *store.Tx) error { return tx.InsertExecution(t.Context(), twin, orchestrator.Graph{}) }))
	type found struct {
		ID string
		OK bool
	}
	for generation, want := range []found{{"first", true}, {"second", true}, {"", false}} {
		got := read(t, s, func(ctx context.Context, tx *store.Tx) (found, error) {
			child, ok, err := tx.ChildExecution(ctx, "root", "install_app/3", generation)
			return found{child.ID, ok}, err
		})
		diff(t, fmt.Sprintf("the child of generation %d", generation), want, got)
	}
	top := read(t, s, func(ctx context.Context, tx *store.Tx) (listed, error) {
		return list(tx.ListExecutions(ctx, store.ExecutionQuery{DeploymentUID: d.UID, TopLevel: true, Sort: "id"}))
	})
	diff(t, "children are not at top level", listed{[]string{"other", "root"}, 2}, top)
}

func testStatus(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	tests := map[string]struct {
		reason string
		from   orchestrator.ExecutionStatus
		moves  []orchestrator.ExecutionStatus // one a minute from noon
		want   orchestrator.ExecutionStatus
		code   orchestrator.Code // of the last move
		start  time.Time
		end    time.Time
	}{
		"Runs":        {"start and end are noted", orchestrator.Pending, []orchestrator.ExecutionStatus{orchestrator.Started, orchestrator.Terminated}, orchestrator.Terminated, "", noon, noon.Add(time.Minute)},
		"Stays":       {"staying is fine and changes no time", orchestrator.Pending, []orchestrator.ExecutionStatus{orchestrator.Started, orchestrator.Started}, orchestrator.Started, "", noon, time.Time{}},
		"EndIsFinal":  {"nothing follows an end", orchestrator.Pending, []orchestrator.ExecutionStatus{orchestrator.Failed, orchestrator.Started}, orchestrator.Failed, orchestrator.Conflict, time.Time{}, noon},
		"NoShortcut":  {"what is queued has to be pending first", orchestrator.Queued, []orchestrator.ExecutionStatus{orchestrator.Started}, orchestrator.Queued, orchestrator.Conflict, time.Time{}, time.Time{}},
		"NotSuccess":  {"a cancel that was asked for cannot end in success", orchestrator.Started, []orchestrator.ExecutionStatus{orchestrator.Cancelling, orchestrator.Terminated}, orchestrator.Cancelling, orchestrator.Conflict, time.Time{}, time.Time{}},
		"UnknownWord": {"only statuses of the table", orchestrator.Started, []orchestrator.ExecutionStatus{"odd"}, orchestrator.Started, orchestrator.Conflict, time.Time{}, time.Time{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := sampleExecution(name, d)
			e.Status, e.Server = test.from, "a"
			insertExecutions(t, s, e)
			var err error
			for i, status := range test.moves {
				err = s.InTx(t.Context(), func(tx *store.Tx) error {
					return tx.SetExecutionStatus(t.Context(), e.ID, status, "", "", noon.Add(time.Duration(i)*time.Minute))
				})
			}
			refused(t, test.reason, test.code, err)
			e.Status, e.StartedAt, e.EndedAt = test.want, test.start, test.end
			if test.want.Final() {
				e.Server = ""
			}
			diff(t, test.reason, e, execution(t, s, e.ID))
		})
	}
}

func testCancel(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	with := func(e orchestrator.Execution, status orchestrator.ExecutionStatus) orchestrator.Execution {
		e.Status, e.ParentStep = status, e.ID
		return e
	}
	root := with(sampleExecution("root", d), orchestrator.Started)
	child := func(id string, status orchestrator.ExecutionStatus) orchestrator.Execution {
		return with(childOf(root, sampleExecution(id, d)), status)
	}
	running := child("running", orchestrator.Started)
	below := with(childOf(running, sampleExecution("below", d)), orchestrator.Pending)
	insertExecutions(t, s, root, running, below, child("waiting", orchestrator.Queued), child("ended", orchestrator.Terminated),
		child("forced", orchestrator.ForceCancelling), with(sampleExecution("root2", d), orchestrator.Started))

	states := func() map[string]orchestrator.ExecutionStatus {
		all := map[string]orchestrator.ExecutionStatus{}
		for _, id := range []string{"root", "running", "below", "waiting", "ended", "forced", "root2"} {
			all[id] = execution(t, s, id).Status
		}
		return all
	}
	cancel := func(id string) (ids []string) {
		change(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			ids, err = tx.RequestCancel(ctx, id, noon)
			return err
		})
		return ids
	}
	diff(t, "a child is cancelled with what is below it", []string{"below", "running"}, cancel("running"))
	want := map[string]orchestrator.ExecutionStatus{
		"root": orchestrator.Started, "running": orchestrator.Cancelling, "below": orchestrator.Cancelling,
		"waiting": orchestrator.Queued, "ended": orchestrator.Terminated, "forced": orchestrator.ForceCancelling,
		"root2": orchestrator.Started,
	}
	diff(t, "its parent and siblings go on", want, states())

	diff(t, "the whole tree, ended ones left out", []string{"below", "forced", "root", "running", "waiting"}, cancel("root"))
	want["root"], want["waiting"], want["forced"] = orchestrator.Cancelling, orchestrator.Cancelled, orchestrator.ForceCancelling
	diff(t, "what only waited is cancelled at once; a harder cancel is not softened", want, states())
	diff(t, "an end has a time", noon, execution(t, s, "waiting").EndedAt)
}

func testClaims(t *testing.T, s *store.Store) {
	d := seed(t, s, "env")
	e := sampleExecution("e1", d)
	queued, ended := sampleExecution("queued", d), sampleExecution("ended", d)
	queued.Status, ended.Status = orchestrator.Queued, orchestrator.Failed
	insertExecutions(t, s, e, queued, ended)

	type claim struct {
		Epoch int64
		OK    bool
	}
	try := func(id, server string, epoch int64) (got claim) {
		change(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
			got.Epoch, got.OK, err = tx.ClaimExecution(ctx, id, server, epoch)
			return err
		})
		return got
	}
	diff(t, "the first to claim has it", claim{1, true}, try("e1", "a", 0))
	diff(t, "a second with the same epoch does not", claim{}, try("e1", "b", 0))
	diff(t, "a takeover knows the newer epoch", claim{2, true}, try("e1", "b", 1))
	diff(t, "what has ended cannot be claimed", claim{}, try("ended", "a", 0))

	release := func(epoch int64) {
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseExecution(ctx, "e1", epoch) })
	}
	release(1)
	diff(t, "a stale release changes nothing", "b", execution(t, s, "e1").Server)
	release(2)
	diff(t, "the holder's does", "", execution(t, s, "e1").Server)

	ids := func(run func(ctx context.Context, tx *store.Tx) ([]orchestrator.Execution, error)) []string {
		page, _ := list(read(t, s, run), 0, nil)
		return page.Items
	}
	diff(t, "the scan looks for what should run", []string{"e1"}, ids(func(ctx context.Context, tx *store.Tx) ([]orchestrator.Execution, error) {
		return tx.RunnableExecutions(ctx)
	}))
	diff(t, "a deployment is busy with queued ones too", []string{"e1", "queued"}, ids(func(ctx context.Context, tx *store.Tx) ([]orchestrator.Execution, error) {
		return tx.ActiveExecutions(ctx, d.UID)
	}))
}

func testSteps(t *testing.T, s *store.Store) {
	insertExecutions(t, s, sampleExecution("e1", seed(t, s, "env")))
	var records []orchestrator.StepRecord
	for i := range 150 { // more than one statement carries
		records = append(records, orchestrator.StepRecord{ExecutionID: "e1", StepID: fmt.Sprintf("lane/%03d", i), State: orchestrator.StepRunning, IntentAt: noon, StartedAt: noon})
	}
	write := func(records []orchestrator.StepRecord) {
		change(t, s, func(ctx context.Context, tx *store.Tx) error { return tx.UpsertSteps(ctx, records) })
	}
	write(records)
	records[7] = orchestrator.StepRecord{ExecutionID: "e1", StepID: "lane/007", State: orchestrator.StepSucceeded, Attempt: 2, IntentAt: noon.Add(time.Second),
		NotBefore: noon.Add(time.Minute), ChildID: "child", Polls: 3, Reason: "done", Result: sensitiveText, StartedAt: noon, EndedAt: noon.Add(time.Hour)}
	write([]orchestrator.StepRecord{{ExecutionID: "e1", StepID: "lane/007", State: orchestrator.StepRetrying}, records[3], records[7]})
	got := read(t, s, func(ctx context.Context, tx *store.Tx) ([]orchestrator.StepRecord, error) { return tx.Steps(ctx, "e1") })
	diff(t, "each step once, as it was last written", records, got)
}
