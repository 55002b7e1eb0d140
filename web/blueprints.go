package web

import (
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

func (s *Server) blueprints(c *call) error {
	page := views.BlueprintsPage{
		Chrome: c.page("Blueprints", views.SectionBlueprints), Search: c.search("Search blueprints"),
		CanUpload: c.Actor.Role.AtLeast(orchestrator.Operator),
	}
	page.Notice = s.takeNotice(c)
	list := control.ListBlueprints{Search: c.QueryParam("q"), Sort: "id", Offset: c.offset(), Size: pageSize}
	blueprints, total, err := s.control.ListBlueprints(c.context(), c.Actor, list)
	if err != nil {
		return err
	}
	for _, b := range blueprints {
		deployed, err := s.deployed(c, b.ID)
		if err != nil {
			return err
		}
		page.Rows = append(page.Rows, views.BlueprintRow{
			ID: b.ID, Href: "/blueprints/" + b.ID, Version: "v" + strconv.Itoa(b.Version), Description: b.Description,
			Origin: origin(c, b), Deployments: strconv.Itoa(deployed), Updated: views.Ago(b.CreatedAt, c.now), Launch: "/launch/" + b.ID,
		})
	}
	page.Pager = c.pager(list.Offset, len(blueprints), total)
	if total == 0 {
		page.None = "No blueprint is called like that."
	}
	return c.show(views.Blueprints(page))
}

func origin(c *call, b orchestrator.Blueprint) string {
	if b.Bundled {
		return "bundled"
	}
	return c.owner(b.CreatedBy)
}
