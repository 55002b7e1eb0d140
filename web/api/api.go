package api

import (
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"runtime/debug"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// Config is what an API is built from.
type Config struct {
	Control *control.Control
	// Authenticate says who asks; see auth.API.
	Authenticate func(*http.Request) (orchestrator.Actor, error)
	// Version is that of this server; the contract's own is contractVersion.
	Version string
	Logger  *slog.Logger
}

// API serves everything under /api. It is an http.Handler with a router of its
// own, so that also what it does not know is answered in JSON.
type API struct {
	control      *control.Control
	authenticate func(*http.Request) (orchestrator.Actor, error)
	version      string
	log          *slog.Logger
	router       *echo.Echo
}

// New returns an API, or an error when the configuration is incomplete.
func New(cfg Config) (*API, error) {
	if cfg.Control == nil || cfg.Authenticate == nil || cfg.Logger == nil {
		return nil, errors.New("api: Control, Authenticate and Logger are required")
	}
	a := &API{control: cfg.Control, authenticate: cfg.Authenticate, version: cfg.Version, log: cfg.Logger, router: echo.New()}
	a.router.HTTPErrorHandler = a.fail
	for _, r := range routes() {
		a.router.Add(r.method, r.path, a.serve(r))
	}
	return a, nil
}

// Mount puts the API beside the pages.
func (a *API) Mount(e *echo.Echo) {
	handler := echo.WrapHandler(a)
	e.Any("/api", handler)
	e.Any("/api/*", handler)
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	a.router.ServeHTTP(w, r)
}

// serve wraps a handler: who asks, is the role enough, is the query known, then
// act. A panic is one request's trouble.
func (a *API) serve(r route) echo.HandlerFunc {
	return func(ec echo.Context) (err error) {
		defer func() {
			if cause := recover(); cause != nil {
				a.log.Error("api handler panicked", "route", r.path, "cause", cause, "stack", string(debug.Stack()))
				err = orchestrator.Errorf(orchestrator.Internal, "panic in %s %s", r.method, r.path)
			}
		}()
		actor, err := a.authenticate(ec.Request())
		if err != nil {
			return err
		}
		if !actor.Role.AtLeast(r.role) {
			return orchestrator.Errorf(orchestrator.Forbidden, "this needs the role %s in tenant %s; an admin of the tenant can give it", r.role, actor.Team).Because("forbidden_error")
		}
		// Strictly: echo leaves out what it cannot read.
		query, err := url.ParseQuery(ec.Request().URL.RawQuery)
		if err != nil {
			return invalid("the query of the address cannot be read; escape ; and %% in it")
		}
		c := &call{Context: ec, api: a, Actor: actor, query: query}
		if err := c.checkQuery(r.query); err != nil {
			return err
		}
		return r.handle(c)
	}
}
