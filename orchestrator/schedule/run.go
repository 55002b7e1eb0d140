package schedule

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Run is an execution under way. Only Advance and Begin change it.
type Run struct {
	setup Setup
	steps []step         // in the graph's order
	index map[string]int // step ID to place in steps

	ready    []int // steps whose turn has come, oldest first
	timers   timers
	children map[string]int // child execution to the step that waits for it
	// early are children that ended before their step's Wait was heard.
	early map[string]bool

	open      int // steps offered, in flight or asleep: what the run still waits for
	progress  Progress
	failures  []int     // steps that failed for good
	failedAt  time.Time // of the first failure; zero without one
	cancelled bool
	opened    bool
	finished  bool
}

// step is a step of the graph with all that became of it.
type step struct {
	def    orchestrator.Step
	facts  Facts
	record orchestrator.StepRecord // State is empty while the step is untouched
	phase  phase
	// missing counts the steps of After that are not done; next lists the
	// steps that wait for this one.
	missing int
	next    []int
	// lane is the instance's subgraph, inner the subgraph around relationship
	// operations or nil.
	lane, inner *group
	// wakeAt is the time of the timer that counts; older ones are stale.
	wakeAt time.Time
	// resumed: an earlier server began this try and stopped before its outcome.
	resumed bool
}

// phase is where a step stands in this process; its record says what of it is
// durable.
type phase int

const (
	untouched phase = iota // its turn has not come
	offered                // handed out as a Start, not begun
	inFlight               // begun, no outcome yet
	asleep                 // until a timer or its child's end
	ended                  // succeeded, ignored or failed
	dropped                // withdrawn by a cancel or by its lane's failure
)

// begun reports whether the step had a try before, so that going on with it
// starts nothing new.
func (s *step) begun() bool { return s.record.State != "" }

// group is a subgraph that events tell about: a lane or, inside it, the level
// around relationship operations.
type group struct {
	name       string
	instanceID string
	members    []int
	left       int // members that are not done
	opened     bool
	failed     bool
}

// add appends a step and counts it into its lane and subgraph.
func (r *Run) add(def orchestrator.Step, known map[[2]string]*group) {
	i := len(r.steps)
	s := step{def: def, facts: r.setup.Facts[def.ID], lane: groupOf(known, def, "")}
	if def.Subgraph != "" {
		s.inner = groupOf(known, def, def.Subgraph)
	}
	for _, g := range s.groups() {
		g.members = append(g.members, i)
		g.left++
	}
	r.index[def.ID] = i
	r.steps = append(r.steps, s)
	if def.Kind == orchestrator.KindOperation {
		r.progress.Total++
	}
}

// groups lists the subgraphs around the step, outermost first.
func (s *step) groups() []*group {
	if s.inner == nil {
		return []*group{s.lane}
	}
	return []*group{s.lane, s.inner}
}

// subject is the instance whose lane the step belongs to: a relationship's
// operations run in the lane of its source.
func subject(def orchestrator.Step) string {
	if def.SourceID != "" {
		return def.SourceID
	}
	return def.InstanceID
}

// scaled divides a wait by the rehearsal's speed.
func (r *Run) scaled(d time.Duration) time.Duration {
	if r.setup.Speed > 0 {
		return time.Duration(float64(d) / r.setup.Speed)
	}
	return d
}

// deadline is when the lanes that still go on after the first failure are left
// behind; zero without a failure.
func (r *Run) deadline() time.Time {
	if r.failedAt.IsZero() {
		return time.Time{}
	}
	return r.failedAt.Add(r.setup.WaitAfterFail)
}
