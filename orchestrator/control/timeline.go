package control

import (
	"context"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// Timeline is an execution step by step: what its workflow laid out, what became
// of it, and under each step that started a component's execution, that one's
// timeline. It stands after the component is gone, as long as the execution does.
type Timeline struct {
	Execution orchestrator.Execution
	Steps     []TimedStep // in the order of the workflow
}

// TimedStep is a step with what became of it.
type TimedStep struct {
	orchestrator.Step // without Kwargs
	// Record is the zero one for a step that was not begun. Its Result is left
	// out.
	Record orchestrator.StepRecord
	// Tries are the attempts that failed, the first one first.
	Tries []Try
	// Children are the executions that the step started, oldest first.
	Children []*Timeline
}

// Try is an attempt that failed: its number in the log is where to read why.
type Try struct {
	Began, Failed orchestrator.Event
}

// Timeline returns the steps of an execution and of everything below it.
func (c *Control) Timeline(ctx context.Context, actor orchestrator.Actor, id string) (*Timeline, error) {
	if err := require(actor, orchestrator.Viewer, "reading executions"); err != nil {
		return nil, err
	}
	var timeline *Timeline
	err := c.view(ctx, func(tx *store.Tx) error {
		x, err := executionOf(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		tries, err := failedTries(ctx, tx, x)
		if err != nil {
			return err
		}
		timeline, err = timelineOf(ctx, tx, x, tries)
		return err
	})
	return timeline, err
}

// stepKey names a step among those of a tree of executions.
type stepKey struct{ execution, step string }

func timelineOf(ctx context.Context, tx *store.Tx, x orchestrator.Execution, tries map[stepKey][]Try) (*Timeline, error) {
	graph, err := tx.ExecutionGraph(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	records, err := tx.Steps(ctx, x.ID)
	if err != nil {
		return nil, err
	}
	recordOf := make(map[string]orchestrator.StepRecord, len(records))
	for _, record := range records {
		record.Result = ""
		recordOf[record.StepID] = record
	}
	started, _, err := tx.ListExecutions(ctx, store.ExecutionQuery{Team: x.Team, ParentID: x.ID, Sort: "created_at"})
	if err != nil {
		return nil, err
	}
	children := map[string][]*Timeline{}
	for _, child := range started {
		below, err := timelineOf(ctx, tx, child, tries)
		if err != nil {
			return nil, err
		}
		children[child.ParentStep] = append(children[child.ParentStep], below)
	}
	timeline := &Timeline{Execution: x, Steps: make([]TimedStep, 0, len(graph.Steps))}
	for _, step := range graph.Steps {
		step.Kwargs = nil
		timeline.Steps = append(timeline.Steps, TimedStep{
			Step: step, Record: recordOf[step.ID], Tries: tries[stepKey{x.ID, step.ID}], Children: children[step.ID],
		})
	}
	return timeline, nil
}

// failedTries reads the attempts that failed out of the log, which alone keeps
// them: a step's record speaks of the newest attempt.
func failedTries(ctx context.Context, tx *store.Tx, x orchestrator.Execution) (map[stepKey][]Try, error) {
	query := store.EventQuery{RootID: x.RootID, Types: []string{orchestrator.EventTaskFailed, orchestrator.EventTaskRescheduled}}
	if x.ID != x.RootID {
		query.ExecutionID = x.ID
	}
	failures, err := tx.CountEvents(ctx, query)
	if err != nil || failures == 0 {
		return nil, err
	}
	query.Types = append(query.Types, orchestrator.EventTaskStarted)
	events, err := tx.Events(ctx, query)
	if err != nil {
		return nil, err
	}
	began, tries := map[stepKey]orchestrator.Event{}, map[stepKey][]Try{}
	for _, event := range events {
		key := stepKey{event.ExecutionID, event.StepID}
		switch {
		case event.StepID == "": // a subgraph's
		case event.Type == orchestrator.EventTaskStarted:
			began[key] = event
		default:
			tries[key] = append(tries[key], Try{Began: began[key], Failed: event})
		}
	}
	return tries, nil
}
