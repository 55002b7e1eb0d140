package web

// executionStream keeps an execution's page informed until the execution ends.
func (s *Server) executionStream(c *call) error {
	x, err := s.control.GetExecution(c.context(), c.Actor, c.Param("id"))
	if err != nil {
		return err
	}
	told, err := s.story(c, x)
	if err != nil {
		return err
	}
	stream, err := c.openStream()
	if err != nil {
		return nil //nolint:nilerr // the browser has gone already
	}
	f := following{s: s, c: c, stream: stream, x: x, filter: filterOf(c), told: told, seq: c.cursor(x.RootID)}
	ended, err := f.run()
	if ended && err == nil {
		err = stream.Send("", "end", "")
	}
	return s.streamBroke(c, err)
}
