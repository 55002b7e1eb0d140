package web

import (
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// runFilters are the chips above the list of executions.
var runFilters = []struct {
	key, text, mark string
	status          []orchestrator.ExecutionStatus
}{
	{"", "All", "", nil},
	{"running", "Under way", "running", []orchestrator.ExecutionStatus{orchestrator.Pending, orchestrator.Started, orchestrator.Queued, orchestrator.Cancelling, orchestrator.ForceCancelling, orchestrator.KillCancelling}},
	{"failed", "Failed", "fail", []orchestrator.ExecutionStatus{orchestrator.Failed}},
	{"completed", "Completed", "ok", []orchestrator.ExecutionStatus{orchestrator.Terminated}},
}

func (s *Server) executions(c *call) error {
	page := views.ExecutionsPage{Chrome: c.page("Executions", views.SectionExecutions), Search: c.search("Of one deployment", "state")}
	list := control.ListExecutions{DeploymentID: c.QueryParam("q"), Sort: "created_at", Descending: true, Offset: c.offset(), Size: pageSize}
	// One deployment's list shows what its parents started, too.
	list.TopLevel = list.DeploymentID == ""
	for _, f := range runFilters {
		current := c.QueryParam("state") == f.key
		if current {
			list.Status = f.status
		}
		page.Filters = append(page.Filters, views.Filter{Text: f.text, Kind: f.mark, Href: c.query("state", f.key, "offset", ""), Current: current})
	}
	executions, total, err := s.control.ListExecutions(c.context(), c.Actor, list)
	if err != nil {
		return err
	}
	for _, x := range executions {
		page.Rows = append(page.Rows, c.executionRow(x))
	}
	page.Pager = c.pager(list.Offset, len(executions), total)
	if total == 0 {
		page.None = "No execution here yet. Launching an environment starts the first."
		if c.QueryString() != "" {
			page.None = "No execution matches this filter."
		}
	}
	return c.show(views.Executions(page))
}

func (c *call) executionRow(x orchestrator.Execution) views.ExecutionRow {
	row := views.ExecutionRow{
		Workflow: x.Workflow, Href: "/executions/" + x.ID, ID: x.ID, Deployment: x.DeploymentID,
		DeploymentHref: "/environments/" + x.DeploymentID, Rehearsal: x.Rehearsal, State: views.ExecutionMark(x.Status),
		Reason: firstLine(x.Error), Took: took(x, c.now), By: c.owner(x.CreatedBy), Started: views.Ago(begun(x), c.now),
	}
	if !x.Status.Final() {
		row.Reason = firstLine(x.Reason)
	}
	if x.TotalOperations > 0 {
		row.Steps = strconv.Itoa(x.FinishedOperations) + " of " + strconv.Itoa(x.TotalOperations)
	}
	return row
}
