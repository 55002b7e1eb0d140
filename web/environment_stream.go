package web

import (
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/web/sse"
)

// lookEvery is how often a page at rest is checked for new work.
const lookEvery = 2 * time.Second

// environmentStream keeps an environment's page informed: the log of its newest
// execution, nudges to fetch the rest again, and the news of another execution.
func (s *Server) environmentStream(c *call) error {
	d, err := s.control.GetDeployment(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return err
	}
	latest, err := s.latest(c, d)
	if err != nil {
		return err
	}
	stream, err := c.openStream()
	if err != nil {
		return nil //nolint:nilerr // the browser has gone already
	}
	if latest != nil {
		f := following{s: s, c: c, stream: stream, x: *latest, filter: filterOf(c), seq: c.cursor(latest.RootID)}
		if ended, err := f.run(); err != nil || !ended {
			return s.streamBroke(c, err)
		}
	}
	return s.streamBroke(c, s.awaitWork(c, stream, d.ID, d.LatestExecution))
}

// awaitWork waits at rest until the environment has another execution, and says
// so.
func (s *Server) awaitWork(c *call, stream *sse.Stream, id, latest string) error {
	news, beat := time.NewTicker(lookEvery), time.NewTicker(beatEvery)
	defer news.Stop()
	defer beat.Stop()
	for {
		select {
		case <-c.context().Done():
			return nil
		case <-beat.C:
			if err := s.beat(c, stream); err != nil {
				return err
			}
		case <-news.C:
			d, err := s.control.GetDeployment(c.context(), c.Actor, id)
			if orchestrator.ErrorCode(err) == orchestrator.NotFound {
				return stream.Send("", "root", "") // it was deleted: the page says so
			}
			if err != nil {
				return err
			}
			if d.LatestExecution != latest {
				return stream.Send("", "root", d.LatestExecution)
			}
		}
	}
}

// streamBroke notes why a stream ended; its answer has begun, so nothing more
// can be said to the browser, which comes back by itself.
func (s *Server) streamBroke(c *call, err error) error {
	if err != nil && c.context().Err() == nil {
		s.log.Debug("event stream ended", "route", c.Path(), "error", err)
	}
	return nil
}
