package schedule_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
)

// op is an operation step "<lane>/<n>" on instance <lane>_1.
func op(id string, after ...string) orchestrator.Step {
	lane, _, _ := strings.Cut(id, "/")
	return orchestrator.Step{ID: id, Lane: lane, Kind: orchestrator.KindOperation, Operation: lifecycle + "create", InstanceID: lane + "_1", After: after}
}

func setupOf(steps ...orchestrator.Step) schedule.Setup {
	setup := schedule.Setup{
		ExecutionID: "e1", WaitAfterFail: 10 * time.Minute, Facts: map[string]schedule.Facts{},
		Graph: orchestrator.Graph{Format: orchestrator.GraphFormat, Name: "install", Steps: steps},
	}
	for _, step := range steps {
		setup.Facts[step.ID] = schedule.Facts{Mapping: "p.create", MaxRetries: 3, Interval: 15 * time.Second}
	}
	return setup
}

// talk is a run with the decisions that tests ask it for.
type talk struct {
	t   *testing.T
	run *schedule.Run
	now time.Time
}

func startTalk(t *testing.T, setup schedule.Setup) (*talk, schedule.Decision) {
	t.Helper()
	run, err := schedule.New(setup)
	if err != nil {
		t.Fatal(err)
	}
	tk := &talk{t: t, run: run, now: begin}
	return tk, tk.hear()
}

func (tk *talk) hear(outcomes ...schedule.Outcome) schedule.Decision {
	return schedule.Advance(tk.run, outcomes, tk.now)
}

func (tk *talk) begin(id string) schedule.Decision {
	tk.t.Helper()
	decision, ok := schedule.Begin(tk.run, id, tk.now)
	if !ok {
		tk.t.Fatalf("%s may not begin", id)
	}
	return decision
}

func starts(d schedule.Decision) []string {
	var ids []string
	for _, start := range d.Starts {
		ids = append(ids, start.StepID)
	}
	return ids
}

func status(d schedule.Decision) orchestrator.ExecutionStatus {
	if d.Finish == nil {
		return ""
	}
	return d.Finish.Status
}

