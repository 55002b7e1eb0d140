package web

import (
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) execution(c *call) error {
	x, err := s.control.GetExecution(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return err
	}
	parts, err := s.executionParts(c, x)
	if err != nil {
		return err
	}
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
	if page.Log, err = s.logOf(c, &x); err != nil {
		return err
	}
	page.Log.Tall = x.Status.Final()
	for _, name := range orchestrator.SortedKeys(x.Parameters) {
		page.Parameters = append(page.Parameters, views.Row{Name: name, Value: clip(textOf(x.Parameters[name]), 200)})
	}
	return c.show(views.Execution(page))
}

func (s *Server) executionLive(c *call) error {
	x, err := s.control.GetExecution(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return err
	}
	parts, err := s.executionParts(c, x)
	if err != nil {
		return err
	}
	return c.show(views.ExecutionLive(parts, c.page("", "").CSRF))
}

func (s *Server) executionParts(c *call, x orchestrator.Execution) (views.ExecutionParts, error) {
	parts := views.ExecutionParts{
		Heading: x.Workflow + " of " + x.DeploymentID, State: views.ExecutionMark(x.Status), Rehearsed: x.Rehearsal,
		Sentence: executionSentence(c, x), Facts: executionFacts(c, x),
		Actions: []views.Action{{Text: "Open environment", Href: "/environments/" + x.DeploymentID}},
	}
	if x.Status == orchestrator.Failed {
		parts.Failure = &views.Notice{Tone: views.ToneFail, Title: "The " + x.Workflow + " failed.", Text: clip(strings.TrimSpace(x.Error), 1000)}
	}
	children, _, err := s.control.ListExecutions(c.context(), c.Actor, control.ListExecutions{ParentID: x.ID, Sort: "created_at"})
	if err != nil {
		return parts, err
	}
	for _, child := range children {
		parts.Children = append(parts.Children, c.executionRow(child))
	}
	if x.Status.Final() {
		return parts, nil
	}
	parts.Progress = &views.Progress{Done: x.FinishedOperations, Total: x.TotalOperations, Label: progressLabel(x.FinishedOperations, x.TotalOperations, "step")}
	if x.ParentID == "" {
		cancel := views.Action{Text: "Cancel…", Href: "/executions/" + x.ID + "/cancel", Danger: true}
		if x.Status.Cancelling() {
			cancel.Why = "it is being cancelled"
		} else if x.CreatedBy != c.Actor.Name && !control.MayTouch(c.Actor, x.CreatedBy) {
			cancel.Why = "it belongs to " + x.CreatedBy + "; its owner or an operator of the team can"
		}
		parts.Actions = append(parts.Actions, cancel)
	}
	tree, err := s.control.Topology(c.context(), c.Actor, x.DeploymentID)
	if err != nil {
		return parts, err
	}
	parts.Waiting = look(tree, c.now, "", func(string) string { return "" }).waiting
	return parts, nil
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
