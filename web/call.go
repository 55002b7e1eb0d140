package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
	"github.com/slipwayhq/slipway/web/auth"
)

// call is one request with who makes it.
type call struct {
	echo.Context
	Actor orchestrator.Actor // the zero Actor for nobody
	// secret is what the browser's cookie holds: a session's token, or at the
	// door the token that the sign-in form derives from.
	secret string
	now    time.Time
}

// callContextKey is where the call is kept for the error page.
const callContextKey = "slipway call"

// callOf finds out who asks. A session that has ended is nobody, not an error.
func (s *Server) callOf(ec echo.Context) (*call, error) {
	c := &call{Context: ec, now: s.now(), secret: s.readCookie(ec, doorCookie)}
	ec.Set(callContextKey, c)
	token := s.readCookie(ec, sessionCookie)
	if err := s.pace.Take(ec.RealIP(), token); err != nil {
		return c, err
	}
	if token == "" {
		return c, nil
	}
	actor, err := s.sessions.Resolve(ec.Request().Context(), token, ec.RealIP())
	switch {
	case orchestrator.ErrorCode(err) == orchestrator.Unauthorized:
		s.dropCookie(ec, sessionCookie)
		return c, nil
	case err != nil:
		return c, err
	}
	c.Actor, c.secret = actor, token
	return c, nil
}

// checkForm refuses a change that no form of ours asked for: by the browser's
// own word on where the request comes from, and by the form's token.
func (s *Server) checkForm(c *call) error {
	r := c.Request()
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	if err := s.origins.Check(r); err != nil {
		return orchestrator.Errorf(orchestrator.Forbidden, "This request came from another site. Open the page here and try again.").Wrap(err)
	}
	token := r.Header.Get("X-CSRF-Token")
	if token == "" {
		token = c.FormValue("csrf")
	}
	if !auth.CheckFormToken(c.secret, token) {
		return orchestrator.Errorf(orchestrator.Forbidden, "The form is older than your session. Go back, reload the page and try again.")
	}
	return nil
}

func (c *call) context() context.Context { return c.Request().Context() }

// partial reports whether htmx asks for a part of a page.
func (c *call) partial() bool { return c.Request().Header.Get("HX-Request") == "true" }

// page is the frame of a page of this request.
func (c *call) page(title string, section views.Section, crumbs ...views.Link) views.Chrome {
	return views.Chrome{
		Title: title, Section: section, Crumbs: crumbs,
		User: c.Actor.Name, Team: c.Actor.Team, Role: c.Actor.Role, CSRF: auth.FormToken(c.secret),
	}
}

// text is a field of the form with the line ends that everybody but forms uses: a
// key or a script with carriage returns would not be what was typed.
func (c *call) text(name string) string { return unixLines(c.FormValue(name)) }

func unixLines(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }

// owner is how a page names somebody: "you" for who is reading.
func (c *call) owner(name string) string {
	if name == c.Actor.Name {
		return "you"
	}
	return name
}

// query returns the page's address with some of its query changed; an empty
// value takes a key out.
func (c *call) query(changes ...string) string {
	values := url.Values{}
	for key, list := range c.QueryParams() {
		values[key] = list
	}
	for i := 0; i+1 < len(changes); i += 2 {
		if changes[i+1] == "" {
			values.Del(changes[i])
			continue
		}
		values.Set(changes[i], changes[i+1])
	}
	if len(values) == 0 {
		return c.Request().URL.Path
	}
	return c.Request().URL.Path + "?" + values.Encode()
}
