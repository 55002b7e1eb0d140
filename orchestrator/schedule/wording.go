package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
)

// The texts in this file are read by pages, by the command line and by
// people's own scripts; they do not change.

func (d *decider) emit(event orchestrator.Event) {
	if d.run.setup.DryRun {
		event.Message += " (dry run)"
	}
	d.decision.Events = append(d.decision.Events, event)
}

// emitWorkflow tells "<before>'install' workflow execution<after>".
func (d *decider) emitWorkflow(eventType, before, after string) {
	d.emit(orchestrator.Event{
		Type:    eventType,
		Message: before + "'" + d.run.setup.Graph.Name + "' workflow execution" + after,
	})
}

// emitGroup tells "<what> '<name of the subgraph>'".
func (d *decider) emitGroup(g *group, eventType, what string) {
	d.emit(orchestrator.Event{Type: eventType, Message: what + " '" + g.name + "'", InstanceID: g.instanceID})
}

// emitTask tells "<what> '<mapping>'<tail>[ [retry n/m]]".
func (d *decider) emitTask(s *step, eventType, what, tail string, causes ...orchestrator.ErrorCause) {
	d.emit(orchestrator.Event{
		Type:       eventType,
		Message:    what + " '" + s.facts.Mapping + "'" + tail + attemptSuffix(s),
		InstanceID: s.def.InstanceID,
		SourceID:   s.def.SourceID,
		TargetID:   s.def.TargetID,
		Operation:  s.def.Operation,
		StepID:     s.def.ID,
		Causes:     causes,
	})
}

func innermostFirst(s *step) []*group {
	groups := s.groups()
	slices.Reverse(groups)
	return groups
}

// attemptSuffix is " [retry n/m]" from the second try on.
func attemptSuffix(s *step) string {
	switch {
	case s.record.Attempt == 0:
		return ""
	case s.facts.MaxRetries < 0:
		return fmt.Sprintf(" [retry %d]", s.record.Attempt)
	default:
		return fmt.Sprintf(" [retry %d/%d]", s.record.Attempt, s.facts.MaxRetries)
	}
}

// retryReason says for people what a step waits for before its next try.
func retryReason(s *step, after time.Duration, because string) string {
	of := ""
	if s.facts.MaxRetries >= 0 {
		of = fmt.Sprintf(" of %d", s.facts.MaxRetries)
	}
	return fmt.Sprintf("retry %d%s in %s s because: %s", s.record.Attempt, of, seconds(after), because)
}

// seconds prints a duration in seconds without needless digits.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(d.Round(time.Millisecond).Seconds(), 'f', -1, 64)
}

// cause is the failure as the execution's error quotes it; traceback is what
// stands below it. Both are kept in the step's record.
func cause(o Failed) string {
	if len(o.Causes) == 0 {
		return o.Err
	}
	return fmt.Sprintf("%s `%s`", o.Causes[0].Type, o.Causes[0].Message)
}

func traceback(o Failed) string {
	if len(o.Causes) == 0 {
		return ""
	}
	return o.Causes[0].Traceback
}

// errorText is Execution.Error of a failed run: every failed operation, the
// first one with its traceback.
func (r *Run) errorText() string {
	failures := slices.Clone(r.failures)
	slices.SortFunc(failures, func(a, b int) int {
		return cmp.Or(r.steps[a].record.EndedAt.Compare(r.steps[b].record.EndedAt), cmp.Compare(a, b))
	})
	first := &r.steps[failures[0]]
	text := "Task failed: " + errorLine(first)
	if len(failures) > 1 {
		lines := []string{fmt.Sprintf("%d operation errors:", len(failures))}
		for _, i := range failures {
			lines = append(lines, errorLine(&r.steps[i]))
		}
		text = strings.Join(lines, "\n")
	}
	if first.record.Result != "" {
		text += fmt.Sprintf("\nTraceback of %s (most recent call last):\n%s", place(first), first.record.Result)
	}
	return text
}

func errorLine(s *step) string { return place(s) + ": " + s.record.Reason }

func place(s *step) string {
	return fmt.Sprintf("%s (%s:%s)", s.facts.Mapping, s.def.InstanceID, s.def.Operation)
}
