package schedule

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
)

// New builds a run from what is stored. It refuses a graph that could never
// end (a cycle, an unknown or double step) and records that do not belong to
// the graph.
func New(setup Setup) (*Run, error) {
	run := &Run{
		setup:    setup,
		index:    make(map[string]int, len(setup.Graph.Steps)),
		children: map[string]int{},
		early:    map[string]bool{},
		opened:   setup.Opened,
	}
	if err := run.layOut(setup.Graph); err != nil {
		return nil, fmt.Errorf("lay out the %s graph: %w", setup.Graph.Name, err)
	}
	for _, record := range setup.Records {
		if err := run.restore(record); err != nil {
			return nil, fmt.Errorf("restore step %s: %w", record.StepID, err)
		}
	}
	run.prime()
	return run, nil
}

// layOut turns the graph into steps that know whom they wait for and who waits
// for them.
func (r *Run) layOut(graph orchestrator.Graph) error {
	if graph.Format > orchestrator.GraphFormat {
		return fmt.Errorf("format %d is newer than this version of Slipway reads (%d)", graph.Format, orchestrator.GraphFormat)
	}
	r.steps = make([]step, 0, len(graph.Steps))
	groups := map[[2]string]*group{}
	for _, def := range graph.Steps {
		if _, double := r.index[def.ID]; double {
			return fmt.Errorf("step %s appears twice", def.ID)
		}
		r.add(def, groups)
	}
	for i := range r.steps {
		for _, id := range r.steps[i].def.After {
			before, ok := r.index[id]
			if !ok {
				return fmt.Errorf("step %s waits for %s, which does not exist", r.steps[i].def.ID, id)
			}
			r.steps[before].next = append(r.steps[before].next, i)
			r.steps[i].missing++
		}
	}
	return r.refuseCycle()
}

// groupOf finds or makes the lane of a step or, with a subgraph's name, that
// subgraph inside the lane.
func groupOf(known map[[2]string]*group, def orchestrator.Step, subgraph string) *group {
	key := [2]string{def.Lane, subgraph}
	if g, ok := known[key]; ok {
		return g
	}
	g := &group{name: cmp.Or(subgraph, def.Lane), instanceID: subject(def)}
	known[key] = g
	return g
}

// refuseCycle walks the graph in dependency order and sees whether it reaches
// every step.
func (r *Run) refuseCycle() error {
	missing := make([]int, len(r.steps))
	var free []int
	for i := range r.steps {
		if missing[i] = r.steps[i].missing; missing[i] == 0 {
			free = append(free, i)
		}
	}
	for seen := 0; seen < len(free); seen++ {
		for _, next := range r.steps[free[seen]].next {
			if missing[next]--; missing[next] == 0 {
				free = append(free, next)
			}
		}
	}
	if len(free) == len(r.steps) {
		return nil
	}
	for i := range r.steps {
		if missing[i] > 0 {
			return fmt.Errorf("step %s waits, over others, for itself", r.steps[i].def.ID)
		}
	}
	return nil
}

// restore puts a step back to where its record says that it was.
func (r *Run) restore(record orchestrator.StepRecord) error {
	i, ok := r.index[record.StepID]
	if !ok {
		return errors.New("the graph has no such step")
	}
	s := &r.steps[i]
	s.record = record
	for _, g := range s.groups() {
		g.opened = true
	}
	switch record.State {
	case orchestrator.StepSucceeded, orchestrator.StepIgnored:
		r.done(i)
	case orchestrator.StepFailed:
		r.failed(i)
	case orchestrator.StepRunning:
		s.resumed = true
	case orchestrator.StepWaiting:
		r.sleep(i)
		r.children[record.ChildID] = i
	case orchestrator.StepPolling, orchestrator.StepRetrying:
		r.sleep(i)
	default:
		return fmt.Errorf("unknown state %q", record.State)
	}
	return nil
}

// prime queues, in the graph's order, the steps whose turn has come and the
// tries that an earlier server left without an outcome.
func (r *Run) prime() {
	r.ready = r.ready[:0]
	for i := range r.steps {
		s := &r.steps[i]
		if s.resumed || !s.begun() && s.missing == 0 {
			r.ready = append(r.ready, i)
		}
	}
}

// done counts a step as done and queues the steps that waited for it alone.
// It is the one place where order is decided.
func (r *Run) done(i int) {
	s := &r.steps[i]
	r.end(s)
	for _, g := range s.groups() {
		g.left--
	}
	for _, next := range s.next {
		if r.steps[next].missing--; r.steps[next].missing == 0 {
			r.ready = append(r.ready, next)
		}
	}
}

// failed counts a step as failed for good; what waits for it never runs.
func (r *Run) failed(i int) {
	s := &r.steps[i]
	r.end(s)
	for _, g := range s.groups() {
		g.failed = true
	}
	r.failures = append(r.failures, i)
	if at := s.record.EndedAt; r.failedAt.IsZero() || at.Before(r.failedAt) {
		r.failedAt = at
	}
}

func (r *Run) end(s *step) {
	s.phase = ended
	if s.def.Kind == orchestrator.KindOperation {
		r.progress.Finished++
	}
}

// sleep lets a step wait for its timer, for its child, or for both.
func (r *Run) sleep(i int) {
	s := &r.steps[i]
	s.phase, s.wakeAt = asleep, s.record.NotBefore
	r.open++
	if !s.wakeAt.IsZero() {
		r.timers.add(s.wakeAt, i)
	}
}
