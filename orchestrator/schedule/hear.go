package schedule

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// hear takes one piece of news in.
func (d *decider) hear(outcome Outcome) {
	switch o := outcome.(type) {
	case Succeeded:
		d.ifInFlight(o.StepID, func(i int) { d.succeeded(i, o) })
	case Again:
		d.ifInFlight(o.StepID, func(i int) { d.again(i, o) })
	case Wait:
		d.ifInFlight(o.StepID, func(i int) { d.wait(i, o) })
	case Failed:
		d.ifInFlight(o.StepID, func(i int) { d.failed(i, o) })
	case ChildEnded:
		d.childEnded(o.ChildID)
	case CancelRequested:
		d.cancel()
	}
}

// ifInFlight hands the step on, counted out of what the run waits for; it
// ignores news of a step that is not in flight.
func (d *decider) ifInFlight(stepID string, then func(i int)) {
	i, known := d.run.index[stepID]
	if !known || d.run.steps[i].phase != inFlight {
		return
	}
	d.run.open--
	d.run.steps[i].resumed = false
	then(i)
}

func (d *decider) succeeded(i int, o Succeeded) {
	s := &d.run.steps[i]
	tail := ""
	if o.Result != "" {
		tail = " - " + o.Result
	}
	d.emitTask(s, orchestrator.EventTaskSucceeded, "Task succeeded", tail)
	s.record.Result, s.record.Reason = o.Result, ""
	d.complete(i, orchestrator.StepSucceeded)
}

func (d *decider) again(i int, o Again) {
	s := &d.run.steps[i]
	after := o.After
	if after <= 0 {
		after = s.facts.Interval
	}
	s.record.State, s.record.Reason = orchestrator.StepPolling, o.Reason
	s.record.Polls++
	d.sleepUntil(i, d.now.Add(d.run.scaled(after)))
}

func (d *decider) wait(i int, o Wait) {
	s := &d.run.steps[i]
	s.record.State, s.record.ChildID, s.record.Reason = orchestrator.StepWaiting, o.ChildID, o.Reason
	if o.Reason == "" {
		s.record.Reason = "waits for execution " + o.ChildID
	}
	var limit time.Time
	if o.Limit > 0 {
		limit = d.now.Add(o.Limit)
	}
	d.run.children[o.ChildID] = i
	d.sleepUntil(i, limit)
	if d.run.early[o.ChildID] {
		delete(d.run.early, o.ChildID)
		d.childEnded(o.ChildID)
	}
}

// sleepUntil puts a step to sleep, or drops it where a cancel lets nothing be
// asked again.
func (d *decider) sleepUntil(i int, at time.Time) {
	s := &d.run.steps[i]
	s.record.NotBefore = at
	d.keep(i)
	d.run.sleep(i)
	if d.run.cancelled && s.record.State != orchestrator.StepWaiting {
		d.drop(i, cancelReason)
	}
}

func (d *decider) childEnded(childID string) {
	i, waiting := d.run.children[childID]
	if !waiting {
		d.run.early[childID] = true
		return
	}
	delete(d.run.children, childID)
	if d.run.cancelled {
		d.drop(i, cancelReason)
		return
	}
	d.run.rouse(i)
}

// rouse lets a sleeping step have its turn again.
func (r *Run) rouse(i int) {
	s := &r.steps[i]
	s.phase, s.wakeAt = untouched, time.Time{}
	r.open--
	r.ready = append(r.ready, i)
}

// giveUpWaiting fails a step that waited for its child as long as it may.
func (d *decider) giveUpWaiting(i int) {
	s := &d.run.steps[i]
	delete(d.run.children, s.record.ChildID)
	s.wakeAt = time.Time{}
	d.run.open--
	d.failed(i, Failed{
		StepID: s.def.ID, Fatal: true,
		Err: "gave up waiting for execution " + s.record.ChildID + ", which still runs",
	})
}

