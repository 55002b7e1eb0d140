package web

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
	"github.com/slipwayhq/slipway/views"
)

// newestLines is how many lines a page opens with unless all are asked for;
// fetchLines how many are read at once.
const (
	newestLines = 5000
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

// logOf is the log of an execution as a page opens with it.
func (s *Server) logOf(c *call, x *orchestrator.Execution) (views.Log, error) {
	filter := filterOf(c)
	log := views.Log{
		Heading: "Log", Search: c.search("Search this log", "node", "level"),
		Filters: []views.Filter{
			{Text: "All", Href: c.query("level", ""), Current: filter.level == ""},
			{Text: "Warnings", Href: c.query("level", "warning"), Current: filter.level == "warning"},
			{Text: "Errors", Href: c.query("level", "error"), Current: filter.level == "error"},
		},
		Empty: "Nothing has been said yet.",
	}
	if filter.instance != "" {
		log.Node, log.ClearNode = nodeOf(filter.instance), c.query("node", "")
	}
	if x == nil {
		return log, nil
	}
	log.Root, log.Live, log.Text = x.RootID, !x.Status.Final(), "/executions/"+x.ID+"/log.txt"
	log.Whole = x.ID == x.RootID
	// The cursor first: what comes after it, the stream brings.
	var err error
	if log.Seen, err = lastNumber(c.context(), s.control, c.Actor, x.RootID); err != nil {
		return log, err
	}
	lines, total, err := s.lines(c, filter.events(x.ID), log.Seen, c.QueryParam("all") != "")
	if err != nil {
		return log, err
	}
	log.Chunks, log.Total = views.Chunks(lines), views.Count(total, "line")
	if len(lines) > 0 {
		log.Last = lines[len(lines)-1].Number
	}
	if len(lines) < total {
		log.Earlier = &views.Link{Text: "Show the " + views.Count(total-len(lines), "earlier line"), Href: c.query("all", "1")}
	}
	if !filter.none() {
		log.Matches, log.Empty = views.Count(total, "match"), "No line matches."
		if total != 1 {
			log.Matches = log.Matches[:len(log.Matches)-1] + "es"
		}
	}
	return log, nil
}

// lines reads the newest lines up to a number, or all of them. Newer ones that
// come while it reads are the stream's.
func (s *Server) lines(c *call, list control.ListEvents, upTo int64, all bool) ([]views.Line, int, error) {
	if all {
		return s.allLines(c, list, upTo)
	}
	list.Descending, list.Size = true, newestLines
	events, total, err := s.control.ListEvents(c.context(), c.Actor, list)
	if err != nil {
		return nil, 0, err
	}
	lines := make([]views.Line, 0, len(events))
	for _, e := range slices.Backward(events) {
		if e.Seq <= upTo {
			lines = append(lines, views.LogLine(e))
		}
	}
	return lines, max(total, len(lines)), nil
}

// allLines walks forward by number, which costs the same however long the log is.
func (s *Server) allLines(c *call, list control.ListEvents, upTo int64) ([]views.Line, int, error) {
	var lines []views.Line
	list.Size = newestLines
	for {
		events, _, err := s.control.ListEvents(c.context(), c.Actor, list)
		if err != nil {
			return nil, 0, err
		}
		for _, e := range events {
			if e.Seq <= upTo {
				lines = append(lines, views.LogLine(e))
			}
		}
		if len(events) < newestLines {
			return lines, len(lines), nil
		}
		list.After = events[len(events)-1].Seq
	}
}
