package web

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func second(s int) time.Time { return time.Unix(int64(1000+s), 0) }

// operation is a step as control tells it.
func operation(id, instance string, record orchestrator.StepRecord, after ...string) control.TimedStep {
	return control.TimedStep{
		Step:   orchestrator.Step{ID: id, Kind: orchestrator.KindOperation, InstanceID: instance, Operation: "cloudify.interfaces.lifecycle.create", After: after},
		Record: record,
	}
}

// stopped is an install that was cancelled: a component came up, a retry was not
// asked again, one node was never begun.
func stopped() *control.Timeline {
	done := orchestrator.StepRecord{State: orchestrator.StepSucceeded, StartedAt: second(0), EndedAt: second(5)}
	component := operation("net/1", "network_aaaaaa", done)
	component.Children = []*control.Timeline{{
		Execution: orchestrator.Execution{ID: "child", DeploymentID: "app-network", Status: orchestrator.Terminated, EndedAt: second(5)},
		Steps:     []control.TimedStep{operation("vpc/1", "vpc_bbbbbb", done)},
	}}
	retried := operation("db/1", "database_aaaaaa", orchestrator.StepRecord{State: orchestrator.StepRetrying, StartedAt: second(5)}, "net/1")
	retried.Tries = []control.Try{{Failed: orchestrator.Event{At: second(7), Seq: 9}}}
	return &control.Timeline{
		Execution: orchestrator.Execution{ID: "x", DeploymentID: "app", Workflow: "install", Status: orchestrator.Cancelled, EndedAt: second(10)},
		Steps: []control.TimedStep{component, retried, operation("site/1", "website_aaaaaa", orchestrator.StepRecord{}, "db/1"),
			{Step: orchestrator.Step{ID: "note/1", Kind: orchestrator.KindEvent, InstanceID: "prefix_aaaaaa"}, Record: done}},
	}
}

func TestStoryOfACancelledInstall(t *testing.T) {
	s := tell(stopped(), second(5000))
	type row struct {
		depth       int
		name, state string
		took        time.Duration
	}
	var rows []row
	for _, r := range s.chart.Rows {
		rows = append(rows, row{r.Depth, r.Name, string(r.State), r.Took})
	}
	want := []row{{1, "network", "done", 5 * time.Second}, {2, "vpc", "done", 5 * time.Second}, {1, "database", "stopped", 5 * time.Second}, {1, "website", "not begun", 0}}
	if diff := cmp.Diff(want, rows, cmp.AllowUnexported(row{})); diff != "" {
		t.Errorf("what ended does not go on (-want +got):\n%s", diff)
	}
	if s.chart.Now >= 0 {
		t.Error("nothing runs, yet the chart shows a now")
	}

	stop := s.stop(nil, views.Action{})
	wantStop := &views.Stop{Heading: "What Cancel did", Title: "Cancelled", Lines: []string{
		"1 operation ended.", "1 operation waited to be asked again, and was not.", "1 operation was not begun.",
	}}
	if diff := cmp.Diff(wantStop, stop); diff != "" {
		t.Errorf("what the cancel did (-want +got):\n%s", diff)
	}
}

func TestStoryFoldsTheLog(t *testing.T) {
	s := tell(stopped(), second(5000))
	event := func(seq int64, execution, instance string) orchestrator.Event {
		return orchestrator.Event{Seq: seq, ExecutionID: execution, InstanceID: instance, RootID: "x", Message: "said"}
	}
	var lines []views.Line
	for _, e := range []orchestrator.Event{event(1, "x", ""), event(2, "x", "network_aaaaaa"), event(3, "child", "vpc_bbbbbb"), event(4, "x", "prefix_aaaaaa"), event(5, "x", "database_aaaaaa"), event(6, "child", "")} {
		lines = append(lines, s.line(e))
	}
	type group struct {
		title, note string
		lines       int64
		open        bool
	}
	var got []group
	for _, g := range s.fold(lines, false) {
		got = append(got, group{g.Title, g.Note, g.Chunks[0].Count, g.Open})
	}
	want := []group{{"install", "", 1, false}, {"network", "app-network", 3, false}, {"prefix", "", 1, false}, {"database", "create, 1 failed try", 1, false}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(group{})); diff != "" {
		t.Errorf("steps of the log (-want +got):\n%s", diff)
	}
	for _, g := range s.fold(lines, true) {
		if !g.Open {
			t.Errorf("step %s is folded although its lines were searched for", g.Title)
		}
	}
	if _, known := s.group(event(7, "another", "")); known {
		t.Error("an execution that began after the story was read is known")
	}
}