// failed decides between another try, going on regardless, and the end of the
// lane.
func (d *decider) failed(i int, o Failed) {
	s := &d.run.steps[i]
	again := d.mayRetry(s, o)
	d.tellFailure(s, o, again)
	switch {
	case again:
		d.retry(i, o)
	case s.def.IgnoreFailure:
		d.emit(orchestrator.Event{
			Type: orchestrator.EventWorkflowNode, Message: "Ignoring task " + s.facts.Mapping + " failure",
			InstanceID: s.def.InstanceID, SourceID: s.def.SourceID, TargetID: s.def.TargetID,
			Operation: s.def.Operation, StepID: s.def.ID,
		})
		s.record.Reason = o.Err
		d.complete(i, orchestrator.StepIgnored)
	default:
		d.giveUp(i, o)
	}
}

// mayRetry: an ignored failure is tried once, unless the operation itself asks
// for more; a cancel ends all retries.
func (d *decider) mayRetry(s *step, o Failed) bool {
	budget := s.facts.MaxRetries < 0 || s.record.Attempt < s.facts.MaxRetries
	wanted := o.Rescheduled || !o.Fatal && !s.def.IgnoreFailure
	return budget && wanted && !d.run.cancelled
}

func (d *decider) tellFailure(s *step, o Failed, again bool) {
	tail := " -> " + o.Err
	if o.RetryAfter > 0 {
		tail += " [retry_after=" + seconds(o.RetryAfter) + "]"
	}
	if o.Rescheduled && again {
		d.emitTask(s, orchestrator.EventTaskRescheduled, "Task rescheduled", tail, o.Causes...)
		return
	}
	d.emitTask(s, orchestrator.EventTaskFailed, "Task failed", tail, o.Causes...)
}

// retry counts the attempt up and forgets what belonged to the last one.
func (d *decider) retry(i int, o Failed) {
	s := &d.run.steps[i]
	after := o.RetryAfter
	if after <= 0 {
		after = s.facts.Interval
	}
	after = d.run.scaled(after)
	s.record.State = orchestrator.StepRetrying
	s.record.Attempt++
	s.record.Polls, s.record.ChildID = 0, ""
	s.record.Reason = retryReason(s, after, o.Err)
	d.sleepUntil(i, d.now.Add(after))
}

// giveUp fails the step and its lane. Subgraphs tell of it once, innermost
// first; starts of the lane that nobody began are withdrawn.
func (d *decider) giveUp(i int, o Failed) {
	s := &d.run.steps[i]
	for _, g := range innermostFirst(s) {
		if !g.failed {
			d.emitGroup(g, orchestrator.EventTaskFailed, "Subgraph failed")
		}
	}
	s.record.State, s.record.EndedAt, s.record.NotBefore = orchestrator.StepFailed, d.now, time.Time{}
	s.record.Reason, s.record.Result = cause(o), traceback(o)
	d.keep(i)
	d.run.failed(i)
	for _, member := range s.lane.members {
		if other := &d.run.steps[member]; other.phase == offered && !other.begun() {
			d.drop(member, "")
		}
	}
}

// Why a step that had begun is not asked again; its record keeps the sentence.
const (
	cancelReason = "not asked again: the execution was cancelled"
	lateReason   = "not asked again: the execution failed"
)

// cancel withdraws every start and timer; what is in flight, what an earlier
// server left open, and what waits for a child goes on to its end.
func (d *decider) cancel() {
	if !d.run.cancelled {
		d.run.cancelled = true
		d.abandon(cancelReason)
	}
}

// abandon drops the steps that only wait for their turn.
func (d *decider) abandon(why string) {
	for i := range d.run.steps {
		s := &d.run.steps[i]
		timed := s.phase == asleep && s.record.State != orchestrator.StepWaiting
		if timed || s.phase == offered && !s.resumed {
			d.drop(i, why)
		}
	}
}

// drop withdraws a step that the run would otherwise wait for.
func (d *decider) drop(i int, why string) {
	d.run.open--
	d.withdraw(i, why)
}

// withdraw takes a step out of the game. If it had begun, its record says why
// it ends in the middle.
func (d *decider) withdraw(i int, why string) {
	s := &d.run.steps[i]
	s.phase, s.wakeAt = dropped, time.Time{}
	if s.begun() {
		s.record.Reason, s.record.NotBefore = why, time.Time{}
		d.keep(i)
	}
}
