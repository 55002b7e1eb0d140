package schedule

import (
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Finished reports whether the run has given its last decision.
func (r *Run) Finished() bool { return r.finished }

// Step returns the step of that ID.
func (r *Run) Step(id string) (orchestrator.Step, bool) {
	i, ok := r.index[id]
	if !ok {
		return orchestrator.Step{}, false
	}
	return r.steps[i].def, true
}

// InFlight lists the steps that were begun and have no outcome yet, in the
// graph's order. A run without any may be put to sleep until its next wake
// time or a child's end.
func (r *Run) InFlight() []string {
	var ids []string
	for i := range r.steps {
		if r.steps[i].phase == inFlight {
			ids = append(ids, r.steps[i].def.ID)
		}
	}
	return ids
}

// Children lists the child executions that steps wait for, sorted. After New,
// look which of them have ended meanwhile and report each as ChildEnded.
func (r *Run) Children() []string {
	return orchestrator.SortedKeys(r.children)
}

// Reason says in a sentence what the run waits for, for Execution.Reason; empty
// when it waits for nothing. It looks at every step: ask when somebody wants
// to know, not at each outcome.
func (r *Run) Reason() string {
	var running, queued, sleeping []*step
	for i := range r.steps {
		switch s := &r.steps[i]; s.phase {
		case offered:
			queued = append(queued, s)
		case inFlight:
			running = append(running, s)
		case asleep:
			sleeping = append(sleeping, s)
		}
	}
	switch {
	case r.finished:
		return ""
	case r.cancelled && r.open > 0:
		return "cancelling: awaits " + describe(slices.Concat(running, queued, sleeping))
	case len(running) > 0:
		return "runs " + describe(running)
	case len(queued) > 0:
		return "waits for a free operation slot: " + describe(queued)
	case len(sleeping) > 0:
		first := slices.MinFunc(sleeping, wakesFirst)
		return first.def.InstanceID + ": " + first.record.Reason
	default:
		return ""
	}
}

// wakesFirst orders by timer; a step without one comes last.
func wakesFirst(a, b *step) int {
	if a.wakeAt.IsZero() || b.wakeAt.IsZero() {
		return b.wakeAt.Compare(a.wakeAt) // the zero time is before all others
	}
	return a.wakeAt.Compare(b.wakeAt)
}

func describe(steps []*step) string {
	text := fmt.Sprintf("%s of %s", steps[0].def.Operation, steps[0].def.InstanceID)
	if more := len(steps) - 1; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
