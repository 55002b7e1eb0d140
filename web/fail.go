package web

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/views"
)

// statuses maps what the caller can do about an error to HTTP.
var statuses = map[orchestrator.Code]int{
	orchestrator.Invalid:      http.StatusUnprocessableEntity,
	orchestrator.NotFound:     http.StatusNotFound,
	orchestrator.Conflict:     http.StatusConflict,
	orchestrator.Forbidden:    http.StatusForbidden,
	orchestrator.Unauthorized: http.StatusUnauthorized,
	orchestrator.Unavailable:  http.StatusServiceUnavailable,
	orchestrator.TooLarge:     http.StatusRequestEntityTooLarge,
	orchestrator.TooMany:      http.StatusTooManyRequests,
}

func statusOf(err error) int {
	if status, ok := statuses[orchestrator.ErrorCode(err)]; ok {
		return status
	}
	return http.StatusInternalServerError
}

// sayWhen tells whoever was refused for now when to come back.
func sayWhen(c echo.Context, err error) {
	if refused, ok := errors.AsType[*orchestrator.Error](err); ok && refused.RetryAfter > 0 {
		c.Response().Header().Set(echo.HeaderRetryAfter, strconv.Itoa(int(math.Ceil(refused.RetryAfter.Seconds()))))
	}
}

// fail answers a request whose action returned an error. People get a sentence,
// operators the whole chain in the log.
func (s *Server) fail(err error, ec echo.Context) {
	if ec.Response().Committed {
		return // a stream that broke, or half a file: nothing more can be said
	}
	if ec.Request().Context().Err() != nil {
		// Mostly the browser has gone: a form that changed again, a tab that was
		// closed. But when it is we who go, an empty answer must not look like a
		// good one.
		if err := ec.NoContent(http.StatusServiceUnavailable); err != nil {
			s.log.Debug("nobody hears that the request was broken off", "error", err)
		}
		return
	}
	c, ok := ec.Get(callContextKey).(*call)
	if !ok {
		c = &call{Context: ec, now: s.now()}
	}
	if refused, ok := errors.AsType[*http.MaxBytesError](err); ok {
		err = orchestrator.Errorf(orchestrator.TooLarge, "That is more than %d MB.", refused.Limit>>20).Wrap(err)
	}
	if routed, ok := errors.AsType[*echo.HTTPError](err); ok && routed.Code < 500 {
		err = orchestrator.Errorf(orchestrator.Invalid, "%s", http.StatusText(routed.Code)).Wrap(err)
	}
	status := statusOf(err)
	if routed, ok := errors.AsType[*echo.HTTPError](err); ok && routed.Code < 500 {
		status = routed.Code // the router's own words: such as 405
	}
	if status == http.StatusUnauthorized && s.toTheDoor(c) {
		return
	}
	sayWhen(c, err)
	id := ec.Response().Header().Get(echo.HeaderXRequestID)
	level := s.log.Debug
	if status == http.StatusInternalServerError {
		level = s.log.Error
	}
	level("request failed", "request", id, "method", ec.Request().Method, "route", ec.Path(), "status", status, "error", err)
	if err := s.tell(c, status, err, id); err != nil {
		s.log.Error("draw error page", "request", id, "error", err)
	}
}

// toTheDoor leads somebody unknown to the sign-in page, which leads back.
func (s *Server) toTheDoor(c *call) bool {
	r := c.Request()
	next := "/"
	switch {
	case c.partial(): // the page that the part belongs to
		if page, err := url.Parse(r.Header.Get("HX-Current-URL")); err == nil {
			next = safeNext(page.RequestURI())
		}
	case r.Method == http.MethodGet:
		next = r.URL.RequestURI()
	}
	if r.Header.Get("Accept") == "text/event-stream" {
		return false
	}
	return c.leadTo("/sign-in?next="+url.QueryEscape(next)) == nil
}

func (s *Server) tell(c *call, status int, err error, id string) error {
	if c.Request().Method == http.MethodHead {
		return c.NoContent(status)
	}
	page := views.ErrorPage{
		Chrome: c.page(http.StatusText(status), ""), Status: http.StatusText(status),
		Heading: orchestrator.ErrorMessage(err), Actions: []views.Link{{Text: "All environments", Href: "/environments"}},
	}
	switch status {
	case http.StatusNotFound:
		page.Text = "It may have been deleted, or it belongs to another team."
	case http.StatusInternalServerError:
		page.Heading = "Something went wrong on our side"
		page.Text = "Try again; if it stays, give this number to whoever runs Slipway."
		page.RequestID = id
	}
	if c.partial() {
		return c.render(status, views.ErrorPart(page))
	}
	return c.render(status, views.Error(page))
}

// newRequestID is 64 random bits.
func newRequestID() string {
	raw := make([]byte, 8)
	_, _ = rand.Read(raw) // never fails
	return hex.EncodeToString(raw)
}
