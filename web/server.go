package web

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/static"
	"github.com/slipwayhq/slipway/web/auth"
	"github.com/slipwayhq/slipway/web/sse"
)

// Config is what a Server is built from.
type Config struct {
	Control *control.Control
	// PublicURL is how browsers reach the server; cookies are Secure unless it
	// is http.
	PublicURL string
	Now       func() time.Time
	Logger    *slog.Logger
}

// Server is the portal.
type Server struct {
	control   *control.Control
	sessions  *auth.Sessions
	passwords *auth.Passwords
	pace      *auth.Pace
	origins   *http.CrossOriginProtection
	hub       *sse.Hub
	now       func() time.Time
	quiet     time.Duration // see quietEvery
	log       *slog.Logger
	secure    bool
	echo      *echo.Echo
}

// Tries at signing in: so many in a window for a name from one address.
const (
	signInTries  = 10
	signInWindow = time.Minute
)

// New returns the portal, ready to serve.
func New(cfg Config) (*Server, error) {
	if cfg.Control == nil || cfg.Now == nil || cfg.Logger == nil {
		return nil, errors.New("web: Control, Now and Logger are required")
	}
	public, err := url.Parse(cfg.PublicURL)
	if err != nil || public.Host == "" {
		return nil, errors.New("web: PublicURL must be like https://slipway.example.com")
	}
	passwords, err := auth.NewPasswords(cfg.Control, auth.NewLimiter(cfg.Now, signInTries, signInWindow))
	if err != nil {
		return nil, err
	}
	origins := http.NewCrossOriginProtection()
	if err := origins.AddTrustedOrigin(public.Scheme + "://" + public.Host); err != nil {
		return nil, errors.New("web: PublicURL must be like https://slipway.example.com")
	}
	s := &Server{
		control: cfg.Control, sessions: auth.NewSessions(cfg.Control, auth.StandardLimits, cfg.Now), passwords: passwords, pace: auth.NewPace(auth.CallerShare, auth.AddressShare),
		origins: origins, hub: sse.NewHub(feed{cfg.Control}), now: cfg.Now, quiet: quietEvery, log: cfg.Logger, secure: public.Scheme == "https",
	}
	s.echo = s.build()
	return s, nil
}

// Echo returns the router, so that the REST API can be mounted beside the pages.
func (s *Server) Echo() *echo.Echo { return s.echo }

// ServeHTTP serves pages and assets.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.echo.ServeHTTP(w, r) }

// Stop ends the readers behind open pages. It forgives being called twice.
func (s *Server) Stop() { s.hub.Stop() }

func (s *Server) build() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	// The address of the connection, not what a header claims.
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.fail
	e.GET(static.Prefix+"*", echo.WrapHandler(static.Handler()))
	around := s.wrap()
	for _, r := range routes() {
		e.Add(r.method, r.path, s.serve(r), around...)
	}
	// What no route knows looks like any other page, for those who are signed in.
	e.RouteNotFound("/*", s.serve(route{role: orchestrator.Viewer, action: (*Server).lost}), around...)
	return e
}

// feed lets the hub read through control.
type feed struct{ control *control.Control }

func (f feed) Follow(ctx context.Context, actor orchestrator.Actor, root string, after int64) iter.Seq2[sse.Batch, error] {
	return func(yield func(sse.Batch, error) bool) {
		for batch, err := range f.control.Follow(ctx, actor, root, after) {
			if !yield(sse.Batch{Events: batch.Events, Ended: batch.Ended}, err) {
				return
			}
		}
	}
}

func (f feed) Last(ctx context.Context, actor orchestrator.Actor, root string) (int64, error) {
	return lastNumber(ctx, f.control, actor, root)
}

// lastNumber is the number of the newest event of a root execution; 0 for none.
func lastNumber(ctx context.Context, c *control.Control, actor orchestrator.Actor, root string) (int64, error) {
	newest, _, err := c.ListEvents(ctx, actor, control.ListEvents{ExecutionID: root, Size: 1, Descending: true})
	if err != nil || len(newest) == 0 {
		return 0, err
	}
	return newest[0].Seq, nil
}
