package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
	"github.com/slipwayhq/slipway/orchestrator/workflow"
)

// estate is a made-up deployment on a far end that fails now and then. It
// lives through several executions, each starting from the states that the
// last one left.
type estate struct {
	t         *testing.T
	dice      *rand.Rand
	plan      *orchestrator.Plan
	instances []orchestrator.NodeInstance
	faulty    bool
}

// newEstate draws nodes that point at earlier ones, some in two instances,
// each with some of the lifecycle.
func newEstate(t *testing.T, seed uint64) *estate {
	e := &estate{t: t, dice: rand.New(rand.NewPCG(seed, 6)), plan: &orchestrator.Plan{}}
	byNode := map[string][]string{}
	for n := range 1 + e.dice.IntN(6) {
		node := orchestrator.Node{ID: fmt.Sprintf("n%d", n), Operations: operations(lifecycle, e.some("create", "configure", "start", "stop", "delete")...)}
		var bound []orchestrator.InstanceRelationship
		for target := range n {
			if e.dice.IntN(3) > 0 {
				continue
			}
			name := fmt.Sprintf("n%d", target)
			for _, id := range byNode[name] {
				bound = append(bound, orchestrator.InstanceRelationship{TargetNode: name, TargetID: id, Index: len(node.Relationships)})
			}
			node.Relationships = append(node.Relationships, orchestrator.Relationship{
				Target: name, SourceOperations: operations(relationship, e.some("preconfigure", "establish", "unlink")...),
				TargetOperations: operations(relationship, e.some("establish", "unlink")...),
			})
		}
		e.plan.Nodes = append(e.plan.Nodes, node)
		for index := range 1 + e.dice.IntN(2) {
			id := fmt.Sprintf("%s_%d", node.ID, index)
			byNode[node.ID] = append(byNode[node.ID], id)
			e.instances = append(e.instances, orchestrator.NodeInstance{ID: id, NodeID: node.ID, Index: index, State: orchestrator.Uninitialized, Relationships: bound})
		}
	}
	return e
}

func (e *estate) some(words ...string) []string {
	var out []string
	for _, word := range words {
		if e.dice.IntN(3) > 0 {
			out = append(out, word)
		}
	}
	return out
}

// run carries a workflow out and takes the states over.
func (e *estate) run(name string) orchestrator.ExecutionStatus {
	e.t.Helper()
	graph, err := workflow.Build(name, e.plan, e.instances, nil)
	if err != nil {
		e.t.Fatal(err)
	}
	setup := schedule.Setup{ExecutionID: "e1", Graph: graph, Facts: map[string]schedule.Facts{}, WaitAfterFail: time.Minute}
	found := workflow.NewOperations(e.plan, e.instances)
	for _, step := range graph.Steps {
		if step.Kind != orchestrator.KindOperation {
			continue
		}
		operation, ok := found.Of(step)
		if !ok {
			e.t.Fatalf("step %s leads to no operation", step.ID)
		}
		setup.Facts[step.ID] = schedule.Facts{Mapping: operation.Mapping(), MaxRetries: 1, Interval: time.Second}
	}
	w := newWorld(e.t, setup)
	w.dice = e.dice
	w.childLives = func(string) time.Duration { return 0 }
	w.answer = func(_ schedule.Start, step orchestrator.Step) schedule.Outcome {
		if e.faulty && e.dice.IntN(4) == 0 {
			return schedule.Failed{StepID: step.ID, Err: "boom", Fatal: e.dice.IntN(2) == 0}
		}
		return schedule.Succeeded{StepID: step.ID}
	}
	w.live()
	for i := range e.instances {
		if state, set := w.states[e.instances[i].ID]; set {
			e.instances[i].State = state
		}
	}
	return w.finish.Status
}

func (e *estate) mustAllBe(state orchestrator.InstanceState, after string) {
	e.t.Helper()
	for _, instance := range e.instances {
		if instance.State != state {
			e.t.Fatalf("after %s, %s is %s instead of %s", after, instance.ID, instance.State, state)
		}
	}
}

// Whatever a faulty install left behind, another install completes it, and an
// uninstall takes everything down, from wherever it stands.
func TestLifeOfDeployments(t *testing.T) {
	failures := 0
	for seed := range uint64(500) {
		e := newEstate(t, seed)
		e.faulty = true
		if e.run("install") == orchestrator.Failed {
			failures++
		}
		e.faulty = false
		if seed%2 == 0 {
			if got := e.run("install"); got != orchestrator.Terminated {
				t.Fatalf("seed %d: the second install ends %s", seed, got)
			}
			e.mustAllBe(orchestrator.InstanceStarted, "the second install")
		}
		if got := e.run("uninstall"); got != orchestrator.Terminated {
			t.Fatalf("seed %d: the uninstall ends %s", seed, got)
		}
		e.mustAllBe(orchestrator.Deleted, "the uninstall")
	}
	if failures < 100 {
		t.Errorf("only %d of the first installs failed: the far end is not faulty enough", failures)
	}
}
