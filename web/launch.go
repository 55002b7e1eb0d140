package web

import (
	"net/http"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// launchForm opens the form, filled in from the query where it says something.
func (s *Server) launchForm(c *call) error {
	form, err := s.readLaunch(c)
	if err != nil {
		return err
	}
	if form.id == "" {
		if form.id, err = s.freeName(c, form.blueprint.ID); err != nil {
			return err
		}
	}
	return s.showLaunch(c, http.StatusOK, form, nil)
}

// launch creates the environment and starts its install.
func (s *Server) launch(c *call) error {
	form, err := s.readLaunch(c)
	if err != nil {
		return err
	}
	if c.FormValue("preview") != "" { // without scripting, the button that only looks
		return s.showLaunch(c, http.StatusOK, form, nil)
	}
	if len(form.faults) > 0 {
		return s.showLaunch(c, http.StatusUnprocessableEntity, form, nil)
	}
	create := form.create()
	create.Rehearse = c.FormValue("rehearse") != ""
	d, err := s.control.CreateDeployment(c.context(), c.Actor, create)
	if code := orchestrator.ErrorCode(err); code == orchestrator.Invalid || code == orchestrator.Conflict {
		return s.showLaunch(c, statusOf(err), form, err)
	}
	if err != nil {
		return err
	}
	_, err = s.control.StartExecution(c.context(), c.Actor, control.StartExecution{DeploymentID: d.ID, Workflow: "install"})
	if orchestrator.ErrorCode(err) == orchestrator.Invalid {
		s.leaveNotice(c, views.Notice{Tone: views.ToneAttn, Title: "Created, but not installed.", Text: orchestrator.ErrorMessage(err)})
		err = nil
	}
	if err != nil {
		return err
	}
	return c.leadTo("/environments/" + d.ID)
}

// launchPreview answers a form that changed with what it would build now.
func (s *Server) launchPreview(c *call) error {
	form, err := s.readLaunch(c)
	if err != nil {
		return err
	}
	preview, err := s.control.PreviewDeployment(c.context(), c.Actor, form.create())
	if err != nil {
		return err
	}
	return c.show(views.LaunchAnswer(form.preview(preview), form.commit(preview)))
}

func (s *Server) showLaunch(c *call, status int, form launchForm, refused error) error {
	choices, err := s.choices(c, form.blueprint.Plan)
	if err != nil {
		return err
	}
	form.preselect(choices)
	preview, err := s.control.PreviewDeployment(c.context(), c.Actor, form.create())
	if err != nil {
		return err
	}
	if refused != nil {
		form.refuse(refused)
	}
	if form.asked { // a form that nobody sent yet has no faults to show
		form.blame(preview.Fields)
	}
	page := form.page(c.page("Launch "+form.blueprint.ID, views.SectionCatalogue, views.Link{Text: "Catalogue", Href: "/catalogue"}), choices)
	page.Preview, page.Commit = form.preview(preview), form.commit(preview)
	return c.render(status, views.Launch(page))
}
