package schedule_test

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/workflow"
)

// diagram returns the edges "from -> to" of the state diagram under a heading
// of docs/state_machine.md; the document shows what the code does, or it fails.
func diagram(t *testing.T, heading string) []string {
	t.Helper()
	text, err := os.ReadFile("../../docs/state_machine.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "\n## "+heading+"\n")
	_, section, drawn := strings.Cut(section, "stateDiagram-v2\n")
	section, _, closed := strings.Cut(section, "```")
	if !found || !drawn || !closed {
		t.Fatalf("the document has no diagram under %q", heading)
	}
	var edges []string
	for _, edge := range regexp.MustCompile(`(\S+) --> ([^\s:]+)`).FindAllStringSubmatch(section, -1) {
		edges = append(edges, edge[1]+" -> "+edge[2])
	}
	slices.Sort(edges)
	return edges
}

// inner leaves out the edges from and to the outside.
func inner(edges []string) []string {
	return slices.DeleteFunc(edges, func(e string) bool { return strings.Contains(e, "[*]") })
}

func TestDocumentDrawsExecutions(t *testing.T) {
	all := []orchestrator.ExecutionStatus{
		orchestrator.Pending, orchestrator.Started, orchestrator.Terminated, orchestrator.Failed, orchestrator.Cancelling,
		orchestrator.ForceCancelling, orchestrator.KillCancelling, orchestrator.Cancelled, orchestrator.Queued, orchestrator.Scheduled,
	}
	var legal []string
	for _, from := range all {
		for _, to := range all {
			if from != to && from.CanMove(to) {
				legal = append(legal, string(from)+" -> "+string(to))
			}
		}
	}
	slices.Sort(legal)
	if diff := cmp.Diff(legal, inner(diagram(t, "Execution"))); diff != "" {
		t.Errorf("-code +document:\n%s", diff)
	}
}

// Every move of a step that thousands of random runs make is drawn, and every
// move that is drawn is made.
func TestDocumentDrawsSteps(t *testing.T) {
	made := map[string]bool{}
	for seed := range uint64(3000) {
		w := newRandom(seed).live(t, func(w *world) {
			w.dice = rand.New(rand.NewPCG(seed, 5))
			w.moved = func(from, to orchestrator.StepState) { made[orEnd(from)+" -> "+string(to)] = true }
		})
		for _, record := range w.records {
			if record.State.Done() || record.State == orchestrator.StepFailed {
				made[string(record.State)+" -> [*]"] = true
			}
		}
	}
	if diff := cmp.Diff(orchestrator.SortedKeys(made), diagram(t, "Step")); diff != "" {
		t.Errorf("-runs +document:\n%s", diff)
	}
}

func orEnd(state orchestrator.StepState) string {
	if state == "" {
		return "[*]"
	}
	return string(state)
}

// Every move of an instance that is drawn is one that install or uninstall
// makes, with some of the operations missing.
func TestDocumentDrawsInstances(t *testing.T) {
	made := map[string]bool{}
	words := []string{"create", "configure", "start", "stop", "delete"}
	for _, from := range []orchestrator.InstanceState{orchestrator.Uninitialized, orchestrator.Configured, orchestrator.InstanceStarted, orchestrator.Deleted} {
		for _, name := range []string{"install", "uninstall"} {
			for missing := range 1 << len(words) {
				state := from
				for _, next := range stateSteps(t, name, from, words, missing) {
					if state != next {
						made[string(state)+" -> "+string(next)] = true
					}
					state = next
				}
			}
		}
	}
	for _, edge := range inner(diagram(t, "Node instance")) {
		if !made[edge] {
			t.Errorf("%s is drawn, and neither workflow does it", edge)
		}
	}
}

// stateSteps lays out a workflow for one instance whose node has the
// operations that the bits of missing leave, and lists the states it sets.
func stateSteps(t *testing.T, name string, from orchestrator.InstanceState, words []string, missing int) []orchestrator.InstanceState {
	t.Helper()
	var left []string
	for i, word := range words {
		if missing&(1<<i) == 0 {
			left = append(left, word)
		}
	}
	node := orchestrator.Node{ID: "vm", Operations: operations(lifecycle, left...)}
	node.Operations[lifecycle+"poststart"] = orchestrator.Operation{Plugin: "p", Function: "p.poststart"}
	if missing == 1<<len(words)-1 {
		delete(node.Operations, lifecycle+"poststart")
	}
	plan := &orchestrator.Plan{Nodes: []orchestrator.Node{node}}
	graph, err := workflow.Build(name, plan, []orchestrator.NodeInstance{{ID: "vm_1", NodeID: "vm", State: from}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var states []orchestrator.InstanceState
	for _, step := range graph.Steps {
		if step.Kind == orchestrator.KindState {
			states = append(states, step.State)
		}
	}
	return states
}
