package web

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) execution(c *call) error {
	told, parts, err := s.executionNow(c)
	if err != nil {
		return err
	}
	x := told.x
	page := views.ExecutionPage{
		Chrome:         c.page(parts.Heading, views.SectionExecutions, views.Link{Text: "Executions", Href: "/executions"}, views.Link{Text: x.DeploymentID, Href: "/environments/" + x.DeploymentID}),
		ExecutionParts: parts,
	}
	page.Wide = true
	if x.Rehearsal {
		page.Rehearsal = rehearsalSentence("")
	}
	if !x.Status.Final() {
		page.Working = true
		page.Stream, page.Live = "/executions/"+x.ID+"/stream", "/executions/"+x.ID+"/live"
		if query := c.QueryString(); query != "" {
			page.Stream += "?" + query
		}
	}
	if page.Log, err = s.logOf(c, &x, told); err != nil {
		return err
	}
	if page.With, err = s.runWith(c, x, told); err != nil {
		return err
	}
	return c.show(views.Execution(page))
}

// runWith is what an execution was started with: its parameters, then the inputs
// of its deployment, marked values left out.
func (s *Server) runWith(c *call, x orchestrator.Execution, told *story) ([]views.Row, error) {
	var rows []views.Row
	add := func(values map[string]orchestrator.Value) {
		for _, name := range orchestrator.SortedKeys(values) {
			// Most parameters are filters that nobody set.
			if text := textOf(values[name]); text != "" && text != "[]" && text != "{}" {
				rows = append(rows, views.Row{Name: name, Value: clip(text, 200)})
			}
		}
	}
	add(x.Parameters)
	d, err := s.control.GetDeployment(c.context(), c.Actor, x.DeploymentID)
	switch {
	case orchestrator.ErrorCode(err) == orchestrator.NotFound: // a component that was taken down
	case err != nil:
		return nil, err
	default:
		add(d.Inputs)
	}
	rows = append(rows, views.Row{Name: "Started by", Value: c.owner(x.CreatedBy)})
	if told.acts.tries > 0 {
		rows = append(rows, views.Row{Name: "Failed tries", Value: strconv.Itoa(told.acts.tries)})
	}
	return rows, nil
}

func (s *Server) executionLive(c *call) error {
	_, parts, err := s.executionNow(c)
	if err != nil {
		return err
	}
	return c.show(views.ExecutionLive(parts, c.page("", "").CSRF))
}

// executionNow reads an execution and says what moves on its page.
func (s *Server) executionNow(c *call) (*story, views.ExecutionParts, error) {
	x, err := s.control.GetExecution(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return nil, views.ExecutionParts{}, err
	}
	told, err := s.story(c, x)
	if err != nil {
		return nil, views.ExecutionParts{}, err
	}
	parts, err := s.executionParts(c, told.x, told)
	return told, parts, err
}

func (s *Server) executionParts(c *call, x orchestrator.Execution, told *story) (views.ExecutionParts, error) {
	parts := views.ExecutionParts{
		Heading: x.Workflow + " of " + x.DeploymentID, State: views.ExecutionMark(x.Status), Rehearsed: x.Rehearsal,
		Sentence: executionSentence(c, x), Facts: executionFacts(c, x),
		Actions:  []views.Action{{Text: "Open environment", Href: "/environments/" + x.DeploymentID}},
		Timeline: told.view(), Groups: told.groups(),
	}
	if x.Status == orchestrator.Failed {
		parts.Failure = &views.Notice{Tone: views.ToneFail, Title: "The " + x.Workflow + " failed.", Text: clip(strings.TrimSpace(x.Error), 1000)}
	}
	if !x.Status.Final() {
		parts.Progress = &views.Progress{Done: x.FinishedOperations, Total: x.TotalOperations, Label: progressLabel(x.FinishedOperations, x.TotalOperations, "step")}
	}
	var sum *survey
	tree, err := s.control.Topology(c.context(), c.Actor, x.DeploymentID)
	switch {
	case orchestrator.ErrorCode(err) == orchestrator.NotFound: // a component that was taken down
		parts.Actions = nil
	case err != nil:
		return parts, err
	case tree.Latest != nil && tree.Latest.ID == x.ID: // else the tree speaks of another execution
		sum = look(tree, c.now, "", func(string) string { return "" })
	}
	if !x.Status.Final() && x.ParentID == "" {
		parts.Actions = append(parts.Actions, cancelAction(c, x))
	}
	parts.Stop = told.stop(sum, cancelAction(c, x))
	if sum != nil && !x.Status.Final() {
		parts.Waiting = sum.waitingFor()
	}
	return parts, nil
}

// cancelAction is the button that leads to the question, or says why not.
func cancelAction(c *call, x orchestrator.Execution) views.Action {
	cancel := views.Action{Text: "Cancel…", Href: "/executions/" + x.ID + "/cancel", Danger: true}
	switch {
	case x.Status.Cancelling():
		cancel.Why = "it is being cancelled"
	case x.CreatedBy != c.Actor.Name && !control.MayTouch(c.Actor, x.CreatedBy):
		cancel.Why = "it belongs to " + x.CreatedBy + "; its owner or an operator of the team can"
	}
	return cancel
}

func executionSentence(c *call, x orchestrator.Execution) string {
	switch {
	case x.Status.Cancelling():
		return "Cancelling: what is in flight finishes first, nothing new starts."
	case !x.Status.Final() && x.Reason != "":
		return sentence(x.Reason)
	case x.Status == orchestrator.Failed:
		return fmt.Sprintf("Stopped after %s. What is up stays up.", took(x, c.now))
	case x.Status == orchestrator.Cancelled:
		return fmt.Sprintf("Cancelled after %s. What is up stays up.", took(x, c.now))
	case x.Status == orchestrator.Terminated:
		return fmt.Sprintf("Done in %s.", took(x, c.now))
	default:
		return ""
	}
}

func executionFacts(c *call, x orchestrator.Execution) []views.Fact {
	started := views.Ago(begun(x), c.now)
	var facts []views.Fact
	if x.TotalOperations > 0 {
		facts = append(facts, views.Fact{Term: "Steps", Value: progressLabel(x.FinishedOperations, x.TotalOperations, "step")})
	}
	if t := took(x, c.now); t != "" {
		facts = append(facts, views.Fact{Term: "Took", Value: t})
	}
	facts = append(facts,
		views.Fact{Term: "Started", When: &started},
		views.Fact{Term: "By", Value: c.owner(x.CreatedBy)},
		views.Fact{Term: "Blueprint", Value: x.BlueprintID, Href: "/blueprints/" + x.BlueprintID})
	if x.ParentID != "" {
		facts = append(facts, views.Fact{Term: "Part of", Value: "the execution above", Href: "/executions/" + x.ParentID})
	}
	return append(facts, views.Fact{Term: "Id", Value: x.ID, Mono: true})
}
