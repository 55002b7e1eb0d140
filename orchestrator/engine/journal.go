package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
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
//
// While the database is away it keeps what it has and offers it again: what
// scripts print then comes late and in order, and nobody fails because of it.
type journal struct {
	store   *store.Store
	log     *slog.Logger
	trouble *trouble
	entries chan *entry
	stopped chan struct{}
	// ctx ends when no more can be waited for (giveUp).
	ctx    context.Context
	giveUp context.CancelFunc
}

func newJournal(s *store.Store, log *slog.Logger) *journal {
	j := &journal{
		store: s, log: log, trouble: newTrouble(log, "write the journal"),
		entries: make(chan *entry, 256), stopped: make(chan struct{}),
	}
	j.ctx, j.giveUp = context.WithCancel(context.Background())
	return j
}

// write hands the entry in and waits until it is durable. It returns errLost
// when the execution belongs to somebody else.
func (j *journal) write(e *entry) error {
	j.submit(e)
	select {
	case err := <-e.done:
		return err
	case <-j.stopped:
		return errLost
	}
}

// submit hands the entry in; the answer comes on e.done.
func (j *journal) submit(e *entry) {
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
			j.commit(j.collect(first))
		case <-ctx.Done():
			for {
				select {
				case first := <-j.entries:
					j.commit(j.collect(first))
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
func (j *journal) commit(batch []*entry) {
	lost, err := j.persist(batch)
	if err != nil && len(batch) > 1 {
		for _, e := range batch {
			j.commit([]*entry{e})
		}
		return
	}
	for i, e := range batch {
		switch {
		case err != nil:
			j.log.Error("the journal refuses a fact", "execution", e.lease.ExecutionID, "error", err)
			e.done <- err
		case lost[i]:
			e.done <- errLost
		default:
			e.done <- nil
		}
	}
}

// persist offers the batch until the database is there to take or refuse it.
func (j *journal) persist(batch []*entry) (lost []bool, err error) {
	for {
		lost, err = j.attempt(batch)
		if !away(j.ctx, err) {
			j.trouble.note(j.ctx, nil)
			return lost, err
		}
		j.trouble.note(j.ctx, err)
		if !rest(j.ctx, awayPause) {
			return nil, err
		}
	}
}

// awayPause is how long to wait before a database that was away is asked again.
const awayPause = 500 * time.Millisecond

// away reports whether err says that the database could not be asked, or did
// not answer in time. It is nothing to wait for once ctx has ended.
func away(ctx context.Context, err error) bool {
	return ctx.Err() == nil && (store.Away(err) || errors.Is(err, context.DeadlineExceeded))
}

// rest waits, and answers false when ctx ends first.
func rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt writes the batch in one transaction, and tells of each entry whether
// its lease is lost.
func (j *journal) attempt(batch []*entry) (lost []bool, err error) {
	ctx, cancel := context.WithTimeout(j.ctx, timeFor(batch))
	defer cancel()
	err = j.store.InTx(ctx, func(tx *store.Tx) error {
		lost = make([]bool, len(batch))
		due, err := notWritten(ctx, tx, batch)
		if err != nil {
			return err
		}
		grants, err := tx.Fence(ctx, leasesOf(batch, due))
		if err != nil {
			return fmt.Errorf("fence: %w", err)
		}
		for i, at := range due {
			e := batch[at]
			if lost[at] = !grants[i].OK; lost[at] {
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

// timeFor bounds the writing of a batch; the first decision of a large execution
// has a hundred thousand rows.
func timeFor(batch []*entry) time.Duration {
	rows := 0
	for _, e := range batch {
		rows += e.rows()
	}
	return answerWithin + time.Duration(rows)*5*time.Millisecond
}

// notWritten returns the places of the entries that are still to be written. A
// connection that breaks in the middle of a commit leaves it open whether the
// database has taken it; what it has must not be told a second time.
func notWritten(ctx context.Context, tx *store.Tx, batch []*entry) ([]int, error) {
	var due []int
	for i, e := range batch {
		written, err := e.isWritten(ctx, tx)
		if err != nil {
			return nil, err
		}
		if !written {
			due = append(due, i)
		}
	}
	return due, nil
}

// isWritten looks for the entry's first event under the number that an earlier
// try gave it. An entry without events may be written twice: it sets what it
// says, whatever was there.
func (e *entry) isWritten(ctx context.Context, tx *store.Tx) (bool, error) {
	if len(e.events) == 0 || e.events[0].Seq == 0 {
		return false, nil
	}
	own := e.events[0]
	there, err := tx.Events(ctx, store.EventQuery{RootID: own.RootID, AfterSeq: own.Seq - 1, Size: 1, IncludeLogs: true})
	if err != nil || len(there) == 0 {
		return false, err
	}
	found := there[0]
	return found.Seq == own.Seq && found.ExecutionID == own.ExecutionID && found.StepID == own.StepID &&
		found.Type == own.Type && found.Message == own.Message && found.At.UnixMicro() == own.At.UnixMicro(), nil
}

func leasesOf(batch []*entry, places []int) []store.Lease {
	leases := make([]store.Lease, len(places))
	for i, at := range places {
		leases[i] = batch[at].lease
		leases[i].Events = len(batch[at].events)
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
	for _, c := range []*statusChange{e.opening, e.status} {
		if c == nil {
			continue
		}
		if err := tx.SetExecutionStatus(ctx, id, c.status, "", c.errorText, c.at); err != nil {
			return err
		}
	}
	if e.reason != nil { // after the status, which clears it
		if err := tx.SetExecutionReason(ctx, id, *e.reason); err != nil {
			return err
		}
	}
	if e.then != nil {
		return e.then(ctx, tx)
	}
	return nil
}
