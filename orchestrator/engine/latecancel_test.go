package engine

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
	"github.com/slipwayhq/slipway/store/storetest"
)

// A cancel that is accepted between a decision and its commit is kept.
func TestCommitHeedsALateCancel(t *testing.T) {
	succeeded := orchestrator.Event{Type: orchestrator.EventWorkflowSucceeded, Message: "'install' workflow execution succeeded"}
	cases := map[string]struct {
		reason    string
		begun     bool
		cancelled bool
		entry     entry
		status    orchestrator.ExecutionStatus
		event     orchestrator.Event
	}{
		"InTime": {"nobody asked: the end is the loop's", true, false,
			entry{status: &statusChange{status: orchestrator.Terminated}, events: []orchestrator.Event{succeeded}}, orchestrator.Terminated, succeeded},
		"AfterTheLastStep": {"who was told that it is being cancelled finds it cancelled", true, true,
			entry{status: &statusChange{status: orchestrator.Terminated}, events: []orchestrator.Event{succeeded}}, orchestrator.Cancelled,
			orchestrator.Event{Type: orchestrator.EventWorkflowCancelled, Message: "'install' workflow execution cancelled"}},
		"BeforeTheFirst": {"it begins cancelling; the loop hears of it next", false, true,
			entry{opening: &statusChange{status: orchestrator.Started}, events: []orchestrator.Event{{Type: orchestrator.EventWorkflowStarted}}}, orchestrator.Cancelling,
			orchestrator.Event{Type: orchestrator.EventWorkflowStarted}},
		"OpensAndEnds": {"an execution without operations opens and ends in one commit", false, false,
			entry{opening: &statusChange{status: orchestrator.Started}, status: &statusChange{status: orchestrator.Terminated}, events: []orchestrator.Event{succeeded}}, orchestrator.Terminated, succeeded},
		"OpensAndEndsCancelled": {"and is cancelled if somebody asked before", false, true,
			entry{opening: &statusChange{status: orchestrator.Started}, status: &statusChange{status: orchestrator.Terminated}, events: []orchestrator.Event{succeeded}}, orchestrator.Cancelled,
			orchestrator.Event{Type: orchestrator.EventWorkflowCancelled, Message: "'install' workflow execution cancelled"}},
		"Failed": {"a failure stays one", true, true,
			entry{status: &statusChange{status: orchestrator.Failed}, events: []orchestrator.Event{{Type: orchestrator.EventWorkflowFailed}}}, orchestrator.Failed,
			orchestrator.Event{Type: orchestrator.EventWorkflowFailed}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ctx, s, now := t.Context(), storetest.OpenSQLite(t), time.Unix(1_000_000, 0)
			e := tc.entry
			e.lease = store.Lease{ExecutionID: "x", RootID: "x"}
			err := s.InTx(ctx, func(tx *store.Tx) error {
				if err := tx.InsertBlueprint(ctx, orchestrator.Blueprint{UID: "b", Team: "t", ID: "b", Version: 1, Plan: &orchestrator.Plan{}, CreatedAt: now}); err != nil {
					return err
				}
				if err := tx.InsertDeployment(ctx, orchestrator.Deployment{UID: "d", Team: "t", ID: "d", BlueprintUID: "b", BlueprintID: "b", CreatedAt: now, UpdatedAt: now}); err != nil {
					return err
				}
				x := orchestrator.Execution{ID: "x", RootID: "x", Team: "t", DeploymentUID: "d", DeploymentID: "d", BlueprintID: "b", Workflow: "install", Status: orchestrator.Pending, CreatedAt: now}
				if err := tx.InsertExecution(ctx, x, orchestrator.Graph{}); err != nil {
					return err
				}
				if tc.begun {
					if err := tx.SetExecutionStatus(ctx, "x", orchestrator.Started, "", "", now); err != nil {
						return err
					}
				}
				if tc.cancelled {
					if _, err := tx.RequestCancel(ctx, "x", now); err != nil {
						return err
					}
				}
				if err := e.heedCancel(ctx, tx); err != nil {
					return err
				}
				// The table of moves must take what came of it.
				return e.writeExecution(ctx, tx)
			})
			if err != nil {
				t.Fatalf("%s: %v", tc.reason, err)
			}
			last := e.status
			if last == nil {
				last = e.opening
			}
			if last.status != tc.status {
				t.Errorf("%s: status %q, want %q", tc.reason, last.status, tc.status)
			}
			if diff := cmp.Diff(tc.event, e.events[0]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}
