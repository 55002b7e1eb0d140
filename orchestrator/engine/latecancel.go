package engine

import (
	"context"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// heedCancel keeps a cancel that was accepted after the loop had made up its
// mind: between a decision and its commit the row may have become cancelling.
// An execution that was about to begin begins cancelling, and the loop hears of
// it next; one whose last step was done ends as cancelled, as was promised to
// whoever asked. Without this the commit would be refused for ever.
func (e *entry) heedCancel(ctx context.Context, tx *store.Tx) error {
	ends := e.status != nil && e.status.status == orchestrator.Terminated
	if e.opening == nil && !ends {
		return nil
	}
	x, err := tx.Execution(ctx, e.lease.ExecutionID)
	if err != nil {
		return err
	}
	if !x.Status.Cancelling() {
		return nil
	}
	if e.opening != nil {
		e.opening.status = x.Status
	}
	if !ends {
		return nil
	}
	e.status.status = orchestrator.Cancelled
	for i := range e.events {
		if event := &e.events[i]; event.Type == orchestrator.EventWorkflowSucceeded {
			event.Type = orchestrator.EventWorkflowCancelled
			event.Message = strings.TrimSuffix(event.Message, " succeeded") + " cancelled"
		}
	}
	return nil
}
