package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/schedule"
)

// begin is when the tests' time starts.
var begin = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

// world is an engine, a store and a far end in memory, with a clock that only
// moves when there is nothing else to do. A crash forgets the run and keeps
// what was committed.
type world struct {
	t     *testing.T
	setup schedule.Setup
	run   *schedule.Run
	now   time.Time
	// answer is the far end: what becomes of a try.
	answer func(start schedule.Start, step orchestrator.Step) schedule.Outcome
	// childLives is how long a child execution runs, by its ID; 0 for ever.
	childLives func(id string) time.Duration
	// cancelAt is when somebody asks to cancel: once nothing is in flight and
	// this time is near; the zero time is never.
	cancelAt time.Time
	// dice, when there, mixes the order of begins and outcomes and lets the
	// cancel come at any moment.
	dice *rand.Rand
	// moved, when there, sees every change of a step's state.
	moved func(from, to orchestrator.StepState)
	// crash says, before each commit, whether the server dies now.
	crash func() bool

	// The durable part.
	records  map[string]orchestrator.StepRecord
	states   map[string]orchestrator.InstanceState
	events   []orchestrator.Event
	lines    []string // the events for people, with the time
	ended    map[string]time.Time
	finish   *schedule.Finish
	progress schedule.Progress

	// The part that a crash forgets.
	starts   []schedule.Start
	outcomes []schedule.Outcome
	wake     time.Time
}

func newWorld(t *testing.T, setup schedule.Setup) *world {
	return &world{
		t: t, setup: setup, now: begin, crash: func() bool { return false },
		records: map[string]orchestrator.StepRecord{}, states: map[string]orchestrator.InstanceState{}, ended: map[string]time.Time{},
	}
}

// live runs until the execution ends.
func (w *world) live() {
	w.t.Helper()
	w.start()
	for turn := 0; w.finish == nil; turn++ {
		if turn > 100_000 {
			w.t.Fatal("the run does not end")
		}
		w.turn()
	}
}

// start builds the run from what is durable, as a server does that takes over.
func (w *world) start() {
	w.t.Helper()
	setup := w.setup
	setup.Records = nil
	for _, id := range orchestrator.SortedKeys(w.records) {
		setup.Records = append(setup.Records, w.records[id])
	}
	setup.Opened = len(w.events) > 0
	run, err := schedule.New(setup)
	if err != nil {
		w.t.Fatal(err)
	}
	w.run, w.starts, w.outcomes = run, nil, nil
	w.advance(w.endedChildren())
}

// turn does one thing: begins a start, hears the oldest outcome, or lets time
// pass.
func (w *world) turn() {
	switch {
	case w.dice != nil && !w.cancelAt.IsZero() && !w.setup.CancelRequested && w.dice.IntN(20) == 0:
		w.setup.CancelRequested = true
		w.advance([]schedule.Outcome{schedule.CancelRequested{}})
	case len(w.starts) > 0 && (len(w.outcomes) == 0 || w.dice == nil || w.dice.IntN(2) == 0):
		w.begin(take(w, &w.starts))
	case len(w.outcomes) > 0:
		w.advance([]schedule.Outcome{take(w, &w.outcomes)})
	default:
		w.pass()
	}
}

// take removes the first of a list, or with dice any one.
func take[T any](w *world, list *[]T) T {
	at := 0
	if w.dice != nil {
		at = w.dice.IntN(len(*list))
	}
	taken := (*list)[at]
	*list = slices.Delete(*list, at, at+1)
	return taken
}

func (w *world) begin(start schedule.Start) {
	w.t.Helper()
	decision, ok := schedule.Begin(w.run, start.StepID, w.now)
	if !ok || !w.commit(decision) {
		return
	}
	step, _ := w.run.Step(start.StepID)
	for _, before := range step.After {
		if !w.records[before].State.Done() {
			w.t.Fatalf("%s began before %s was done", step.ID, before)
		}
	}
	if outcome := w.answer(start, step); outcome != nil {
		w.outcomes = append(w.outcomes, outcome)
	}
}

