package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// defaultSize is how many items a page has unless the request says.
const defaultSize = 1000

// page is the part of a list that was asked for.
type page struct {
	offset     int
	size       int // 0: everything
	empty      bool
	sort       string
	descending bool
	search     string
}

// page reads paging, sort and search. defaultSort is the field sorted by when
// the request names none.
func (c *call) page(defaultSort string) (page, error) {
	p := page{size: defaultSize, sort: defaultSort}
	var err error
	if p.offset, err = c.count("_offset", 0); err != nil {
		return p, err
	}
	if p.size, err = c.count("_size", defaultSize); err != nil {
		return p, err
	}
	p.empty = p.size == 0
	all, err := c.truth("_get_all_results")
	if err != nil {
		return p, err
	}
	if all {
		p.size, p.empty = 0, false
	}
	if sorts := c.query["_sort"]; len(sorts) > 0 && sorts[0] != "" {
		// Further keys would only order what is equal in the first.
		first, _, _ := strings.Cut(sorts[0], ",")
		p.sort, p.descending = strings.CutPrefix(first, "-")
	}
	if p.search, err = c.one("_search"); err == nil && p.search == "" {
		p.search, err = c.one("_search_name")
	}
	return p, err
}

func (c *call) count(key string, fallback int) (int, error) {
	text, err := c.one(key)
	if err != nil || text == "" {
		return fallback, err
	}
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		return 0, invalid("%s must be a number that is not negative, not %q", key, text).On(key)
	}
	return int(n), nil
}

// cut takes the page out of a list that is whole.
func cut[T any](p page, items []T) []T {
	if p.offset >= len(items) || p.empty {
		return nil
	}
	items = items[p.offset:]
	if p.size > 0 && p.size < len(items) {
		items = items[:p.size]
	}
	return items
}

// envelope is the contract's list.
type envelope struct {
	Items    any      `json:"items"`
	Metadata metadata `json:"metadata"`
}

type metadata struct {
	Pagination pagination `json:"pagination"`
}

type pagination struct {
	Total  int `json:"total"`
	Size   int `json:"size"`
	Offset int `json:"offset"`
}

// sendList answers a page of objects, each with the fields that were asked for.
func sendList[T any](c *call, p page, items []T, total int) error {
	if p.empty || items == nil {
		items = []T{}
	}
	meta := metadata{pagination{Total: total, Size: p.size, Offset: p.offset}}
	fields, err := wanted[T](c)
	if err != nil {
		return err
	}
	if fields == nil {
		return c.JSON(http.StatusOK, envelope{items, meta})
	}
	projected := make([]map[string]json.RawMessage, len(items))
	for i, item := range items {
		if projected[i], err = project(item, fields); err != nil {
			return err
		}
	}
	return c.JSON(http.StatusOK, envelope{projected, meta})
}

// sendOne answers one object with the fields that were asked for.
func sendOne[T any](c *call, item T) error {
	fields, err := wanted[T](c)
	if err != nil {
		return err
	}
	if fields == nil {
		return c.JSON(http.StatusOK, item)
	}
	projected, err := project(item, fields)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, projected)
}

// wanted reads _include: nil is everything. A field that the object does not
// have is refused.
func wanted[T any](c *call) ([]string, error) {
	text, err := c.one("_include")
	if err != nil || text == "" {
		return nil, err
	}
	fields := strings.Split(text, ",")
	var zero T
	known, err := project(zero, nil)
	if err != nil {
		return nil, err
	}
	for i := range fields {
		fields[i] = strings.TrimSpace(fields[i])
		if _, ok := known[fields[i]]; !ok {
			return nil, orchestrator.Errorf(orchestrator.Invalid, "there is no field %q to include; there are %s", fields[i], strings.Join(orchestrator.SortedKeys(known), ", ")).Because("no_such_include_field_error").On("_include")
		}
	}
	return fields, nil
}

// includes reports whether a field will be sent.
func (c *call) includes(field string) bool {
	asked := c.query.Get("_include")
	if asked == "" {
		return true
	}
	for _, each := range strings.Split(asked, ",") {
		if strings.TrimSpace(each) == field {
			return true
		}
	}
	return false
}

// project returns the object's fields by name: those asked for, or all.
func project(item any, fields []string) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(item)
	if err != nil {
		return nil, fmt.Errorf("write object: %w", err)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("write object: %w", err)
	}
	if fields == nil {
		return all, nil
	}
	out := make(map[string]json.RawMessage, len(fields))
	for _, field := range fields {
		out[field] = all[field]
	}
	return out, nil
}
