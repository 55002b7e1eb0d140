package web

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/views"
	"github.com/slipwayhq/slipway/web/auth"
)

// The cookies. Over https their names get the prefix __Host-, with which
// browsers hold them to this host and to https.
const (
	sessionCookie = "slipway_session"
	doorCookie    = "slipway_door"
	noticeCookie  = "slipway_notice"
)

func (s *Server) cookieName(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *Server) readCookie(c echo.Context, name string) string {
	cookie, err := c.Cookie(s.cookieName(name))
	if err != nil {
		return "" // there is none
	}
	return cookie.Value
}

// setCookie sets a cookie that scripts cannot read and other sites do not send
// with what changes anything. A lifetime of 0 ends with the browser.
func (s *Server) setCookie(c echo.Context, name, value string, lifetime time.Duration) {
	c.SetCookie(&http.Cookie{
		Name: s.cookieName(name), Value: value, Path: "/", MaxAge: int(lifetime.Seconds()),
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	})
}

func (s *Server) dropCookie(c echo.Context, name string) {
	c.SetCookie(&http.Cookie{Name: s.cookieName(name), Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode})
}

// atTheDoor makes sure that the browser has a secret to derive the sign-in
// form's token from.
func (s *Server) atTheDoor(c *call) {
	if c.secret == "" {
		c.secret = auth.NewDoorToken()
		s.setCookie(c, doorCookie, c.secret, 0)
	}
}

// leaveNotice hands a sentence to the next page. It is kept in the browser, for
// nobody but the one who caused it.
func (s *Server) leaveNotice(c *call, n views.Notice) {
	n.Text = clip(n.Text, 500) // browsers drop cookies of more than 4 KB
	text, err := json.Marshal(n)
	if err != nil {
		return // a page without its notice says less, nothing wrong
	}
	s.setCookie(c, noticeCookie, base64.RawURLEncoding.EncodeToString(text), time.Minute)
}

// takeNotice returns what the page before left, once.
func (s *Server) takeNotice(c *call) *views.Notice {
	value := s.readCookie(c, noticeCookie)
	if value == "" {
		return nil
	}
	s.dropCookie(c, noticeCookie)
	text, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return nil // not ours
	}
	var n views.Notice
	if json.Unmarshal(text, &n) != nil {
		return nil
	}
	// Only words: a forged cookie must not plant links.
	return &views.Notice{Tone: n.Tone, Title: n.Title, Text: n.Text}
}
