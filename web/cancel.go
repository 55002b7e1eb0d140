package web

import (
	"fmt"
	"net/http"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) cancelForm(c *call) error {
	page, err := s.cancelPage(c)
	if err != nil {
		return err
	}
	return c.show(views.Cancel(page))
}

func (s *Server) cancel(c *call) error {
	x, err := s.control.CancelExecution(c.context(), c.Actor, c.Param("id"))
	if orchestrator.ErrorCode(err) == orchestrator.Invalid {
		page, pageErr := s.cancelPage(c)
		if pageErr != nil {
			return pageErr
		}
		page.Blocked = &views.Notice{Tone: views.ToneAttn, Title: "There is nothing to cancel.", Text: sentence(orchestrator.ErrorMessage(err))}
		return c.render(http.StatusConflict, views.Cancel(page))
	}
	if err != nil {
		return err
	}
	return c.leadTo("/environments/" + x.DeploymentID)
}

// cancelPage says what stopping will do, before anybody does it.
func (s *Server) cancelPage(c *call) (views.CancelPage, error) {
	x, err := s.control.GetExecution(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return views.CancelPage{}, err
	}
	at := "/executions/" + x.ID
	page := views.CancelPage{
		Chrome:  c.page("Cancel "+x.Workflow, views.SectionExecutions, views.Link{Text: "Executions", Href: "/executions"}, views.Link{Text: x.Workflow + " of " + x.DeploymentID, Href: at}),
		Heading: "Cancel " + x.Workflow + " of " + x.DeploymentID, Sentence: "This is what stopping does:",
		Action: at + "/cancel", Back: views.Link{Text: "Let it run", Href: at},
		NotBegun: "Steps that have not begun are left out. Executions of components are cancelled with it.",
	}
	page.Slim = true
	if x.Status.Final() {
		page.Blocked = &views.Notice{Tone: views.ToneAttn, Title: "There is nothing to cancel.", Text: "It is " + x.Status.Display() + " already."}
		return page, nil
	}
	tree, err := s.control.Topology(c.context(), c.Actor, x.DeploymentID)
	if err != nil {
		return page, err
	}
	sum := look(tree, c.now, "", func(string) string { return "" })
	page.Finishes = sum.waiting
	page.Sentence = fmt.Sprintf("%s up. This is what stopping does:", progressLabel(sum.up, sum.instances, "node"))
	page.Remains = fmt.Sprintf("%s running, and costing what they cost. Uninstall takes them down.", keeps(sum.live))
	return page, nil
}

func keeps(n int) string {
	if n == 1 {
		return "1 node keeps"
	}
	return fmt.Sprintf("%d nodes keep", n)
}
