package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
	"github.com/slipwayhq/slipway/store"
)

// batchRows closes a group commit, so that others who write get their turn.
const batchRows = 500

// errLost says that another server holds the execution now: its runner stops
// and writes nothing more.
var errLost = errors.New("the lease is lost")

// entry is one execution's part of a group commit: everything in it becomes
// true together or not at all.
type entry struct {
	lease   store.Lease
	events  []orchestrator.Event // identity filled in, number not
	records []orchestrator.StepRecord
	states  []instanceState
	runtime []runtimeChange
	opening *statusChange // the first status of all; an execution may open and end in one commit
	status  *statusChange
	reason  *string
	// progress is the execution's counters, when they changed.
	progress *schedule.Progress
	// then runs in the same transaction, after everything else.
	then func(ctx context.Context, tx *store.Tx) error
	done chan error // one answer: nil, errLost, or what went wrong
}

type instanceState struct {
	deploymentUID, instanceID string
	state                     orchestrator.InstanceState
}

type runtimeChange struct {
	deploymentUID, instanceID string
	set                       map[string]orchestrator.Value
	drop                      []string
	dropAll                   bool
}

type statusChange struct {
	status    orchestrator.ExecutionStatus
	errorText string
	at        time.Time
}

func (e *entry) rows() int {
	return 1 + len(e.events) + len(e.records) + len(e.states) + len(e.runtime)
}

// journal is the one writer of execution facts: it groups the entries of all
// executions into transactions, each opened by the fence.
type journal struct {
	store   *store.Store
	entries chan *entry
	stopped chan struct{}
}

func newJournal(s *store.Store) *journal {
	return &journal{store: s, entries: make(chan *entry, 256), stopped: make(chan struct{})}
}

// write hands the entry in and waits until it is durable. It returns errLost
// when the execution belongs to somebody else.
func (j *journal) write(ctx context.Context, e *entry) error {
	j.submit(ctx, e)
	select {
	case err := <-e.done:
		return err
	case <-j.stopped:
		return errLost
	}
}

// submit hands the entry in; the answer comes on e.done.
func (j *journal) submit(ctx context.Context, e *entry) {
	if e.done == nil {
		e.done = make(chan error, 1)
	}
	select {
	case j.entries <- e:
	case <-j.stopped:
		e.done <- errLost
	}
}

// run writes batches until ctx ends; what was handed in before is still
// written.
func (j *journal) run(ctx context.Context) {
	defer close(j.stopped)
	for {
		select {
		case first := <-j.entries:
			j.commit(context.WithoutCancel(ctx), j.collect(first))
		case <-ctx.Done():
			for {
				select {
				case first := <-j.entries:
					j.commit(context.WithoutCancel(ctx), j.collect(first))
				default:
					return
				}
			}
		}
	}
}

// collect takes what has come in while the last batch was written: the busier
// the journal, the larger its commits, and a lone entry waits for nobody.
func (j *journal) collect(first *entry) []*entry {
	batch, rows := []*entry{first}, first.rows()
	for rows < batchRows {
		select {
		case next := <-j.entries:
			batch, rows = append(batch, next), rows+next.rows()
		default:
			return batch
		}
	}
	return batch
}

// commit writes the batch in one transaction; if that fails, each entry in a
// transaction of its own, so that one bad entry does not harm the others.
func (j *journal) commit(ctx context.Context, batch []*entry) {
	lost, err := j.attempt(ctx, batch)
	if err == nil {
		for i, e := range batch {
			e.answer(lost[i], nil)
		}
		return
	}
	if len(batch) == 1 {
		batch[0].answer(false, err)
		return
	}
	for _, e := range batch {
		lost, err := j.attempt(ctx, []*entry{e})
		e.answer(err == nil && lost[0], err)
	}
}

func (e *entry) answer(lost bool, err error) {
	if lost {
		err = errLost
	}
	e.done <- err
}

func (j *journal) attempt(ctx context.Context, batch []*entry) (lost []bool, err error) {
	lost = make([]bool, len(batch))
	err = j.store.InTx(ctx, func(tx *store.Tx) error {
		grants, err := tx.Fence(ctx, leasesOf(batch))
		if err != nil {
			return fmt.Errorf("fence: %w", err)
		}
		for i, e := range batch {
			lost[i] = !grants[i].OK
			if lost[i] {
				continue
			}
			if err := e.write(ctx, tx, grants[i].FirstSeq); err != nil {
				return fmt.Errorf("journal execution %s: %w", e.lease.ExecutionID, err)
			}
		}
		return nil
	})
	return lost, err
}

func leasesOf(batch []*entry) []store.Lease {
	leases := make([]store.Lease, len(batch))
	for i, e := range batch {
		leases[i] = e.lease
		leases[i].Events = len(e.events)
	}
	return leases
}

func (e *entry) write(ctx context.Context, tx *store.Tx, firstSeq int64) error {
	if err := e.heedCancel(ctx, tx); err != nil {
		return err
	}
	for i := range e.events {
		e.events[i].Seq = firstSeq + int64(i)
	}
	if len(e.events) > 0 {
		if err := tx.InsertEvents(ctx, e.events); err != nil {
			return err
		}
	}
	if len(e.records) > 0 {
		if err := tx.UpsertSteps(ctx, e.records); err != nil {
			return err
		}
	}
	for _, c := range e.runtime {
		if err := tx.MergeRuntime(ctx, c.deploymentUID, c.instanceID, c.set, c.drop, c.dropAll); err != nil {
			return err
		}
	}
	for _, c := range e.states {
		if err := tx.SetInstanceState(ctx, c.deploymentUID, c.instanceID, c.state); err != nil {
			return err
		}
	}
	if err := e.writeExecution(ctx, tx); err != nil {
		return err
	}
	tx.Notify(e.lease.RootID)
	return nil
}

func (e *entry) writeExecution(ctx context.Context, tx *store.Tx) error {
	id := e.lease.ExecutionID
	if e.progress != nil {
		if err := tx.SetExecutionProgress(ctx, id, e.progress.Total, e.progress.Finished); err != nil {
			return err
		}
	}
	if e.reason != nil {
		if err := tx.SetExecutionReason(ctx, id, *e.reason); err != nil {
			return err
		}
	}
	for _, c := range []*statusChange{e.opening, e.status} {
		if c == nil {
			continue
		}
		if err := tx.SetExecutionStatus(ctx, id, c.status, "", c.errorText, c.at); err != nil {
			return err
		}
	}
	if e.then != nil {
		return e.then(ctx, tx)
	}
	return nil
}