func TestCancelAwaitsWhatIsInFlight(t *testing.T) {
	tk, first := startTalk(t, setupOf(op("a/1"), op("a/2", "a/1"), op("b/1")))
	if diff := cmp.Diff([]string{"a/1", "b/1"}, starts(first)); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	tk.begin("a/1")
	if got := status(tk.hear(schedule.CancelRequested{})); got != "" {
		t.Fatalf("a/1 is in flight, and the run ends %s", got)
	}
	if _, ok := schedule.Begin(tk.run, "b/1", tk.now); ok {
		t.Error("b/1 had a start before the cancel and may still begin after it")
	}
	if diff := cmp.Diff("cancelling: awaits "+lifecycle+"create of a_1", tk.run.Reason()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	last := tk.hear(schedule.Succeeded{StepID: "a/1"})
	if status(last) != orchestrator.Cancelled || len(last.Starts) > 0 {
		t.Errorf("after the outcome: status %q, starts %v", status(last), starts(last))
	}
	if got := last.Records[0]; got.State != orchestrator.StepSucceeded {
		t.Errorf("the awaited outcome was not recorded: %+v", got)
	}
}

func TestCancelEndsRetries(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1")))
	tk.begin("a/1")
	tk.hear(schedule.CancelRequested{})
	last := tk.hear(schedule.Failed{StepID: "a/1", Err: "busy"})
	if status(last) != orchestrator.Cancelled || last.Records[0].State != orchestrator.StepFailed {
		t.Errorf("status %q, record %+v", status(last), last.Records[0])
	}
}

// A try that a dead server left open is asked again even under a cancel: only
// so is known what it did.
func TestCancelAsksOpenIntentsAgain(t *testing.T) {
	setup := setupOf(op("a/1"), op("b/1"))
	setup.Opened, setup.CancelRequested = true, true
	setup.Records = []orchestrator.StepRecord{{StepID: "a/1", State: orchestrator.StepRunning, Attempt: 2, IntentAt: begin.Add(-time.Minute), ChildID: "c1"}}
	tk, first := startTalk(t, setup)
	want := []schedule.Start{{StepID: "a/1", Attempt: 2, IntentAt: begin.Add(-time.Minute), Resumed: true, ChildID: "c1"}}
	if diff := cmp.Diff(want, first.Starts); diff != "" {
		t.Fatalf("-want +got:\n%s", diff)
	}
	if again := tk.begin("a/1"); len(again.Events)+len(again.Records) > 0 {
		t.Errorf("the intent is known already, but is told again: %+v", again)
	}
	if got := status(tk.hear(schedule.Succeeded{StepID: "a/1"})); got != orchestrator.Cancelled {
		t.Errorf("status %q", got)
	}
}

// The other side of a relationship may still wait for a slot when the lane
// fails: then it never runs.
func TestFailureWithdrawsStartsOfItsLane(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1"), op("a/2"), op("b/1")))
	tk.begin("a/1")
	tk.hear(schedule.Failed{StepID: "a/1", Err: "boom", Fatal: true})
	if _, ok := schedule.Begin(tk.run, "a/2", tk.now); ok {
		t.Error("a/2 may begin in a failed lane")
	}
	tk.begin("b/1")
	if got := status(tk.hear(schedule.Succeeded{StepID: "b/1"})); got != orchestrator.Failed {
		t.Errorf("status %q", got)
	}
}

func TestNoTimeAfterFailure(t *testing.T) {
	setup := setupOf(op("a/1"), op("b/1"), op("c/1"))
	setup.WaitAfterFail = 0
	tk, _ := startTalk(t, setup)
	tk.begin("a/1")
	tk.begin("b/1")
	last := tk.hear(schedule.Failed{StepID: "a/1", Err: "boom", Fatal: true})
	want := &schedule.Finish{
		Status: orchestrator.Failed, LeftBehind: []string{"b/1"},
		Error: "Task failed: p.create (a_1:cloudify.interfaces.lifecycle.create): boom",
	}
	if diff := cmp.Diff(want, last.Finish); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, ok := schedule.Begin(tk.run, "c/1", tk.now); ok {
		t.Error("c/1 may begin after the end")
	}
	if after := tk.hear(schedule.Succeeded{StepID: "b/1"}); len(after.Records)+len(after.Events) > 0 || after.Finish != nil {
		t.Errorf("a finished run goes on deciding: %+v", after)
	}
}

func TestChildMayEndBeforeTheWaitIsHeard(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1")))
	tk.begin("a/1")
	decision := tk.hear(schedule.ChildEnded{ChildID: "c1"}, schedule.Wait{StepID: "a/1", ChildID: "c1"})
	want := []schedule.Start{{StepID: "a/1", IntentAt: begin, ChildID: "c1"}}
	if diff := cmp.Diff(want, decision.Starts); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Polls and the child belong to the try that failed: the next one asks anew.
func TestRetryForgetsTheLastTry(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1")))
	tk.begin("a/1")
	tk.hear(schedule.Wait{StepID: "a/1", ChildID: "c1"})
	tk.hear(schedule.ChildEnded{ChildID: "c1"})
	tk.begin("a/1")
	tk.hear(schedule.Again{StepID: "a/1", After: time.Second})
	tk.now = tk.now.Add(time.Second)
	want := []schedule.Start{{StepID: "a/1", Polls: 1, IntentAt: begin, ChildID: "c1"}}
	if diff := cmp.Diff(want, tk.hear().Starts); diff != "" {
		t.Fatalf("asked again: -want +got:\n%s", diff)
	}
	tk.begin("a/1")
	tk.hear(schedule.Failed{StepID: "a/1", Err: "busy"})
	tk.now = tk.now.Add(15 * time.Second)
	want = []schedule.Start{{StepID: "a/1", Attempt: 1}}
	if diff := cmp.Diff(want, tk.hear().Starts); diff != "" {
		t.Errorf("retried: -want +got:\n%s", diff)
	}
}

// The limit of a wait that is over must not cut a later pause short. The
// timer of b/1 lies before it, so that it is still there when its time comes.
func TestOldTimersAreForgotten(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1"), op("b/1")))
	tk.begin("a/1")
	tk.begin("b/1")
	tk.hear(schedule.Wait{StepID: "a/1", ChildID: "c1", Limit: time.Minute}, schedule.Again{StepID: "b/1", After: time.Second})
	tk.hear(schedule.ChildEnded{ChildID: "c1"})
	tk.begin("a/1")
	tk.hear(schedule.Again{StepID: "a/1", After: time.Hour})
	tk.now = begin.Add(time.Minute)
	decision := tk.hear()
	if diff := cmp.Diff([]string{"b/1"}, starts(decision)); diff != "" {
		t.Errorf("starts: -want +got:\n%s", diff)
	}
	if diff := cmp.Diff(begin.Add(time.Hour), decision.Wake); diff != "" {
		t.Errorf("wake: -want +got:\n%s", diff)
	}
}

// A cancel awaits what is in flight, also beyond the time that a failure
// leaves to other lanes.
func TestCancelOutlastsTheTimeAfterFailure(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1"), op("b/1")))
	tk.begin("a/1")
	tk.begin("b/1")
	tk.hear(schedule.Failed{StepID: "a/1", Err: "boom", Fatal: true})
	if decision := tk.hear(schedule.CancelRequested{}); !decision.Wake.IsZero() {
		t.Errorf("nothing is to be done at %s", decision.Wake)
	}
	tk.now = begin.Add(time.Hour)
	if got := status(tk.hear()); got != "" {
		t.Errorf("b/1 is in flight, and the run ends %s", got)
	}
	if got := status(tk.hear(schedule.Succeeded{StepID: "b/1"})); got != orchestrator.Cancelled {
		t.Errorf("status %q", got)
	}
}

func TestStrayNewsIsIgnored(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1"), op("a/2", "a/1")))
	tk.begin("a/1")
	tk.hear(schedule.Succeeded{StepID: "a/1"})
	for name, outcome := range map[string]schedule.Outcome{
		"AnsweredTwice": schedule.Failed{StepID: "a/1", Err: "late"},
		"NotBegun":      schedule.Succeeded{StepID: "a/2"},
		"Unknown":       schedule.Again{StepID: "z/9"},
		"UnknownChild":  schedule.ChildEnded{ChildID: "c9"},
	} {
		if got := tk.hear(outcome); len(got.Records)+len(got.Events)+len(got.Starts) > 0 || got.Finish != nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, ok := schedule.Begin(tk.run, "a/1", tk.now); ok {
		t.Error("a/1 may begin though it is done")
	}
}

func TestReasonSaysWhatIsWaitedFor(t *testing.T) {
	tk, _ := startTalk(t, setupOf(op("a/1"), op("b/1")))
	say := func(want string) {
		t.Helper()
		if diff := cmp.Diff(want, tk.run.Reason()); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
	}
	say("waits for a free operation slot: cloudify.interfaces.lifecycle.create of a_1 and 1 more")
	tk.begin("a/1")
	say("runs cloudify.interfaces.lifecycle.create of a_1")
	tk.begin("b/1")
	say("runs cloudify.interfaces.lifecycle.create of a_1 and 1 more")
	tk.hear(schedule.Failed{StepID: "a/1", Err: "RequestLimitExceeded", RetryAfter: 12 * time.Second})
	decision := tk.hear(schedule.Wait{StepID: "b/1", ChildID: "c1", Reason: "the network is built"})
	say("a_1: retry 1 of 3 in 12 s because: RequestLimitExceeded")
	if diff := cmp.Diff(begin.Add(12*time.Second), decision.Wake); diff != "" {
		t.Errorf("wake: -want +got:\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	cases := map[string]struct {
		reason string
		setup  schedule.Setup
		change func(*schedule.Setup)
		want   string
	}{
		"Cycle": {
			reason: "it would never end", setup: setupOf(op("a/0"), op("a/1", "a/0", "a/3"), op("a/2", "a/1"), op("a/3", "a/2")),
			want: "lay out the install graph: step a/1 waits, over others, for itself",
		},
		"Twice": {
			reason: "records could not be told apart", setup: setupOf(op("a/1"), op("a/1")),
			want: "lay out the install graph: step a/1 appears twice",
		},
		"UnknownStep": {
			reason: "it would wait for ever", setup: setupOf(op("a/1", "b/1")),
			want: "lay out the install graph: step a/1 waits for b/1, which does not exist",
		},
		"NewerFormat": {
			reason: "an older binary cannot know what it means", setup: setupOf(op("a/1")),
			change: func(s *schedule.Setup) { s.Graph.Format = 99 },
			want:   "lay out the install graph: format 99 is newer than this version of Slipway reads (1)",
		},
		"ForeignRecord": {
			reason: "the record is of another graph", setup: setupOf(op("a/1")),
			change: func(s *schedule.Setup) {
				s.Records = []orchestrator.StepRecord{{StepID: "b/1", State: orchestrator.StepSucceeded}}
			},
			want: "restore step b/1: the graph has no such step",
		},
		"UnknownState": {
			reason: "guessing what became of a step is no way to resume", setup: setupOf(op("a/1")),
			change: func(s *schedule.Setup) { s.Records = []orchestrator.StepRecord{{StepID: "a/1", State: "paused"}} },
			want:   `restore step a/1: unknown state "paused"`,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.change != nil {
				tc.change(&tc.setup)
			}
			_, err := schedule.New(tc.setup)
			if err == nil {
				t.Fatalf("%s, and it is taken", tc.reason)
			}
			if diff := cmp.Diff(tc.want, err.Error()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", tc.reason, diff)
			}
		})
	}
}

// An empty workflow says that it began and that it is done.
func TestNothingToDo(t *testing.T) {
	_, only := startTalk(t, setupOf())
	want := schedule.Decision{
		Events: []orchestrator.Event{
			{Type: orchestrator.EventWorkflowStarted, Message: "Starting 'install' workflow execution"},
			{Type: orchestrator.EventWorkflowSucceeded, Message: "'install' workflow execution succeeded"},
		},
		Finish: &schedule.Finish{Status: orchestrator.Terminated},
	}
	if diff := cmp.Diff(want, only); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// The cost of a step does not grow with the graph: compare the shapes at
// 1,000 and 10,000 steps.
func BenchmarkRun(b *testing.B) {
	shapes := map[string]func(i int) orchestrator.Step{
		"wide":  func(i int) orchestrator.Step { return op(fmt.Sprintf("l%d/1", i)) },
		"chain": func(i int) orchestrator.Step { return op(fmt.Sprintf("l%d/1", i), previous(i)...) },
	}
	for name, shape := range shapes {
		for _, size := range []int{1_000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", name, size), func(b *testing.B) {
				var steps []orchestrator.Step
				for i := range size {
					steps = append(steps, shape(i))
				}
				setup := setupOf(steps...)
				b.ResetTimer()
				for range b.N {
					runThrough(b, setup)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/step")
			})
		}
	}
}

func previous(i int) []string {
	if i == 0 {
		return nil
	}
	return []string{fmt.Sprintf("l%d/1", i-1)}
}

// runThrough polls every step once, so that the timers are measured as well.
func runThrough(b *testing.B, setup schedule.Setup) {
	run, err := schedule.New(setup)
	if err != nil {
		b.Fatal(err)
	}
	now := begin
	var outcomes []schedule.Outcome
	decision := schedule.Advance(run, nil, now)
	for decision.Finish == nil {
		for _, start := range decision.Starts {
			if _, ok := schedule.Begin(run, start.StepID, now); !ok {
				b.Fatal("withdrawn")
			}
			if start.Polls == 0 {
				outcomes = append(outcomes, schedule.Again{StepID: start.StepID})
			} else {
				outcomes = append(outcomes, schedule.Succeeded{StepID: start.StepID})
			}
		}
		if len(outcomes) == 0 {
			now = decision.Wake
			decision = schedule.Advance(run, nil, now)
			continue
		}
		decision = schedule.Advance(run, outcomes[:1], now)
		outcomes = outcomes[1:]
	}
}
