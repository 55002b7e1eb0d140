package schedule_test

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
)

// random is a made-up execution: lanes that wait for earlier lanes, with steps
// side by side, and a far end that answers each question always the same way.
type random struct {
	seed  uint64
	setup schedule.Setup
	// cancelAt is zero for most.
	cancelAt time.Time
}

func newRandom(seed uint64) random {
	r := rand.New(rand.NewPCG(seed, 1))
	x := random{seed: seed, setup: schedule.Setup{
		ExecutionID:   "e1",
		Graph:         orchestrator.Graph{Format: orchestrator.GraphFormat, Name: "install"},
		Facts:         map[string]schedule.Facts{},
		WaitAfterFail: []time.Duration{time.Second, 20 * time.Second, 10 * time.Minute}[r.IntN(3)],
		DryRun:        r.IntN(20) == 0,
	}}
	if r.IntN(4) == 0 {
		x.cancelAt = begin.Add(time.Duration(r.IntN(40)) * time.Second)
	}
	var ends [][]string
	for lane := range 1 + r.IntN(6) {
		var after []string
		for _, end := range ends {
			if r.IntN(3) == 0 {
				after = append(after, end...)
			}
		}
		ends = append(ends, x.lane(r, fmt.Sprintf("lane%d", lane), after))
	}
	return x
}

// lane appends a sequence of forks and returns its last steps.
func (x *random) lane(r *rand.Rand, name string, after []string) []string {
	for number := range 1 + r.IntN(5) {
		var fork []string
		subgraph := ""
		if r.IntN(3) == 0 {
			subgraph = fmt.Sprintf("subgraph%d", number)
		}
		for range 1 + r.IntN(3) {
			step := x.step(r, name, subgraph)
			step.After = after
			x.setup.Graph.Steps = append(x.setup.Graph.Steps, step)
			fork = append(fork, step.ID)
		}
		after = fork
	}
	return after
}

func (x *random) step(r *rand.Rand, lane, subgraph string) orchestrator.Step {
	step := orchestrator.Step{ID: fmt.Sprintf("%s/%02d", lane, len(x.setup.Graph.Steps)), Lane: lane, InstanceID: lane + "_1", Subgraph: subgraph}
	switch r.IntN(5) {
	case 0:
		step.Kind, step.Message = orchestrator.KindEvent, "says "+step.ID
	case 1:
		step.Kind, step.State = orchestrator.KindState, orchestrator.Creating
	default:
		step.Kind, step.Operation = orchestrator.KindOperation, lifecycle+"create"
		step.IgnoreFailure = r.IntN(6) == 0
		x.setup.Facts[step.ID] = schedule.Facts{Mapping: "p." + step.ID, MaxRetries: r.IntN(4), Interval: time.Duration(1+r.IntN(20)) * time.Second}
	}
	return step
}

// answer depends on the question alone, so that asking again after a crash
// gets the same answer, as a far end that is safe to ask twice gives it.
func (x random) answer(start schedule.Start, step orchestrator.Step) schedule.Outcome {
	r := rand.New(rand.NewPCG(digest(x.seed, step.ID, start.Attempt, start.Polls, start.ChildID != ""), 2))
	switch n := r.IntN(20); {
	case n < 3:
		return schedule.Failed{StepID: step.ID, Err: "busy", Rescheduled: r.IntN(2) == 0, RetryAfter: time.Duration(r.IntN(3)) * time.Second}
	case n < 4:
		return schedule.Failed{StepID: step.ID, Err: "boom", Fatal: true}
	case n < 7 && start.Polls < 5:
		return schedule.Again{StepID: step.ID, After: time.Duration(r.IntN(9)) * time.Second, Reason: "pending"}
	case n < 9 && start.ChildID == "":
		return schedule.Wait{StepID: step.ID, ChildID: fmt.Sprintf("child of %s, attempt %d", step.ID, start.Attempt), Limit: time.Duration(10+r.IntN(50)) * time.Second}
	default:
		return schedule.Succeeded{StepID: step.ID, Result: fmt.Sprint(n)}
	}
}

// childLives: every third child never ends, and its parent has to give up.
func (x random) childLives(id string) time.Duration {
	n := digest(x.seed, id) % 30
	if n < 10 && x.cancelAt.IsZero() {
		return 0
	}
	return time.Duration(1+n) * time.Second
}

