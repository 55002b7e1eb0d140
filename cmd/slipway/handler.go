package main

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/web"
	"github.com/slipwayhq/slipway/web/api"
	"github.com/slipwayhq/slipway/web/auth"
)

// newHandler puts pages, API and health checks on one router. stop ends what
// serves open pages.
func newHandler(c config, a *app, log *slog.Logger) (handler http.Handler, stop func(), err error) {
	pages, err := web.New(web.Config{Control: a.control, PublicURL: c.publicURL, Now: time.Now, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	who, err := auth.NewAPI(a.control, auth.NewAdminToken(a.adminToken), time.Now)
	if err != nil {
		return nil, nil, err
	}
	rest, err := api.New(api.Config{Control: a.control, Authenticate: who.Authenticate, Version: version, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	router := pages.Echo()
	rest.Mount(router)
	addHealth(router, a.control)
	return pages, pages.Stop, nil
}

// addHealth answers those who watch the process: alive, and able to serve.
func addHealth(router *echo.Echo, decide *control.Control) {
	router.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	router.GET("/readyz", func(c echo.Context) error {
		if err := decide.Ready(c.Request().Context()); err != nil {
			return c.String(http.StatusServiceUnavailable, "the database does not answer\n")
		}
		return c.String(http.StatusOK, "ready\n")
	})
}
