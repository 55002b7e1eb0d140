package web

import (
	"net/url"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) environment(c *call) error {
	p, err := s.portrait(c, c.Param("id"))
	if err != nil {
		return err
	}
	d := p.tree.Deployment
	page := views.EnvironmentPage{
		Chrome:           c.page(d.ID, views.SectionEnvironments, s.parents(c, d)...),
		EnvironmentParts: p.draw(),
	}
	page.Wide, page.Working = true, p.running()
	page.Notice = s.takeNotice(c)
	if d.Rehearsal {
		page.Rehearsal = rehearsalSentence(d.RehearsalReason)
	}
	page.Stream, page.Live = "/environments/"+d.ID+"/stream", "/environments/"+d.ID+"/live"
	if query := c.QueryString(); query != "" {
		page.Stream, page.Live = page.Stream+"?"+query, page.Live+"?"+query
	}
	if page.Log, err = s.logOf(c, p.tree.Latest, nil); err != nil {
		return err
	}
	if p.tree.Latest != nil {
		page.Log.Execution = &views.Link{Text: "Open execution", Href: "/executions/" + p.tree.Latest.ID}
	}
	for _, name := range orchestrator.SortedKeys(d.Inputs) {
		if value := d.Inputs[name]; value != nil {
			page.Inputs = append(page.Inputs, views.Row{Name: name, Value: clip(textOf(value), longValue)})
		}
	}
	return c.show(views.Environment(page))
}

// environmentLive answers an open page that asks for what has moved.
func (s *Server) environmentLive(c *call) error {
	p, err := s.portrait(c, c.Param("id"))
	if err != nil {
		return err
	}
	return c.show(views.EnvironmentLive(p.draw(), c.page("", "").CSRF))
}

// stripLength is how many executions stand side by side on the page.
const stripLength = 5

func (s *Server) portrait(c *call, id string) (portrait, error) {
	p := portrait{actor: c.Actor, now: c.now, picked: c.QueryParam("node")}
	var err error
	if p.tree, err = s.control.Topology(c.context(), c.Actor, id); err != nil {
		return p, err
	}
	if p.capabilities, err = s.control.Capabilities(c.context(), c.Actor, id); err != nil {
		return p, err
	}
	p.runs, p.runCount, err = s.control.ListExecutions(c.context(), c.Actor, control.ListExecutions{DeploymentID: id, Sort: "created_at", Descending: true, Size: stripLength})
	if err != nil {
		return p, err
	}
	p.workload, err = s.workloadFor(c, p.tree.Deployment)
	return p, err
}

// parents leads from a component up to its environment.
func (s *Server) parents(c *call, d orchestrator.Deployment) []views.Link {
	crumbs := []views.Link{{Text: "Environments", Href: "/environments"}}
	for _, label := range d.Labels {
		if label.Key == "csys-obj-parent" {
			crumbs = append(crumbs, views.Link{Text: label.Value, Href: "/environments/" + label.Value})
		}
	}
	return crumbs
}

// workloadFor finds a bundled workload that runs on such an environment: one
// with an input that takes it. Only an environment with Kubernetes carries one.
func (s *Server) workloadFor(c *call, d orchestrator.Deployment) (*views.Link, error) {
	if !offersKubernetes(d) || !c.Actor.Role.AtLeast(orchestrator.User) {
		return nil, nil //nolint:nilnil // no workload is an answer
	}
	bundled, err := s.control.BundledInfo()
	if err != nil {
		return nil, err
	}
	for _, id := range orchestrator.SortedKeys(bundled) {
		if bundled[id].Kind != kindWorkload {
			continue
		}
		blueprint, err := s.control.GetBlueprint(c.context(), c.Actor, id)
		if orchestrator.ErrorCode(err) == orchestrator.NotFound {
			continue // somebody took it out of the catalogue
		}
		if err != nil {
			return nil, err
		}
		for _, input := range blueprint.Plan.Inputs {
			if input.Type == "deployment_id" {
				return &views.Link{Text: "Deploy " + id + " onto it", Href: "/launch/" + id + "?" + url.Values{inputPrefix + input.Name: {d.ID}}.Encode()}, nil
			}
		}
	}
	return nil, nil //nolint:nilnil // no workload is an answer
}

func offersKubernetes(d orchestrator.Deployment) bool {
	if d.Parent != "" {
		return false
	}
	for _, capability := range d.Capabilities {
		if capability.Name == "k8s_config" {
			return true
		}
	}
	return false
}

// rehearsalSentence stands beside the word REHEARSAL.
func rehearsalSentence(reason string) string {
	text := "Nothing in AWS or Azure is touched; minutes run as seconds."
	if reason != "" {
		text += " It rehearses because " + reason + "."
	}
	return text
}
