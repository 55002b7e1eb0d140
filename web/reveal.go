package web

import (
	"github.com/slipwayhq/slipway/views"
)

// reveal shows one marked value to somebody who may see it; that it was shown is
// on record. With scripting it takes the mask's place, without it has a page.
func (s *Server) reveal(c *call) error {
	id, name := c.Param("id"), c.Param("name")
	revealed, err := s.control.RevealCapabilities(c.context(), c.Actor, id, name)
	if err != nil {
		return err
	}
	shown := offer(revealed[0], false, "")
	shown.Revealed = true
	if c.partial() {
		return c.show(views.CapabilityValue(shown, c.page("", "").CSRF))
	}
	at := "/environments/" + id
	page := views.ValuePage{
		Chrome: c.page(name, views.SectionEnvironments, views.Link{Text: "Environments", Href: "/environments"}, views.Link{Text: id, Href: at}),
		Name:   name, Value: shown.Value, Back: views.Link{Text: "Back to " + id, Href: at},
	}
	page.Slim = true
	return c.show(views.Value(page))
}
