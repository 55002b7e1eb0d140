package web

import (
	"slices"
	"strconv"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// newestLines is how many lines a page opens with unless all are asked for,
// mostLines how many it holds then; fetchLines how many are read at once.
const (
	newestLines = 5000
	mostLines   = 200_000
	fetchLines  = 1000
)

// logFilter narrows a log; its fields are a page's query.
type logFilter struct {
	instance string
	level    string // "", "warning" (and worse), "error"
	text     string
}

func filterOf(c *call) logFilter {
	return logFilter{instance: c.QueryParam("node"), level: c.QueryParam("level"), text: c.QueryParam("q")}
}

func (f logFilter) none() bool { return f == logFilter{} }

// events is what the filter asks of control, for one execution.
func (f logFilter) events(execution string) control.ListEvents {
	list := control.ListEvents{ExecutionID: execution, InstanceID: f.instance, Message: f.text}
	switch f.level {
	case "warning":
		list.Levels = []string{"warning", "error", "critical"}
		list.Types = []string{orchestrator.EventTaskFailed, orchestrator.EventTaskRescheduled, orchestrator.EventWorkflowFailed}
	case "error":
		list.Levels = []string{"error", "critical"}
		list.Types = []string{orchestrator.EventTaskFailed, orchestrator.EventWorkflowFailed}
	}
	return list
}

// logOf is the log of an execution as a page opens with it. With a story its
// lines stand in the steps that they belong to.
func (s *Server) logOf(c *call, x *orchestrator.Execution, told *story) (views.Log, error) {
	filter := filterOf(c)
	log := views.Log{Heading: "Log", Search: c.search("Search this log", "node", "level"), Empty: "Nothing has been said yet.", Grouped: told != nil}
	if filter.instance != "" {
		log.Node, log.ClearNode = nodeOf(filter.instance), c.query("node", "")
	}
	var err error
	if log.Filters, err = s.levels(c, x, filter); err != nil || x == nil {
		return log, err
	}
	log.Root, log.Live, log.Text = x.RootID, !x.Status.Final(), "/executions/"+x.ID+"/log.txt"
	log.Whole = x.ID == x.RootID
	// The cursor first: what comes after it, the stream brings.
	if log.Seen, err = lastNumber(c.context(), s.control, c.Actor, x.RootID); err != nil {
		return log, err
	}
	lines, total, err := s.lines(c, filter.events(x.ID), log.Seen, c.QueryParam("all") != "", told)
	if err != nil {
		return log, err
	}
	if told != nil {
		log.Groups = told.fold(lines, !filter.none())
	} else {
		log.Chunks = views.Chunks(lines)
	}
	log.Total = views.Count(total, "line")
	if len(lines) > 0 {
		log.Last = lines[len(lines)-1].Number
	}
	if at := slices.IndexFunc(lines, func(l views.Line) bool { return l.Level == "error" }); at >= 0 {
		log.FirstError = lines[at].Number
	}
	if len(lines) < total {
		log.Earlier = &views.Link{Text: "Show the " + views.Count(total-len(lines), "earlier line"), Href: c.query("all", "1")}
		if c.QueryParam("all") != "" {
			log.Earlier = &views.Link{Text: views.Count(total-len(lines), "earlier line") + " are in the plain text", Href: log.Text}
		}
	}
	if !filter.none() {
		log.Matches, log.Empty = views.Count(total, "match"), "No line matches."
		if total != 1 {
			log.Matches = log.Matches[:len(log.Matches)-1] + "es"
		}
	}
	return log, nil
}

// levels are the switches above a log, with how many lines each would show.
func (s *Server) levels(c *call, x *orchestrator.Execution, filter logFilter) ([]views.Filter, error) {
	var list []views.Filter
	for _, level := range []struct{ key, text string }{{"", "All"}, {"warning", "Warnings"}, {"error", "Errors"}} {
		f := views.Filter{Text: level.text, Href: c.query("level", level.key), Current: filter.level == level.key}
		if x != nil && level.key != "" {
			of := filter
			of.level = level.key
			count := of.events(x.ID)
			count.Size = 1
			_, total, err := s.control.ListEvents(c.context(), c.Actor, count)
			if err != nil {
				return nil, err
			}
			f.Count = strconv.Itoa(total)
		}
		list = append(list, f)
	}
	return list, nil
}

// lines reads the newest lines up to a number, or as many of them as a page may
// hold. Newer ones that come while it reads are the stream's.
func (s *Server) lines(c *call, list control.ListEvents, upTo int64, all bool, told *story) ([]views.Line, int, error) {
	list.Descending, list.Size = true, newestLines
	if all {
		list.Size = mostLines
	}
	events, total, err := s.control.ListEvents(c.context(), c.Actor, list)
	if err != nil {
		return nil, 0, err
	}
	lines := make([]views.Line, 0, len(events))
	for _, e := range slices.Backward(events) {
		if e.Seq <= upTo {
			lines = append(lines, told.line(e))
		}
	}
	return lines, max(total, len(lines)), nil
}
