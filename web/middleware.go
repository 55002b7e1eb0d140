package web

import (
	"compress/gzip"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Sizes of a request's body, in bytes.
const (
	maxForm   = 1 << 20
	maxUpload = 33 << 20 // an archive of 32 MB with its form around it
)

// policy lets a page load its own assets and nothing else, and nobody frame it.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// wrap is what every page of ours has around its action, outermost first.
func (s *Server) wrap() []echo.MiddlewareFunc {
	return []echo.MiddlewareFunc{s.named, s.secured, compressed(), s.caught, limited}
}

// named gives the request an id, for the log and for error pages.
func (s *Server) named(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, newRequestID())
		return next(c)
	}
}

func (s *Server) secured(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		header := c.Response().Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		if s.secure {
			header.Set("Strict-Transport-Security", "max-age=31536000")
		}
		// Pages say what one person may see: nobody keeps them.
		header.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// compressed packs pages, fragments and logs. Streams are sent as they come, and
// what a form answers, a revealed secret among it, is left alone: its size must
// tell nothing.
func compressed() echo.MiddlewareFunc {
	return middleware.GzipWithConfig(middleware.GzipConfig{
		Level: gzip.BestSpeed, MinLength: packFrom,
		Skipper: func(c echo.Context) bool {
			return c.Request().Method != http.MethodGet || strings.HasSuffix(c.Path(), "/stream") || strings.HasPrefix(c.Path(), "/stream/")
		},
	})
}

// packFrom is from how many bytes on compressing pays: one packet.
const packFrom = 1400

// caught turns a panic into an error with its stack in the log.
func (s *Server) caught(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if value := recover(); value != nil {
				if value == http.ErrAbortHandler { //nolint:errorlint // a sentinel, as net/http compares it
					panic(value)
				}
				s.log.Error("a page panicked", "path", c.Path(), "panic", fmt.Sprint(value), "stack", string(debug.Stack()))
				err = fmt.Errorf("page panicked: %v", value)
			}
		}()
		return next(c)
	}
}

// limited bounds how much a browser may send: much only to the page that takes
// archives, which few may use.
func limited(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		most := int64(maxForm)
		if c.Path() == uploadPath {
			most = maxUpload
		}
		if r.ContentLength > most {
			return orchestrator.Errorf(orchestrator.TooLarge, "That is more than %d MB.", most>>20)
		}
		r.Body = http.MaxBytesReader(c.Response(), r.Body, most)
		return next(c)
	}
}
