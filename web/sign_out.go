package web

func (s *Server) signOut(c *call) error {
	if err := s.sessions.End(c.context(), c.secret); err != nil {
		return err
	}
	s.dropCookie(c, sessionCookie)
	return c.leadTo("/sign-in")
}
