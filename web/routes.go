package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
)

// action answers one request.
type action func(*Server, *call) error

// route is a line of the table. A role is the least that gets through; what is
// owned by whom is decided by control.
type route struct {
	method string
	path   string
	role   orchestrator.Role // public for everybody
	action action
}

// uploadPath takes archives.
const uploadPath = "/upload-blueprint"

// public marks the routes for people whom nobody knows yet.
const public orchestrator.Role = ""

// routes is the whole portal. A test walks it for every role.
func routes() []route {
	const (
		get  = http.MethodGet
		post = http.MethodPost
	)
	const viewer, user, operator = orchestrator.Viewer, orchestrator.User, orchestrator.Operator
	return []route{
		{get, "/sign-in", public, (*Server).signInForm},
		{post, "/sign-in", public, (*Server).signIn},
		{post, "/sign-out", viewer, (*Server).signOut},

		{get, "/", viewer, (*Server).home},
		{get, "/catalogue", viewer, (*Server).catalogue},
		{get, "/launch/:blueprint", user, (*Server).launchForm},
		{post, "/launch/:blueprint", user, (*Server).launch},
		{post, "/launch/:blueprint/preview", user, (*Server).launchPreview},

		{get, "/environments", viewer, (*Server).environments},
		{get, "/live/environments", viewer, (*Server).environmentsLive},
		{get, "/stream/environments", viewer, (*Server).environmentsStream},
		{get, "/environments/:id", viewer, (*Server).environment},
		{get, "/environments/:id/live", viewer, (*Server).environmentLive},
		{get, "/environments/:id/stream", viewer, (*Server).environmentStream},
		{post, "/environments/:id/install", user, (*Server).install},
		{get, "/environments/:id/uninstall", user, (*Server).uninstallForm},
		{post, "/environments/:id/uninstall", user, (*Server).uninstall},
		{get, "/environments/:id/delete", user, (*Server).deleteForm},
		{post, "/environments/:id/delete", user, (*Server).deleteEnvironment},
		{post, "/environments/:id/capabilities/:name/reveal", user, (*Server).reveal},

		{get, "/executions", viewer, (*Server).executions},
		{get, "/executions/:id", viewer, (*Server).execution},
		{get, "/executions/:id/live", viewer, (*Server).executionLive},
		{get, "/executions/:id/stream", viewer, (*Server).executionStream},
		{get, "/executions/:id/log.txt", viewer, (*Server).executionText},
		{get, "/executions/:id/cancel", user, (*Server).cancelForm},
		{post, "/executions/:id/cancel", user, (*Server).cancel},

		{get, "/blueprints", viewer, (*Server).blueprints},
		{get, uploadPath, operator, (*Server).uploadForm},
		{post, uploadPath, operator, (*Server).upload},
		{get, "/blueprints/:id", viewer, (*Server).blueprint},

		{get, "/secrets", viewer, (*Server).secrets},
		{get, "/new-secret", operator, (*Server).newSecret},
		{post, "/new-secret", operator, (*Server).createSecret},
		{get, "/secrets/:key", viewer, (*Server).secret},
		{post, "/secrets/:key", operator, (*Server).updateSecret},
		{get, "/secrets/:key/delete", operator, (*Server).deleteSecretForm},
		{post, "/secrets/:key/delete", operator, (*Server).deleteSecret},
	}
}

// home leads to what people come for.
func (s *Server) home(c *call) error { return c.Redirect(http.StatusSeeOther, "/environments") }

// lost is every address that leads nowhere.
func (s *Server) lost(c *call) error {
	return orchestrator.Errorf(orchestrator.NotFound, "There is no page %s", c.Request().URL.Path)
}

// serve wraps an action: find out who asks, check the route's role and the
// form's token, then act.
func (s *Server) serve(r route) echo.HandlerFunc {
	return func(ec echo.Context) error {
		c, err := s.callOf(ec)
		if err != nil {
			return err
		}
		if r.role != public && !c.Actor.Role.AtLeast(r.role) {
			return refuse(c, r.role)
		}
		if err := s.checkForm(c); err != nil {
			return err
		}
		return r.action(s, c)
	}
}

func refuse(c *call, needed orchestrator.Role) error {
	if c.Actor.Name == "" {
		return orchestrator.Errorf(orchestrator.Unauthorized, "Sign in to go on.")
	}
	return orchestrator.Errorf(orchestrator.Forbidden, "This needs the role %s in team %s; you are %s. An admin of the team can give it.", needed, c.Actor.Team, c.Actor.Role)
}