func (w *world) advance(outcomes []schedule.Outcome) {
	w.t.Helper()
	decision := schedule.Advance(w.run, outcomes, w.now)
	if !w.commit(decision) {
		return
	}
	w.wake, w.progress = decision.Wake, decision.Progress
	w.starts = append(w.starts, decision.Starts...)
}

// commit makes a decision durable. False: the server crashed before, and
// another one has taken over.
func (w *world) commit(d schedule.Decision) bool {
	w.t.Helper()
	if w.crash() {
		w.start()
		return false
	}
	for _, record := range d.Records {
		if before := w.records[record.StepID].State; w.moved != nil && before != record.State {
			w.moved(before, record.State)
		}
		w.records[record.StepID] = record
		if record.State == orchestrator.StepWaiting {
			w.giveBirth(record.ChildID)
		}
	}
	for _, state := range d.States {
		w.states[state.InstanceID] = state.State
	}
	for _, event := range d.Events {
		w.events = append(w.events, event)
		w.lines = append(w.lines, w.line(event))
	}
	w.finish = d.Finish
	return true
}

func (w *world) giveBirth(child string) {
	if _, known := w.ended[child]; known || w.childLives(child) == 0 {
		return
	}
	w.ended[child] = w.now.Add(w.childLives(child))
}

// pass moves the clock to whatever comes first: the run's own wake time, the
// end of a child, or the cancel.
func (w *world) pass() {
	w.t.Helper()
	next := w.wake
	earliest := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	for _, child := range w.run.Children() {
		if end, ends := w.ended[child]; ends {
			earliest(end)
		}
	}
	if !w.cancelAt.IsZero() && !w.setup.CancelRequested {
		earliest(w.cancelAt)
	}
	if next.IsZero() {
		w.t.Fatalf("nothing is left to wait for, and the run has not ended: %s", w.run.Reason())
	}
	if next.After(w.now) {
		w.now = next
	}
	w.advance(w.news())
}

// news is what a server finds in the store when it looks.
func (w *world) news() []schedule.Outcome {
	news := w.endedChildren()
	if !w.cancelAt.IsZero() && !w.cancelAt.After(w.now) && !w.setup.CancelRequested {
		w.setup.CancelRequested = true
		news = append(news, schedule.CancelRequested{})
	}
	return news
}

func (w *world) endedChildren() []schedule.Outcome {
	var news []schedule.Outcome
	for _, child := range w.run.Children() {
		if end, ends := w.ended[child]; ends && !end.After(w.now) {
			news = append(news, schedule.ChildEnded{ChildID: child})
		}
	}
	return news
}

func (w *world) line(e orchestrator.Event) string {
	who := e.InstanceID
	if e.SourceID != "" {
		who = e.SourceID + "->" + e.TargetID
	}
	line := fmt.Sprintf("%5s  %-10s %-18s %s", seconds(w.now.Sub(begin)), who, e.Type, e.Message)
	for _, cause := range e.Causes {
		line += fmt.Sprintf("  {%s: %s}", cause.Type, cause.Message)
	}
	return line
}

func seconds(d time.Duration) string { return fmt.Sprintf("%gs", d.Seconds()) }

// report is everything that can be seen of an execution in the end.
func (w *world) report() string {
	var b strings.Builder
	fmt.Fprintln(&b, strings.Join(w.lines, "\n"))
	fmt.Fprintf(&b, "\n%s, %d of %d operations\n", w.finish.Status, w.progress.Finished, w.progress.Total)
	if w.finish.Error != "" {
		fmt.Fprintf(&b, "\nerror:\n%s\n", w.finish.Error)
	}
	if len(w.finish.LeftBehind) > 0 {
		fmt.Fprintf(&b, "\nleft behind: %s\n", strings.Join(w.finish.LeftBehind, ", "))
	}
	fmt.Fprintln(&b)
	for _, id := range orchestrator.SortedKeys(w.states) {
		fmt.Fprintf(&b, "%s %s\n", id, w.states[id])
	}
	for _, id := range orchestrator.SortedKeys(w.records) {
		if r := w.records[id]; r.State != orchestrator.StepSucceeded {
			fmt.Fprintf(&b, "%s %s, attempt %d: %s\n", id, r.State, r.Attempt, r.Reason)
		}
	}
	return b.String()
}