func digest(question ...any) uint64 {
	hash := fnv.New64a()
	_, _ = fmt.Fprintln(hash, question...) // a hash takes everything
	return hash.Sum64()
}

// live runs the execution in a world that adjust may make harder.
func (x random) live(t *testing.T, adjust func(*world)) *world {
	t.Helper()
	w := newWorld(t, x.setup)
	w.answer, w.childLives, w.cancelAt = x.answer, x.childLives, x.cancelAt
	adjust(w)
	w.live()
	return w
}

func calm(*world) {}

// dying lets the server die before commits.
func dying(crash func() bool) func(*world) { return func(w *world) { w.crash = crash } }

// seen is what an execution leaves behind, regardless of the order of what
// happened at the same time.
func seen(w *world) string {
	slices.Sort(w.lines)
	return w.report()
}

// A run never begins a step early (world.begin looks), always ends, and ends
// in the status that its records tell.
func TestRunsEnd(t *testing.T) {
	statuses := map[orchestrator.ExecutionStatus]int{}
	for seed := range uint64(3000) {
		x := newRandom(seed)
		w := x.live(t, func(w *world) { w.dice = rand.New(rand.NewPCG(seed, 4)) })
		statuses[w.finish.Status]++
		if diff := cmp.Diff(expected(x, w), w.finish.Status); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s\n%s", seed, diff, w.report())
		}
		checkStory(t, seed, w)
	}
	for _, status := range []orchestrator.ExecutionStatus{orchestrator.Terminated, orchestrator.Failed, orchestrator.Cancelled} {
		if statuses[status] < 100 {
			t.Errorf("only %d of the runs ended %s: the generator has lost its variety", statuses[status], status)
		}
	}
}

func expected(x random, w *world) orchestrator.ExecutionStatus {
	if w.setup.CancelRequested {
		return orchestrator.Cancelled
	}
	for _, step := range x.setup.Graph.Steps {
		if !w.records[step.ID].State.Done() {
			return orchestrator.Failed
		}
	}
	return orchestrator.Terminated
}

// checkStory reads the events as a person does: nothing twice, every subgraph
// opened before it closes, every task that started has an end.
func checkStory(t *testing.T, seed uint64, w *world) {
	t.Helper()
	told := map[string]int{}
	for at, event := range w.events {
		key := fmt.Sprintf("%s|%s|%s", event.InstanceID, event.Type, event.Message)
		if _, twice := told[key]; twice && event.Type != orchestrator.EventWorkflowNode {
			t.Fatalf("seed %d: told twice: %s", seed, key)
		}
		told[key] = at
		subgraph := strings.NewReplacer("Subgraph succeeded", "Subgraph started", "Subgraph failed", "Subgraph started").Replace(event.Message)
		if strings.HasPrefix(subgraph, "Subgraph") {
			if opened, ok := told[fmt.Sprintf("%s|%s|%s", event.InstanceID, orchestrator.EventTaskStarted, subgraph)]; !ok || opened > at {
				t.Fatalf("seed %d: %q before its start", seed, event.Message)
			}
		}
	}
}

// Dying before any commit, again and again, changes nothing of what is seen.
func TestResumeEqualsNoCrash(t *testing.T) {
	for seed := range uint64(400) {
		x := newRandom(seed)
		commits := 0
		want := seen(x.live(t, dying(func() bool { commits++; return false })))
		for cut := range commits {
			left := cut
			got := seen(x.live(t, dying(func() bool { left--; return left == -1 })))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("seed %d, crash before commit %d: -without +with crash:\n%s", seed, cut, diff)
			}
		}
		dice := rand.New(rand.NewPCG(seed, 3))
		got := seen(x.live(t, dying(func() bool { return dice.IntN(4) == 0 })))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, many crashes: -without +with crashes:\n%s", seed, diff)
		}
	}
}

func FuzzResumeEqualsNoCrash(f *testing.F) {
	f.Add(uint64(1), uint8(3))
	f.Add(uint64(77), uint8(0))
	f.Fuzz(func(t *testing.T, seed uint64, cut uint8) {
		x := newRandom(seed)
		want := seen(x.live(t, calm))
		left := int(cut)
		got := seen(x.live(t, dying(func() bool { left--; return left == -1 })))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-without +with crash:\n%s", diff)
		}
	})
}
