package web

import (
	"net/http"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) uninstallForm(c *call) error {
	page, err := s.uninstallPage(c)
	if err != nil {
		return err
	}
	return c.show(views.Confirm(page))
}

func (s *Server) uninstall(c *call) error {
	id := c.Param("id")
	if c.FormValue("confirm") != id {
		page, err := s.uninstallPage(c)
		if err != nil {
			return err
		}
		page.Error = "That is not its name. Type " + id + "."
		return c.render(http.StatusUnprocessableEntity, views.Confirm(page))
	}
	_, err := s.control.StartExecution(c.context(), c.Actor, control.StartExecution{DeploymentID: id, Workflow: "uninstall"})
	if orchestrator.ErrorCode(err) == orchestrator.Invalid {
		page, pageErr := s.uninstallPage(c)
		if pageErr != nil {
			return pageErr
		}
		if page.Blocked == nil {
			page.Blocked = &views.Notice{Tone: views.ToneAttn, Title: "It cannot be uninstalled now.", Text: orchestrator.ErrorMessage(err)}
		}
		return c.render(http.StatusConflict, views.Confirm(page))
	}
	if err != nil {
		return err
	}
	return c.leadTo("/environments/" + id)
}

// uninstallPage says what will go, or who holds it.
func (s *Server) uninstallPage(c *call) (views.ConfirmPage, error) {
	id := c.Param("id")
	at := "/environments/" + id
	page := views.ConfirmPage{
		Chrome:  c.page("Uninstall "+id, views.SectionEnvironments, views.Link{Text: "Environments", Href: "/environments"}, views.Link{Text: id, Href: at}),
		Heading: "Uninstall " + id, Sentence: "Everything that it built is taken down, last things first.",
		Name: id, Action: at + "/uninstall", Button: "Uninstall " + id, Back: views.Link{Text: "Keep it", Href: at},
	}
	page.Slim = true
	tree, err := s.control.Topology(c.context(), c.Actor, id)
	if err != nil {
		return page, err
	}
	if tree.Deployment.Rehearsal {
		page.Rehearsal = rehearsalSentence(tree.Deployment.RehearsalReason)
	}
	holders, err := s.control.Dependents(c.context(), c.Actor, id)
	if err != nil {
		return page, err
	}
	if len(holders) > 0 {
		page.Blocked = held(id, holders)
		return page, nil
	}
	sum := look(tree, c.now, "", func(string) string { return "" })
	page.Consequences = []string{
		views.Count(sum.live, "node") + " in " + views.Count(sum.deployments, "deployment") + " will end.",
		"What it stores goes with it; no copy is kept.",
		"The environment stays in the list as “Not built” until you delete it.",
	}
	return page, nil
}

// held names those that use a deployment, each with the way to it.
func held(id string, holders []string) *views.Notice {
	n := &views.Notice{Tone: views.ToneAttn, Title: "Others use " + id + ".", Text: "Uninstall them first."}
	for _, holder := range holders {
		// The sentence is the API's; on a page its words are these.
		text := strings.NewReplacer("Deployment ", "", "the current deployment", id, "`", "").Replace(holder)
		link := views.Link{Text: text}
		if parts := strings.Split(holder, "`"); len(parts) > 2 {
			link.Href = "/environments/" + parts[1]
		}
		n.Items = append(n.Items, link)
	}
	return n
}
