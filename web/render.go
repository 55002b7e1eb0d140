package web

import (
	"bytes"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
)

// render draws a page into a buffer and then sends it, so that an error in the
// middle still becomes an error page.
func (c *call) render(status int, page templ.Component) error {
	var out bytes.Buffer
	if err := page.Render(c.context(), &out); err != nil {
		return fmt.Errorf("draw page: %w", err)
	}
	return c.HTMLBlob(status, out.Bytes())
}

func (c *call) show(page templ.Component) error { return c.render(http.StatusOK, page) }

// leadTo sends the browser on after a change, so that a reload repeats nothing.
func (c *call) leadTo(path string) error {
	if c.partial() {
		c.Response().Header().Set("HX-Redirect", path)
		return c.NoContent(http.StatusNoContent)
	}
	return c.Redirect(http.StatusSeeOther, path)
}
