package web

import (
	"io"
	"mime"
	"net/http"

	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// executionText is the log as plain text at a stable address, for files and
// curl. It is read page by page and sent as it is read.
func (s *Server) executionText(c *call) error {
	x, err := s.control.GetExecution(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return err
	}
	header := c.Response().Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	disposition := "inline"
	if c.QueryParam("download") != "" {
		disposition = "attachment"
	}
	header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": x.DeploymentID + "-" + x.Workflow + ".txt"}))
	c.Response().WriteHeader(http.StatusOK)
	list := control.ListEvents{ExecutionID: x.ID, Size: newestLines}
	for {
		events, _, err := s.control.ListEvents(c.context(), c.Actor, list)
		if err != nil {
			return err
		}
		for _, e := range events {
			if _, err := io.WriteString(c.Response(), views.PlainText(e)); err != nil {
				return nil //nolint:nilerr // the reader has gone
			}
		}
		if len(events) < newestLines {
			return nil
		}
		list.After = events[len(events)-1].Seq
	}
}
