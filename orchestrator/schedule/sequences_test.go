package schedule_test

import (
	"flag"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
	"github.com/slipwayhq/slipway/orchestrator/workflow"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const (
	lifecycle    = "cloudify.interfaces.lifecycle."
	relationship = "cloudify.interfaces.relationship_lifecycle."
)

func operations(prefix string, words ...string) map[string]orchestrator.Operation {
	out := map[string]orchestrator.Operation{}
	for _, word := range words {
		out[prefix+word] = orchestrator.Operation{Name: prefix + word, Plugin: "p", Function: "p." + word}
	}
	return out
}

// trio is the topology of the worked sequences: A is contained in B, C is
// connected to B, with operations on both sides.
func trio(states map[string]orchestrator.InstanceState) (*orchestrator.Plan, []orchestrator.NodeInstance) {
	own := operations(lifecycle, "create", "configure", "start", "stop", "delete")
	sides := operations(relationship, "establish", "unlink")
	plan := &orchestrator.Plan{Nodes: []orchestrator.Node{
		{ID: "B", Operations: own},
		{ID: "A", Operations: own, Relationships: []orchestrator.Relationship{{Target: "B"}}},
		{ID: "C", Operations: own, Relationships: []orchestrator.Relationship{{Target: "B", SourceOperations: sides, TargetOperations: sides}}},
	}}
	var instances []orchestrator.NodeInstance
	for _, node := range plan.Nodes {
		instance := orchestrator.NodeInstance{ID: node.ID + "_1", NodeID: node.ID, State: orchestrator.Uninitialized}
		if state := states[instance.ID]; state != "" {
			instance.State = state
		}
		if len(node.Relationships) > 0 {
			instance.Relationships = []orchestrator.InstanceRelationship{{TargetNode: "B", TargetID: "B_1"}}
		}
		instances = append(instances, instance)
	}
	return plan, instances
}

// setupFor lays a workflow out and gives every operation the same policy.
func setupFor(t *testing.T, name string, states map[string]orchestrator.InstanceState, parameters map[string]orchestrator.Value, retries int) schedule.Setup {
	t.Helper()
	plan, instances := trio(states)
	graph, err := workflow.Build(name, plan, instances, parameters)
	if err != nil {
		t.Fatal(err)
	}
	found := workflow.NewOperations(plan, instances)
	setup := schedule.Setup{ExecutionID: "e1", Graph: graph, Facts: map[string]schedule.Facts{}, WaitAfterFail: 10 * time.Minute}
	for _, step := range graph.Steps {
		if operation, ok := found.Of(step); ok {
			setup.Facts[step.ID] = schedule.Facts{Mapping: operation.Mapping(), MaxRetries: retries, Interval: 15 * time.Second}
		}
	}
	return setup
}

func everyInstance(state orchestrator.InstanceState) map[string]orchestrator.InstanceState {
	return map[string]orchestrator.InstanceState{"A_1": state, "B_1": state, "C_1": state}
}

// script answers tries of an operation of one instance ("C_1 start") one after
// the other; what it does not list succeeds. A nil answer never comes.
type script map[string][]schedule.Outcome

func (s script) answer() func(schedule.Start, orchestrator.Step) schedule.Outcome {
	asked := map[string]int{}
	return func(start schedule.Start, step orchestrator.Step) schedule.Outcome {
		key := step.InstanceID + " " + step.Operation[strings.LastIndex(step.Operation, ".")+1:]
		answers, n := s[key], asked[key]
		asked[key]++
		if n >= len(answers) {
			return schedule.Succeeded{StepID: step.ID}
		}
		switch o := answers[n].(type) {
		case schedule.Succeeded:
			o.StepID = step.ID
			return o
		case schedule.Again:
			o.StepID = step.ID
			return o
		case schedule.Wait:
			o.StepID = step.ID
			return o
		case schedule.Failed:
			o.StepID = step.ID
			return o
		default:
			return nil
		}
	}
}

// hopeless is a failure that no retry mends, with what the far end said.
func hopeless(message string) schedule.Failed {
	return schedule.Failed{Err: message, Fatal: true, Causes: []orchestrator.ErrorCause{{Type: "NonRecoverableError", Message: message}}}
}

func TestSequences(t *testing.T) {
	cases := map[string]struct {
		reason     string
		workflow   string
		states     map[string]orchestrator.InstanceState
		parameters map[string]orchestrator.Value
		retries    int
		script     script
		child      time.Duration
		adjust     func(*world)
	}{
		"install": {
			reason:   "B first, then A and C side by side",
			workflow: "install", retries: 60,
		},
		"uninstall": {
			reason:   "A and C side by side, B only after both",
			workflow: "uninstall", states: everyInstance(orchestrator.InstanceStarted), retries: 60,
		},
		"install_failed": {
			reason:   "C fails for good; A, which knows nothing of it, goes on to its end",
			workflow: "install", retries: 60,
			script: script{"C_1 start": {hopeless("boom")}},
		},
		"install_again": {
			reason:   "after that failure a second install goes on at C's start",
			workflow: "install", retries: 60,
			states: map[string]orchestrator.InstanceState{"A_1": orchestrator.InstanceStarted, "B_1": orchestrator.InstanceStarted, "C_1": orchestrator.Starting},
		},
		"install_failed_target": {
			reason:   "nothing is heard of A and C, which wait for B",
			workflow: "install", retries: 60,
			script: script{"B_1 start": {hopeless("boom")}},
		},
		"rescheduled": {
			reason:   "the operation itself asks for another try after a second",
			workflow: "install", retries: 2,
			script: script{"B_1 configure": {schedule.Failed{Err: "not yet", Rescheduled: true, RetryAfter: time.Second}}},
		},
		"retried": {
			reason:   "ordinary errors are retried at the policy's interval until the budget is used up; each try tells of its failure",
			workflow: "install", retries: 2,
			script: script{"B_1 create": {schedule.Failed{Err: "busy"}, schedule.Failed{Err: "busy", RetryAfter: 1500 * time.Millisecond}, schedule.Failed{Err: "still busy"}}},
		},
		"retried_without_end": {
			reason:   "an endless policy shows no total",
			workflow: "install", retries: -1,
			script: script{"B_1 create": {schedule.Failed{Err: "busy"}, schedule.Failed{Err: "busy"}}},
		},
		"never_retried": {
			reason:   "a budget of nought means one try",
			workflow: "install", retries: 0,
			script: script{"B_1 create": {schedule.Failed{Err: "busy"}}},
		},
		"failure_ignored": {
			reason:   "with ignore_failure an operation is tried once, and the next steps follow; only what asks for a retry itself gets one",
			workflow: "uninstall", retries: 60,
			states:     everyInstance(orchestrator.InstanceStarted),
			parameters: map[string]orchestrator.Value{"ignore_failure": true},
			script: script{
				"C_1 stop":   {schedule.Failed{Err: "boom"}},
				"A_1 delete": {schedule.Failed{Err: "not yet", Rescheduled: true}, schedule.Failed{Err: "boom"}},
			},
		},
		"two_failures": {
			reason:   "the error text lists both, the earlier one with its traceback",
			workflow: "install", retries: 1,
			script: script{
				"A_1 create": {schedule.Failed{Err: "busy"}, schedule.Failed{Err: "busy"}},
				"C_1 configure": {schedule.Failed{Err: "boom", Fatal: true, Causes: []orchestrator.ErrorCause{
					{Type: "NonRecoverableError", Message: "boom", Traceback: "line 3, in configure"},
				}}},
			},
		},
		"asked_again": {
			reason:   "asking again uses up no retries and tells nothing; the result comes with the end",
			workflow: "install", retries: 0,
			script: script{"B_1 create": {
				schedule.Again{After: 20 * time.Second, Reason: "i-0abc is pending"},
				schedule.Again{Reason: "i-0abc is pending"},
				schedule.Succeeded{Result: "i-0abc"},
			}},
		},
		"waited_for_child": {
			reason:   "the step sleeps until the child ends, and is then asked again",
			workflow: "install", retries: 0, child: 5 * time.Minute,
			script: script{"B_1 start": {schedule.Wait{ChildID: "c1", Limit: 30 * time.Minute}}},
		},
		"waited_too_long": {
			reason:   "a step gives up waiting at its limit, which is no retry's business",
			workflow: "install", retries: 60,
			script: script{"B_1 start": {schedule.Wait{ChildID: "c1", Limit: 30 * time.Minute}}},
		},
		"failed_relationship": {
			reason:   "the subgraph of the relationships fails first, then the lane; the other side, begun already, is awaited",
			workflow: "install", retries: 60,
			script: script{"C_1 establish": {hopeless("no route")}},
		},
		"left_behind": {
			reason:   "what does not end within the time after the first failure is left behind",
			workflow: "install", retries: 60,
			script: script{"A_1 create": {hopeless("boom")}, "C_1 create": {nil}},
		},
		"cancelled_retry": {
			reason:   "a cancel wakes nobody: neither A's retry nor C's next question comes",
			workflow: "install", retries: 60,
			script: script{"A_1 create": {schedule.Failed{Err: "busy"}}, "C_1 start": {schedule.Again{After: time.Hour, Reason: "slow"}}},
			adjust: func(w *world) { w.cancelAt = begin.Add(5 * time.Second) },
		},
		"cancelled_waiting": {
			reason:   "a cancel awaits the child, which is cancelled on its own; then nothing new starts",
			workflow: "install", retries: 60, child: time.Minute,
			script: script{"A_1 start": {schedule.Wait{ChildID: "c1"}}},
			adjust: func(w *world) { w.cancelAt = begin.Add(5 * time.Second) },
		},
		"dry_run": {
			reason:   "everything is told, nothing is done",
			workflow: "install", retries: 60,
			adjust: func(w *world) { w.setup.DryRun = true },
		},
		"rehearsed": {
			reason:   "a rehearsal's speed divides the waits, not the texts",
			workflow: "install", retries: 60,
			script: script{"B_1 create": {schedule.Again{After: time.Minute}, schedule.Failed{Err: "busy", RetryAfter: time.Minute}}},
			adjust: func(w *world) { w.setup.Speed = 60 },
		},
		"rehearsed_at_once": {
			reason:   "the highest speed waits for nothing",
			workflow: "install", retries: 60,
			script: script{"B_1 create": {schedule.Again{After: time.Minute}, schedule.Failed{Err: "busy", RetryAfter: time.Minute}}},
			adjust: func(w *world) { w.setup.Speed = math.Inf(1) },
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, setupFor(t, tc.workflow, tc.states, tc.parameters, tc.retries))
			w.answer = tc.script.answer()
			w.childLives = func(string) time.Duration { return tc.child }
			if tc.adjust != nil {
				tc.adjust(w)
			}
			w.live()
			golden(t, name, "# "+tc.reason+"\n\n"+w.report())
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
