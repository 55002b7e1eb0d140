package web

import (
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// install starts the install of an environment that is not built.
func (s *Server) install(c *call) error {
	id := c.Param("id")
	if _, err := s.control.StartExecution(c.context(), c.Actor, control.StartExecution{DeploymentID: id, Workflow: "install"}); err != nil {
		return err
	}
	return c.leadTo("/environments/" + id)
}
