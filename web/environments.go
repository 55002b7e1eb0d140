package web

import (
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) environments(c *call) error {
	page, err := s.environmentsPage(c)
	if err != nil {
		return err
	}
	return c.show(views.Environments(page))
}

// environmentsLive answers an open list that asks for its rows again.
func (s *Server) environmentsLive(c *call) error {
	page, err := s.environmentsPage(c)
	if err != nil {
		return err
	}
	return c.show(views.EnvironmentRows(page, true))
}

// stateFilters are the chips above the list.
var stateFilters = []struct {
	key, text, mark string
	narrow          func(*control.ListDeployments)
}{
	{"", "All", "", func(*control.ListDeployments) {}},
	{"up", "Up", "ok", func(l *control.ListDeployments) {
		l.Installation, l.Status = []orchestrator.InstallationStatus{orchestrator.Active}, []orchestrator.DeploymentStatus{orchestrator.Good}
	}},
	{"working", "Under way", "running", func(l *control.ListDeployments) {
		l.Status = []orchestrator.DeploymentStatus{orchestrator.InProgress}
	}},
	{"down", "Not up", "attn", func(l *control.ListDeployments) {
		l.Status = []orchestrator.DeploymentStatus{orchestrator.RequiresAttention}
	}},
}

func (s *Server) environmentsPage(c *call) (views.EnvironmentsPage, error) {
	page := views.EnvironmentsPage{Chrome: c.page("Environments", views.SectionEnvironments), Search: c.search("Filter by name", "state", "owner")}
	page.Search.Action = "/environments"
	page.Notice = s.takeNotice(c)
	page.Stream, page.Live = "/stream/environments", "/live/environments"
	if raw := c.QueryString(); raw != "" {
		page.Stream, page.Live = page.Stream+"?"+raw, page.Live+"?"+raw
	}
	chosen, err := s.countStates(c, &page)
	if err != nil {
		return page, err
	}
	list := s.environmentList(c)
	stateFilters[chosen].narrow(&list)
	deployments, total, err := s.control.ListDeployments(c.context(), c.Actor, list)
	if err != nil {
		return page, err
	}
	for _, d := range deployments {
		row, err := s.environmentRow(c, d)
		if err != nil {
			return page, err
		}
		page.Working = page.Working || row.Progress != nil
		page.Rows = append(page.Rows, row)
	}
	page.Pager = c.pager(list.Offset, len(deployments), total)
	page.Owner = []views.Filter{
		{Text: "Team", Href: c.list("/environments", "owner", "", "offset", ""), Current: c.QueryParam("owner") == ""},
		{Text: "Mine", Href: c.list("/environments", "owner", "me", "offset", ""), Current: c.QueryParam("owner") == "me"},
	}
	if total == 0 {
		page.First = c.QueryParam("q") == "" && c.QueryParam("owner") == "" && chosen == 0
		page.None = "No environment matches this filter."
	}
	return page, nil
}

// list is the address of a list with some of the query changed, also when the
// request was for its rows only.
func (c *call) list(path string, changes ...string) string {
	return path + c.query(changes...)[len(c.Request().URL.Path):]
}

func (s *Server) environmentList(c *call) control.ListDeployments {
	list := control.ListDeployments{
		TopLevel: true, Search: c.QueryParam("q"), Sort: "created_at", Descending: true, Offset: c.offset(), Size: pageSize,
	}
	if c.QueryParam("owner") == "me" {
		list.CreatedBy = c.Actor.Name
	}
	return list
}

// countStates fills the chips with their counts and tells which one is chosen.
func (s *Server) countStates(c *call, page *views.EnvironmentsPage) (chosen int, err error) {
	for i, f := range stateFilters {
		list := s.environmentList(c)
		list.Offset, list.Size = 0, 1
		f.narrow(&list)
		_, total, err := s.control.ListDeployments(c.context(), c.Actor, list)
		if err != nil {
			return 0, err
		}
		current := c.QueryParam("state") == f.key
		if current {
			chosen = i
		}
		page.Filters = append(page.Filters, views.Filter{
			Text: f.text, Kind: f.mark, Count: strconv.Itoa(total), Current: current,
			Href: c.list("/environments", "state", f.key, "offset", ""),
		})
	}
	return chosen, nil
}

func (s *Server) environmentRow(c *call, d orchestrator.Deployment) (views.EnvironmentRow, error) {
	row := views.EnvironmentRow{
		Name: d.ID, Href: "/environments/" + d.ID, Cell: cellOrBlueprint(d), Rehearsal: d.Rehearsal,
		Owner: c.owner(d.CreatedBy), Created: views.Ago(d.CreatedAt, c.now),
	}
	latest, err := s.latest(c, d)
	if err != nil {
		return row, err
	}
	row.State = views.EnvironmentMark(d.InstallationStatus, d.DeploymentStatus, latest)
	if latest == nil {
		return row, nil
	}
	row.Operation = views.OperationMark(latest)
	row.By = c.owner(latest.CreatedBy) + ", " + lasted(*latest, c.now)
	row.Reason = firstLine(latest.Error)
	if !latest.Status.Final() {
		row.Reason = latest.Reason
		row.Progress = &views.Progress{Done: latest.FinishedOperations, Total: latest.TotalOperations, Label: progressLabel(latest.FinishedOperations, latest.TotalOperations, "step")}
	}
	return row, nil
}

// latest is a deployment's newest execution; nil before the first.
func (s *Server) latest(c *call, d orchestrator.Deployment) (*orchestrator.Execution, error) {
	if d.LatestExecution == "" {
		return nil, nil //nolint:nilnil // none yet is an answer
	}
	x, err := s.control.GetExecution(c.context(), c.Actor, d.LatestExecution)
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return nil, nil //nolint:nilnil // its rows are gone
	}
	if err != nil {
		return nil, err
	}
	return &x, nil
}

func cellOrBlueprint(d orchestrator.Deployment) string {
	if cell := views.CellName(d.CloudType, d.EnvType); cell != "" {
		return cell
	}
	return d.BlueprintID
}
