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
	return headed(hurried(pages, bodyTimeout)), pages.Stop, nil
}

// headed answers HEAD, which those who watch a server ask, as GET; net/http
// leaves the body out.
func headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			asked := *r // net/http goes by the method of its own
			asked.Method = http.MethodGet
			r = &asked
		}
		next.ServeHTTP(w, r)
	})
}

// bodyTimeout is how long a request's body may take to arrive: the largest
// upload over a slow line.
const bodyTimeout = 10 * time.Minute

// hurried ends requests whose body does not arrive in time, which would hold
// their connection and what has been read of them for as long as they like.
// Requests without a body, event streams among them, may last.
func hurried(next http.Handler, limit time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			// A connection that knows no deadlines is not the network's.
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(limit))
		}
		next.ServeHTTP(w, r)
	})
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
