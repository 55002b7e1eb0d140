package schedule

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Advance hears outcomes, in the order given, and decides what follows. With
// no outcomes it is the opening move or the answer to a timer. After the
// decision with Finish it has nothing more to say.
func Advance(run *Run, outcomes []Outcome, now time.Time) Decision {
	d := newDecider(run, now)
	if run.finished {
		return d.close()
	}
	d.openWorkflow()
	if run.setup.CancelRequested {
		d.cancel()
	}
	for _, outcome := range outcomes {
		d.hear(outcome)
	}
	d.wake()
	d.settle()
	d.finish()
	return d.close()
}

// Begin is called when an operation slot has been had for a Start, right
// before the operation runs. Its decision holds the intent, to be committed
// first. It answers false when the start was withdrawn meanwhile, by a cancel
// or a failure: then give the slot back and run nothing.
func Begin(run *Run, stepID string, now time.Time) (Decision, bool) {
	d := newDecider(run, now)
	i, known := run.index[stepID]
	if !known || run.finished || run.steps[i].phase != offered || d.late() {
		return d.close(), false
	}
	d.begin(i)
	return d.close(), true
}

// decider collects one decision.
type decider struct {
	run      *Run
	now      time.Time // microseconds, as the store keeps it
	decision Decision
	changed  map[int]bool // steps whose record is to be written
	order    []int        // the same in the order of first change
}

func newDecider(run *Run, now time.Time) *decider {
	return &decider{run: run, now: now.Truncate(time.Microsecond), changed: map[int]bool{}}
}

// keep marks a step's record to be written, in the state that it has when the
// decision is closed.
func (d *decider) keep(i int) {
	if !d.changed[i] {
		d.changed[i] = true
		d.order = append(d.order, i)
	}
}

func (d *decider) close() Decision {
	for _, i := range d.order {
		record := d.run.steps[i].record
		record.ExecutionID, record.StepID = d.run.setup.ExecutionID, d.run.steps[i].def.ID
		d.decision.Records = append(d.decision.Records, record)
	}
	d.decision.Progress = d.run.progress
	if !d.run.finished {
		d.decision.Wake = d.run.nextWake()
	}
	return d.decision
}

// nextWake is the earliest timer or the end of the time after a failure.
func (r *Run) nextWake() time.Time {
	wake := r.deadline()
	if r.cancelled {
		wake = time.Time{}
	}
	if first, ok := r.nextTimer(); ok && (wake.IsZero() || first.at.Before(wake)) {
		wake = first.at
	}
	return wake
}

// late reports whether the time that other lanes have after the first failure
// is over. A cancel awaits what is in flight, however long.
func (d *decider) late() bool {
	deadline := d.run.deadline()
	return !deadline.IsZero() && !d.run.cancelled && !d.now.Before(deadline)
}

func (d *decider) openWorkflow() {
	if !d.run.opened {
		d.run.opened = true
		d.emitWorkflow(orchestrator.EventWorkflowStarted, "Starting ", "")
	}
}

// wake rouses the steps whose timer is due.
func (d *decider) wake() {
	for !d.late() {
		first, ok := d.run.nextTimer()
		if !ok || first.at.After(d.now) {
			return
		}
		if d.run.steps[first.step].record.State == orchestrator.StepWaiting {
			d.giveUpWaiting(first.step)
		} else {
			d.run.rouse(first.step)
		}
	}
}

// settle carries on until nothing is left to decide: local steps are done on
// the spot, operations are offered, and what may not start is dropped.
func (d *decider) settle() {
	r := d.run
	for at := 0; at < len(r.ready); at++ {
		i := r.ready[at]
		switch {
		case !d.mayStart(&r.steps[i]):
			d.withdraw(i, d.whyNot())
		case r.steps[i].def.Kind != orchestrator.KindOperation:
			d.doLocal(i)
		case r.setup.DryRun:
			d.pretend(i)
		default:
			d.offer(i)
		}
	}
	r.ready = r.ready[:0]
}

// mayStart holds back what is new once somebody cancels or the lane has
// failed. A try that an earlier server left open is not new.
func (d *decider) mayStart(s *step) bool {
	switch {
	case d.late():
		return false
	case d.run.cancelled:
		return s.resumed
	default:
		return !s.lane.failed || s.begun()
	}
}

