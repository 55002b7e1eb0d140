package web

import (
	"fmt"
	"hash/fnv"
	"time"
)

// environmentsStream nudges an open list when one of its rows has changed.
func (s *Server) environmentsStream(c *call) error {
	stream, err := c.openStream()
	if err != nil {
		return nil //nolint:nilerr // the browser has gone already
	}
	news, beat := time.NewTicker(lookEvery), time.NewTicker(beatEvery)
	defer news.Stop()
	defer beat.Stop()
	seen, err := s.listPrint(c)
	for err == nil {
		select {
		case <-c.context().Done():
			return nil
		case <-beat.C:
			err = s.beat(c, stream)
		case <-news.C:
			var now uint64
			if now, err = s.listPrint(c); err == nil && now != seen {
				seen = now
				err = stream.Send("", "page", "")
			}
		}
	}
	return s.streamBroke(c, err)
}

// listPrint changes when a row of the list does.
func (s *Server) listPrint(c *call) (uint64, error) {
	deployments, total, err := s.control.ListDeployments(c.context(), c.Actor, s.environmentList(c))
	if err != nil {
		return 0, err
	}
	sum := fnv.New64a()
	note := func(facts ...any) { _, _ = fmt.Fprintln(sum, facts...) } // a hash takes everything
	note(total)
	for _, d := range deployments {
		latest, err := s.latest(c, d)
		if err != nil {
			return 0, err
		}
		note(d.ID, d.InstallationStatus, d.DeploymentStatus, d.LatestExecution)
		if latest != nil {
			note(latest.Status, latest.FinishedOperations, latest.Reason)
		}
	}
	return sum.Sum64(), nil
}
