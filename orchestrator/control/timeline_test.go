package control_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/store"
)

// firstOperation is the first step of a timeline that a provider carries out.
func firstOperation(t *testing.T, timeline *control.Timeline) *control.TimedStep {
	t.Helper()
	for i := range timeline.Steps {
		if timeline.Steps[i].Kind == orchestrator.KindOperation {
			return &timeline.Steps[i]
		}
	}
	t.Fatalf("no operation among %d steps", len(timeline.Steps))
	return nil
}

func TestTimeline(t *testing.T) {
	c := setup(t, compose.Auto)
	p := furnish(t, c)
	before, err := c.Timeline(t.Context(), as(orchestrator.Viewer), p.execution.ID)
	must(t, err)
	step := firstOperation(t, before)
	if !step.Record.StartedAt.IsZero() || len(step.Tries) > 0 || len(step.Children) > 0 {
		t.Errorf("nothing has begun, yet the step says %+v", step)
	}

	at := func(s int) time.Time { return time.Unix(int64(1000+s), 0).UTC() }
	child := orchestrator.Execution{
		ID: "child", Team: p.execution.Team, DeploymentUID: p.execution.DeploymentUID, DeploymentID: "app_dev-network", Workflow: "install",
		Status: orchestrator.Started, RootID: p.execution.ID, ParentID: p.execution.ID, ParentStep: step.ID, CreatedAt: at(0),
	}
	graph := orchestrator.Graph{Format: orchestrator.GraphFormat, Name: "install", Steps: []orchestrator.Step{{ID: "vpc/1", Kind: orchestrator.KindOperation, InstanceID: "vpc_1"}}}
	event := func(seq int64, execution, step, kind string, second int) orchestrator.Event {
		return orchestrator.Event{RootID: p.execution.ID, Seq: seq, ExecutionID: execution, StepID: step, Type: kind, At: at(second)}
	}
	must(t, c.store.InTx(t.Context(), func(tx *store.Tx) error { return write(t.Context(), tx, child, graph, step.ID, at, event) }))

	got, err := c.Timeline(t.Context(), as(orchestrator.Viewer), p.execution.ID)
	must(t, err)
	step = firstOperation(t, got)
	if want := at(1); !step.Record.StartedAt.Equal(want) || step.Record.Result != "" {
		t.Errorf("the step began %v with result %q, want %v and none", step.Record.StartedAt, step.Record.Result, want)
	}
	type try struct{ began, failed int64 }
	var tries []try
	for _, each := range step.Tries {
		tries = append(tries, try{each.Began.Seq, each.Failed.Seq})
	}
	if diff := cmp.Diff([]try{{2, 3}, {4, 5}}, tries, cmp.AllowUnexported(try{})); diff != "" {
		t.Errorf("lines of the failed tries (-want +got):\n%s", diff)
	}
	if len(step.Children) != 1 || step.Children[0].Execution.ID != "child" || len(step.Children[0].Steps) != 1 {
		t.Fatalf("the component's execution is not below its step: %+v", step.Children)
	}
	if below := step.Children[0].Steps[0]; len(below.Tries) != 1 || below.Tries[0].Failed.Seq != 7 {
		t.Errorf("the component's own failed try: %+v", below.Tries)
	}

	below, err := c.Timeline(t.Context(), as(orchestrator.Viewer), "child")
	must(t, err)
	if len(below.Steps) != 1 || len(below.Steps[0].Tries) != 1 {
		t.Errorf("asked for alone, the component says %+v", below.Steps)
	}
}

// write puts down what an engine would: a step that was tried three times, the
// last one still running, and the execution that it started.
func write(ctx context.Context, tx *store.Tx, child orchestrator.Execution, graph orchestrator.Graph, step string, at func(int) time.Time,
	event func(int64, string, string, string, int) orchestrator.Event,
) error {
	root := child.RootID
	if err := tx.InsertExecution(ctx, child, graph); err != nil {
		return err
	}
	if err := tx.UpsertSteps(ctx, []orchestrator.StepRecord{{ExecutionID: root, StepID: step, State: orchestrator.StepRunning, Attempt: 2, StartedAt: at(1), Result: "not for pages"}}); err != nil {
		return err
	}
	return tx.InsertEvents(ctx, []orchestrator.Event{
		event(1, root, "", orchestrator.EventTaskStarted, 1),
		event(2, root, step, orchestrator.EventTaskStarted, 1),
		event(3, root, step, orchestrator.EventTaskFailed, 3),
		event(4, root, step, orchestrator.EventTaskStarted, 5),
		event(5, root, step, orchestrator.EventTaskRescheduled, 6),
		event(6, "child", "vpc/1", orchestrator.EventTaskStarted, 6),
		event(7, "child", "vpc/1", orchestrator.EventTaskFailed, 7),
		event(8, root, step, orchestrator.EventTaskStarted, 8),
	})
}