// whyNot is the reason why nothing that has begun is asked again.
func (d *decider) whyNot() string {
	if d.run.cancelled {
		return cancelReason
	}
	return lateReason
}

func (d *decider) offer(i int) {
	s := &d.run.steps[i]
	s.phase = offered
	d.run.open++
	start := Start{StepID: s.def.ID, Attempt: s.record.Attempt, Polls: s.record.Polls, Resumed: s.resumed, ChildID: s.record.ChildID}
	if s.record.State != orchestrator.StepRetrying {
		start.IntentAt = s.record.IntentAt
	}
	d.decision.Starts = append(d.decision.Starts, start)
}

// begin writes the intent of a new try. A try that goes on (asked again, or
// resumed) keeps its first intent and tells nothing new.
func (d *decider) begin(i int) {
	s := &d.run.steps[i]
	s.phase = inFlight
	switch s.record.State {
	case orchestrator.StepRunning:
		return
	case orchestrator.StepPolling, orchestrator.StepWaiting:
	default:
		s.record.IntentAt = d.now
		d.announce(s)
	}
	if s.record.StartedAt.IsZero() {
		s.record.StartedAt = d.now
	}
	s.record.State, s.record.NotBefore = orchestrator.StepRunning, time.Time{}
	d.keep(i)
}

// announce tells that a new try of an operation goes out.
func (d *decider) announce(s *step) {
	d.enter(s)
	d.emitTask(s, orchestrator.EventSendingTask, "Sending task", "")
	d.emitTask(s, orchestrator.EventTaskStarted, "Task started", "")
}

// enter opens the subgraphs around a step, outermost first, when the step is
// their first.
func (d *decider) enter(s *step) {
	for _, g := range s.groups() {
		if !g.opened {
			g.opened = true
			d.emitGroup(g, orchestrator.EventTaskStarted, "Subgraph started")
		}
	}
}

// doLocal carries out a step that touches nothing outside.
func (d *decider) doLocal(i int) {
	s := &d.run.steps[i]
	d.enter(s)
	switch {
	case s.def.Kind == orchestrator.KindEvent:
		d.emit(orchestrator.Event{
			Type: orchestrator.EventWorkflowNode, Message: s.def.Message,
			InstanceID: s.def.InstanceID, SourceID: s.def.SourceID, TargetID: s.def.TargetID, StepID: s.def.ID,
		})
	case !d.run.setup.DryRun:
		d.decision.States = append(d.decision.States, SetState{InstanceID: s.def.InstanceID, State: s.def.State})
	}
	s.record.StartedAt = d.now
	d.complete(i, orchestrator.StepSucceeded)
}

// pretend tells of an operation as if it had run.
func (d *decider) pretend(i int) {
	s := &d.run.steps[i]
	d.announce(s)
	d.emitTask(s, orchestrator.EventTaskSucceeded, "Task succeeded", "")
	s.record.StartedAt = d.now
	d.complete(i, orchestrator.StepSucceeded)
}

// complete ends a step well: steps after it may start. Its subgraphs close,
// innermost first, when it was their last.
func (d *decider) complete(i int, state orchestrator.StepState) {
	s := &d.run.steps[i]
	s.record.State, s.record.EndedAt, s.record.NotBefore = state, d.now, time.Time{}
	d.keep(i)
	d.run.done(i)
	for _, g := range innermostFirst(s) {
		if g.left == 0 {
			d.emitGroup(g, orchestrator.EventTaskSucceeded, "Subgraph succeeded")
		}
	}
}

// finish ends the run when nothing more can happen, or when the time after
// the first failure is over.
func (d *decider) finish() {
	r := d.run
	if r.open > 0 && !d.late() {
		return
	}
	d.abandon(lateReason)
	r.finished = true
	finish := &Finish{LeftBehind: r.InFlight()}
	switch {
	case r.cancelled:
		finish.Status = orchestrator.Cancelled
		d.emitWorkflow(orchestrator.EventWorkflowCancelled, "", " cancelled")
	case len(r.failures) > 0:
		finish.Status, finish.Error = orchestrator.Failed, r.errorText()
		d.emitWorkflow(orchestrator.EventWorkflowFailed, "", " failed: "+finish.Error)
	default:
		finish.Status = orchestrator.Terminated
		d.emitWorkflow(orchestrator.EventWorkflowSucceeded, "", " succeeded")
	}
	d.decision.Finish = finish
}
