package web

import (
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
	"github.com/slipwayhq/slipway/web/auth"
)

func (s *Server) signInForm(c *call) error {
	next := safeNext(c.QueryParam("next"))
	if c.Actor.Name != "" {
		return c.leadTo(next)
	}
	s.atTheDoor(c)
	return c.show(views.SignIn(views.SignInPage{CSRF: auth.FormToken(c.secret), Next: next}))
}

func (s *Server) signIn(c *call) error {
	name, next := strings.TrimSpace(c.FormValue("name")), safeNext(c.FormValue("next"))
	account, err := s.passwords.Check(c.context(), name, c.FormValue("password"), c.RealIP())
	if code := orchestrator.ErrorCode(err); code == orchestrator.Unauthorized || code == orchestrator.TooMany {
		page := views.SignInPage{CSRF: auth.FormToken(c.secret), Next: next, Name: name, Error: orchestrator.ErrorMessage(err)}
		sayWhen(c, err)
		return c.render(statusOf(err), views.SignIn(page))
	}
	if err != nil {
		return err
	}
	return s.comeIn(c, account, next)
}

// comeIn ends every way in: a fresh session, and on to where one wanted to go.
func (s *Server) comeIn(c *call, account orchestrator.Account, next string) error {
	token, err := s.sessions.Begin(c.context(), account, c.RealIP(), s.readCookie(c, sessionCookie))
	if err != nil {
		return err
	}
	s.dropCookie(c, doorCookie)
	s.setCookie(c, sessionCookie, token, auth.StandardLimits.Absolute)
	return c.leadTo(next)
}

// safeNext keeps a path of this site and turns anything else into the home page.
func safeNext(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") || strings.HasPrefix(next, "/sign-in") {
		return "/"
	}
	return next
}
