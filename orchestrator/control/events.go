package control

import (
	"context"
	"iter"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store"
)

// ListEvents selects events. Of an execution it is its own events and those of
// everything below it, in one append-only order, so that paging by offset is
// safe.
type ListEvents struct {
	ExecutionID  string
	DeploymentID string
	// After is a sequence number: only events with a greater one. It needs a
	// root execution.
	After        int64
	Types        []string // event types; empty for all
	Levels       []string // log levels; empty for all
	NoEvents     bool     // logs only
	NoLogs       bool     // events only
	InstanceID   string
	NodeID       string
	Operation    string
	Message      string // only events whose message holds it
	Offset, Size int
	Descending   bool
}

// ListEvents returns a page of events and how many there are in all.
func (c *Control) ListEvents(ctx context.Context, actor orchestrator.Actor, list ListEvents) ([]orchestrator.Event, int, error) {
	if err := require(actor, orchestrator.Viewer, "reading events"); err != nil {
		return nil, 0, err
	}
	var events []orchestrator.Event
	var total int
	err := c.view(ctx, func(tx *store.Tx) error {
		query, err := c.eventQuery(ctx, tx, actor, list)
		if err != nil {
			return err
		}
		if events, err = tx.Events(ctx, query); err != nil {
			return err
		}
		total, err = tx.CountEvents(ctx, query)
		return err
	})
	return events, total, err
}

func (c *Control) eventQuery(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, list ListEvents) (store.EventQuery, error) {
	query := store.EventQuery{
		AfterSeq: list.After, Types: list.Types, Levels: list.Levels,
		IncludeLogs: !list.NoLogs, LogsOnly: list.NoEvents,
		InstanceID: list.InstanceID, NodeID: list.NodeID, Operation: list.Operation, Search: list.Message,
		Offset: list.Offset, Size: list.Size, Descending: list.Descending,
	}
	switch {
	case list.ExecutionID != "":
		x, err := executionOf(ctx, tx, actor, list.ExecutionID)
		if err != nil {
			return query, err
		}
		query.RootID = x.RootID
		if x.ID != x.RootID {
			query.ExecutionID = x.ID
		}
	case list.DeploymentID != "":
		d, err := tx.Deployment(ctx, actor.Team, list.DeploymentID)
		if err != nil {
			return query, err
		}
		query.DeploymentUID = d.UID
	default:
		return query, orchestrator.Errorf(orchestrator.Invalid, "name an execution or a deployment whose events to list").On("execution_id")
	}
	return query, nil
}

// Batch is what Follow yields: new events in order, or none when only states
// changed. Ended says that the root execution has ended and this batch was the
// last.
type Batch struct {
	Events []orchestrator.Event
	Ended  bool
}

// followEvery is how often Follow looks without a nudge; followBatch how many
// events it hands out at once.
const (
	followEvery = time.Second
	followBatch = 500
)

// Follow yields the events of a root execution after a sequence number, as they
// come, until it ends or ctx does. Rows are the truth; nudges only hurry it.
func (c *Control) Follow(ctx context.Context, actor orchestrator.Actor, rootID string, after int64) iter.Seq2[Batch, error] {
	return func(yield func(Batch, error) bool) {
		if err := require(actor, orchestrator.Viewer, "following events"); err != nil {
			yield(Batch{}, err)
			return
		}
		nudges, err := c.store.Listen(ctx)
		if err != nil {
			yield(Batch{}, err)
			return
		}
		for {
			batch, more, err := c.after(ctx, actor, rootID, after)
			if err != nil {
				yield(Batch{}, err)
				return
			}
			if n := len(batch.Events); n > 0 {
				after = batch.Events[n-1].Seq
			}
			if !yield(batch, nil) || batch.Ended {
				return
			}
			if more {
				continue
			}
			if !awaitNudge(ctx, nudges, rootID) {
				return
			}
		}
	}
}

// after reads the next events. The status is read in the same snapshot, so an
// ended execution has no events left behind the last batch.
func (c *Control) after(ctx context.Context, actor orchestrator.Actor, rootID string, after int64) (Batch, bool, error) {
	var batch Batch
	err := c.view(ctx, func(tx *store.Tx) error {
		x, err := executionOf(ctx, tx, actor, rootID)
		if err != nil {
			return err
		}
		batch.Events, err = tx.Events(ctx, store.EventQuery{RootID: x.RootID, AfterSeq: after, IncludeLogs: true, Size: followBatch})
		batch.Ended = x.Status.Final() && len(batch.Events) < followBatch
		return err
	})
	return batch, len(batch.Events) == followBatch, err
}

// awaitNudge waits for news of the root, or a second; false when ctx ended.
func awaitNudge(ctx context.Context, nudges <-chan string, rootID string) bool {
	timer := time.NewTimer(followEvery)
	defer timer.Stop()
	for {
		select {
		case id, ok := <-nudges:
			if !ok {
				return ctx.Err() == nil
			}
			if id == rootID {
				return true
			}
		case <-timer.C:
			return true
		case <-ctx.Done():
			return false
		}
	}
}
