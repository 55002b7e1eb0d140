package workflow

import (
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

// row is one line of a recipe: an operation, with what is told and which
// states are set around it. A row without operation is only what it tells.
type row struct {
	operation string // full name
	// ofRelationships: the operation of the instance's relationships, both
	// sides, instead of its own.
	ofRelationships bool
	backwards       bool // the relationships from the last to the first
	onlyHosts       bool
	// skip lists the states in which the row has been done or must not be done.
	skip []orchestrator.InstanceState
	// before and after hold the steps that run together ahead of the operation
	// and behind it.
	before, after []orchestrator.Step
	// idle is told when there is nothing to do; skipped, when set, is told
	// instead where the state is the cause, with the state in place of %s.
	idle, skipped string
	ignoreFailure bool
}

const (
	lifecycle    = "cloudify.interfaces.lifecycle."
	relationship = "cloudify.interfaces.relationship_lifecycle."
)

func say(message string) orchestrator.Step {
	return orchestrator.Step{Kind: orchestrator.KindEvent, Message: message}
}

func set(state orchestrator.InstanceState) orchestrator.Step {
	return orchestrator.Step{Kind: orchestrator.KindState, State: state}
}

func together(steps ...orchestrator.Step) []orchestrator.Step { return steps }

// lane is the sequence of one instance's steps under construction.
type lane struct {
	name          string
	actor         *actor
	ignoreFailure bool
	steps         []orchestrator.Step
	heads         int      // how many steps, from the first, run at once at the start
	tail          []string // the steps that the next ones wait for
	// following holds, by operation, the steps right behind it.
	following map[string][]string
	latest    string // the operation whose followers come next
	waits     []string
	waitsFor  map[string]bool
}

func newLane(name string, actor *actor) *lane {
	return &lane{name: name, actor: actor, following: map[string][]string{}, waitsFor: map[string]bool{}}
}

// then appends steps that run together, behind everything so far.
func (l *lane) then(steps ...orchestrator.Step) {
	if len(steps) == 0 {
		return
	}
	if len(l.steps) == 0 {
		l.heads = len(steps)
	}
	var ids []string
	for _, step := range steps {
		step.ID = fmt.Sprintf("%s/%02d", l.name, len(l.steps)+1)
		step.Lane = l.name
		step.After = slices.Clone(l.tail)
		if step.InstanceID == "" {
			step.InstanceID = l.actor.instance.ID
		}
		if step.Kind == orchestrator.KindOperation {
			step.IgnoreFailure = step.IgnoreFailure || l.ignoreFailure
		}
		l.steps = append(l.steps, step)
		ids = append(ids, step.ID)
	}
	l.tail = ids
	if l.latest != "" {
		l.following[l.latest], l.latest = ids, ""
	}
}

// wait makes the lane's first steps wait for steps of other lanes.
func (l *lane) wait(ids ...string) {
	for _, id := range ids {
		if l.waitsFor[id] {
			continue
		}
		l.waitsFor[id] = true
		l.waits = append(l.waits, id)
		for i := range l.steps[:l.heads] {
			l.steps[i].After = append(l.steps[i].After, id)
		}
	}
}

// operates reports whether the lane holds an operation.
func (l *lane) operates() bool {
	return slices.ContainsFunc(l.steps, func(s orchestrator.Step) bool { return s.Kind == orchestrator.KindOperation })
}

// add appends what a row means for the lane's instance.
func (l *lane) add(r row, reaches func(target string) bool) {
	state := l.actor.instance.State
	switch skip := slices.Contains(r.skip, state); {
	case r.onlyHosts && !l.actor.node.Is("cloudify.nodes.Compute"):
	case skip && r.skipped != "":
		l.then(say(fmt.Sprintf(r.skipped, state)))
	case skip:
		l.sayIdle(r)
	case r.operation == "":
		l.then(r.before...)
	default:
		l.operate(r, reaches)
	}
}

func (l *lane) sayIdle(r row) {
	if r.idle != "" {
		l.then(say(r.idle))
	}
}

func (l *lane) operate(r row, reaches func(target string) bool) {
	batches := l.own(r)
	if r.ofRelationships {
		batches = l.relationships(r, reaches)
	}
	if len(batches) == 0 {
		l.sayIdle(r)
		return
	}
	l.then(r.before...)
	for _, batch := range batches {
		l.then(batch...)
	}
	l.latest = r.operation
	l.then(r.after...)
}

// own is the instance's own operation, or nothing where its node declares none
// or an empty one.
func (l *lane) own(r row) [][]orchestrator.Step {
	if operation, ok := l.actor.node.Operations[r.operation]; !ok || operation.IsNoop() {
		return nil
	}
	step := orchestrator.Step{Kind: orchestrator.KindOperation, Operation: r.operation, IgnoreFailure: r.ignoreFailure}
	return [][]orchestrator.Step{{step}}
}

// relationships batches the operations of both sides: relationships that stand
// next to each other and lead to the same node run together, batch after batch.
func (l *lane) relationships(r row, reaches func(target string) bool) [][]orchestrator.Step {
	links := slices.Clone(l.actor.links)
	if r.backwards {
		slices.Reverse(links)
	}
	var batches [][]orchestrator.Step
	latest := ""
	for _, link := range links {
		if !reaches(link.bound.TargetID) {
			continue
		}
		if len(batches) == 0 || link.targetNode != latest {
			batches, latest = append(batches, nil), link.targetNode
		}
		last := &batches[len(batches)-1]
		*last = append(*last, l.sides(r, link)...)
	}
	return slices.DeleteFunc(batches, func(batch []orchestrator.Step) bool { return len(batch) == 0 })
}

// sides are the operations of one relationship, source before target; either
// may be missing.
func (l *lane) sides(r row, link link) []orchestrator.Step {
	source := orchestrator.Step{
		Kind: orchestrator.KindOperation, Operation: r.operation, IgnoreFailure: r.ignoreFailure,
		InstanceID: l.actor.instance.ID, SourceID: l.actor.instance.ID, TargetID: link.bound.TargetID,
		RelationshipIndex: link.bound.Index, Subgraph: r.operation + "_subgraph",
	}
	target := source
	target.InstanceID, target.OnTarget = link.bound.TargetID, true
	var steps []orchestrator.Step
	if operation, ok := link.written.SourceOperations[r.operation]; ok && !operation.IsNoop() {
		steps = append(steps, source)
	}
	if operation, ok := link.written.TargetOperations[r.operation]; ok && !operation.IsNoop() {
		steps = append(steps, target)
	}
	return steps
}
