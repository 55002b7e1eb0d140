package web

import (
	"net/http"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) deleteForm(c *call) error {
	d, err := s.control.GetDeployment(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return err
	}
	return c.show(views.Confirm(deletePage(c, d.ID)))
}

func (s *Server) deleteEnvironment(c *call) error {
	id := c.Param("id")
	err := s.control.DeleteDeployment(c.context(), c.Actor, id, false)
	if code := orchestrator.ErrorCode(err); code == orchestrator.Invalid || code == orchestrator.Conflict {
		page := deletePage(c, id)
		page.Blocked = &views.Notice{Tone: views.ToneAttn, Title: "It cannot be deleted now.", Text: orchestrator.ErrorMessage(err)}
		return c.render(http.StatusConflict, views.Confirm(page))
	}
	if err != nil {
		return err
	}
	s.leaveNotice(c, views.Notice{Tone: views.ToneOK, Title: id + " is deleted."})
	return c.leadTo("/environments")
}

func deletePage(c *call, id string) views.ConfirmPage {
	at := "/environments/" + id
	page := views.ConfirmPage{
		Chrome:  c.page("Delete "+id, views.SectionEnvironments, views.Link{Text: "Environments", Href: "/environments"}, views.Link{Text: id, Href: at}),
		Heading: "Delete " + id, Sentence: "Nothing of it runs any more. This removes it from the list.",
		Consequences: []string{"Its executions and their logs are removed.", "Its name is free again."},
		Action:       at + "/delete", Button: "Delete " + id, Back: views.Link{Text: "Keep it", Href: at},
	}
	page.Slim = true
	return page
}
