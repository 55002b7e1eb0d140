package web

import (
	"strconv"

	"github.com/slipwayhq/slipway/views"
)

// pageSize is how many rows a list shows at once.
const pageSize = 25

// offset reads where a list begins; nonsense begins at the start.
func (c *call) offset() int {
	n, err := strconv.Atoi(c.QueryParam("offset"))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// pager leads to the neighbouring stretches of a list.
func (c *call) pager(offset, shown, total int) views.Pager {
	p := views.Pager{Text: views.Range(offset, shown, total)}
	if offset > 0 {
		before := ""
		if at := offset - pageSize; at > 0 {
			before = strconv.Itoa(at)
		}
		p.Prev = c.query("offset", before)
	}
	if offset+shown < total {
		p.Next = c.query("offset", strconv.Itoa(offset+shown))
	}
	return p
}

// search is a list's search field; what else narrows the list is kept.
func (c *call) search(placeholder string, keep ...string) views.Search {
	s := views.Search{Action: c.Request().URL.Path, Value: c.QueryParam("q"), Placeholder: placeholder}
	for _, name := range keep {
		if value := c.QueryParam(name); value != "" {
			s.Keep = append(s.Keep, views.Hidden{Name: name, Value: value})
		}
	}
	return s
}
