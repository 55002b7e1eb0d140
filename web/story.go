package web

import (
	"cmp"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
	"github.com/slipwayhq/slipway/views/timeline"
)

// story is where an execution's time went, and which of its own steps each line
// of the log belongs to: a line of a component belongs to the step that started
// it.
type story struct {
	x     orchestrator.Execution
	chart timeline.Chart
	heads map[string]timeline.Row // the execution's own rows, by instance
	above map[string]string       // an execution below, and the instance that stands for it
	acts  tally
}

// tally counts the operations of an execution and of everything below it.
type tally struct{ done, stopped, notBegun, tries int }

func (s *Server) story(c *call, x orchestrator.Execution) (*story, error) {
	read, err := s.control.Timeline(c.context(), c.Actor, x.ID)
	if err != nil {
		return nil, err
	}
	return tell(read, c.now), nil
}

// tell is a function of what was read and of the moment alone.
func tell(read *control.Timeline, now time.Time) *story {
	s := &story{x: read.Execution, heads: map[string]timeline.Row{}, above: map[string]string{}}
	s.chart = timeline.Draw(s.run(read, ""), now)
	for _, row := range s.chart.Rows {
		if row.Depth == 1 && row.Begun {
			s.heads[row.Key] = row
		}
	}
	return s
}

// run reads an execution as a run. under is the outermost execution's instance
// that it stands for.
func (s *story) run(read *control.Timeline, under string) timeline.Run {
	if under != "" {
		s.above[read.Execution.ID] = under
	}
	run := timeline.Run{Ended: read.Execution.Status.Final()}
	name := namer(read)
	for i := range read.Steps {
		timed := &read.Steps[i]
		step := timeline.Step{
			ID: timed.ID, After: timed.After, Row: timed.InstanceID, Name: name(timed.InstanceID),
			Act: operationWord(timed.Operation), Silent: timed.Kind != orchestrator.KindOperation,
			State: stepState(timed.Record.State, run.Ended), Began: timed.Record.StartedAt, Ended: timed.Record.EndedAt,
		}
		if run.Ended && step.Ended.IsZero() {
			step.Ended = read.Execution.EndedAt // it is not going on any more
		}
		for _, try := range timed.Tries {
			step.Failed = append(step.Failed, failedStretch(try, timed.Record))
		}
		for _, child := range timed.Children {
			inner := timeline.Component{Sub: child.Execution.DeploymentID, Href: "/executions/" + child.Execution.ID}
			inner.Run = s.run(child, cmp.Or(under, timed.InstanceID))
			step.Inner = append(step.Inner, inner)
		}
		s.acts.count(&step)
		run.Steps = append(run.Steps, step)
	}
	return run
}

// failedStretch is when a try was under way. The first one's beginning may have
// been told before the log was kept.
func failedStretch(try control.Try, record orchestrator.StepRecord) timeline.Stretch {
	from := try.Began.At
	if from.IsZero() {
		from = record.StartedAt
	}
	return timeline.Stretch{From: from, To: try.Failed.At}
}

func (t *tally) count(step *timeline.Step) {
	t.tries += len(step.Failed)
	switch {
	case step.Silent || len(step.Inner) > 0:
	case step.Began.IsZero():
		t.notBegun++
	case step.State == timeline.Stopped:
		t.stopped++
	case step.State == timeline.Done:
		t.done++
	}
}

// namer names instances by their nodes, and where a node has several by
// themselves.
func namer(read *control.Timeline) func(string) string {
	instances := map[string]string{}
	several := map[string]bool{}
	for i := range read.Steps {
		instance := read.Steps[i].InstanceID
		node := nodeOf(instance)
		if first, seen := instances[node]; seen && first != instance {
			several[node] = true
		}
		instances[node] = instance
	}
	return func(instance string) string {
		if node := nodeOf(instance); !several[node] {
			return node
		}
		return instance
	}
}

// operationWord is an operation in short: "create".
func operationWord(operation string) string {
	return operation[strings.LastIndexByte(operation, '.')+1:]
}

func stepState(state orchestrator.StepState, ended bool) timeline.State {
	switch state {
	case "":
		return timeline.Waiting
	case orchestrator.StepSucceeded, orchestrator.StepIgnored:
		return timeline.Done
	case orchestrator.StepFailed:
		return timeline.Failed
	}
	switch {
	case ended:
		return timeline.Stopped
	case state == orchestrator.StepRetrying:
		return timeline.Retrying
	default:
		return timeline.Running
	}
}

// group is the step of the log that an event belongs to; empty for what the
// execution says of itself. known is false for an execution that began after
// the story was read.
func (s *story) group(e orchestrator.Event) (key string, known bool) {
	if e.ExecutionID == s.x.ID {
		return e.InstanceID, true
	}
	key, known = s.above[e.ExecutionID]
	return key, known
}

// head is a step's line above what it said.
func (s *story) head(key string) views.LogGroup {
	g := views.LogGroup{Key: key, Title: nodeOf(key), Mark: views.Mark{Kind: "ok", Word: "Done"}}
	if key == workflowGroup {
		g.Title, g.Mark = s.x.Workflow, views.ExecutionMark(s.x.Status)
		return g
	}
	row, ok := s.heads[key]
	if !ok {
		return g // nothing but words: it had nothing to do
	}
	g.Title, g.Mark, g.Took, g.Note = row.Name, views.RowMark(row.State), views.Took(row.Took), row.Acts
	if row.Group {
		g.Note = row.Sub
	}
	if row.Tries > 0 {
		g.Note += ", " + views.FailedTries(row.Tries)
	}
	g.Open = row.State == timeline.Running || row.State == timeline.Retrying || row.State == timeline.Failed
	return g
}

// groups are the heads of all steps that may have said something.
func (s *story) groups() []views.LogGroup {
	all := []views.LogGroup{s.head(workflowGroup)}
	for _, row := range s.chart.Rows {
		if _, ok := s.heads[row.Key]; ok && row.Depth == 1 {
			all = append(all, s.head(row.Key))
		}
	}
	return all
}

func (s *story) view() views.TimelineView {
	return views.TimelineView{Chart: s.chart, Count: views.Count(s.chart.Nodes, "node") + ", " + views.Count(s.chart.Runs, "execution")}
}

// line writes an event as a line, with the step that it belongs to where there
// is a story to tell that.
func (s *story) line(e orchestrator.Event) views.Line {
	line := views.LogLine(e)
	if s != nil {
		line.Group, _ = s.group(e)
		line.Group = cmp.Or(line.Group, workflowGroup)
	}
	return line
}

// workflowGroup holds what the execution says of itself.
const workflowGroup = "workflow"

// fold puts lines under the heads of their steps, in the order in which the
// steps spoke up. Where lines were searched for, every step is open.
func (s *story) fold(lines []views.Line, open bool) []views.LogGroup {
	var keys []string
	of := map[string][]views.Line{}
	for _, line := range lines {
		if _, seen := of[line.Group]; !seen {
			keys = append(keys, line.Group)
		}
		of[line.Group] = append(of[line.Group], line)
	}
	groups := make([]views.LogGroup, 0, len(keys))
	for _, key := range keys {
		g := s.head(key)
		g.Chunks, g.Open = views.Chunks(of[key]), g.Open || open || len(keys) == 1
		groups = append(groups, g)
	}
	return groups
}
