package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// event is a line of what happened, as the API sends it.
type event struct {
	raw json.RawMessage

	Type       string  `json:"type"` // cloudify_event or cloudify_log
	EventType  string  `json:"event_type"`
	Level      string  `json:"level"`
	Message    string  `json:"message"`
	Deployment string  `json:"deployment_id"`
	Node       string  `json:"node_name"`
	Instance   string  `json:"node_instance_id"`
	Source     string  `json:"source_id"`
	Target     string  `json:"target_id"`
	Operation  string  `json:"operation"`
	At         string  `json:"reported_timestamp"`
	Causes     []cause `json:"error_causes"`
}

type cause struct {
	Type      string `json:"type"`
	Message   string `json:"message"`
	Traceback string `json:"traceback"`
}

// UnmarshalJSON keeps the item as it came, for --json.
func (e *event) UnmarshalJSON(data []byte) error {
	type plain event
	if err := json.Unmarshal(data, (*plain)(e)); err != nil {
		return err
	}
	e.raw = append(json.RawMessage(nil), data...)
	return nil
}

// eventsFlags select events.
type eventsFlags struct {
	execution, node, operation string
	since, until               string
	noLogs, includeLogs, tail  bool
	listing
}

func (c *cli) events() *cobra.Command {
	var given eventsFlags
	list := &cobra.Command{
		Use: "list [EXECUTION]", Short: "List the events of an execution",
		Long: `List the events and logs of an execution and of everything below it, in order.
With --tail go on until the execution ends; the exit code is then that of the
execution. Times are in UTC, as 2024-05-01 10:00 or a while ago, as 15m.`,
		Example: `  slipway events list 8f1c6c1e-3a51-4a43-9a3d-2f9a36d4e5d1 --tail
  slipway events list -e 8f1c6c1e-3a51-4a43-9a3d-2f9a36d4e5d1 --no-logs --since 15m`,
		Args: func(command *cobra.Command, args []string) error {
			switch {
			case len(args) == 1 && given.execution == "":
				given.execution = args[0]
			case len(args) == 0 && given.execution != "":
			default:
				return usage(command, "name one execution, as an argument or with -e")
			}
			return nil
		},
		RunE: func(command *cobra.Command, _ []string) error { return c.listEvents(command, given) },
	}
	flags := list.Flags()
	flags.StringVarP(&given.execution, "execution-id", "e", "", "the execution")
	flags.BoolVar(&given.tail, "tail", false, "follow until the execution ends")
	flags.BoolVar(&given.includeLogs, "include-logs", true, "with log lines")
	flags.BoolVar(&given.noLogs, "no-logs", false, "without log lines")
	flags.StringVar(&given.since, "since", "", "only from this time on, or this long ago")
	flags.StringVar(&given.until, "until", "", "only up to this time, or until this long ago")
	flags.StringVar(&given.node, "node", "", "only of this node")
	flags.StringVar(&given.operation, "operation", "", "only of this operation")
	flags.IntVar(&given.offset, offsetFlag, 0, "leave out this many from the start (also -o NUMBER)")
	flags.IntVarP(&given.size, "pagination-size", "s", 0, "list at most this many (default: all)")
	flags.SetNormalizeFunc(cfyNames)
	list.MarkFlagsMutuallyExclusive("include-logs", "no-logs")
	command := group("events", "See what an execution did", "", list)
	command.Aliases = []string{"event"}
	return command
}

// cfyNames lets flags be called as cfy calls them.
func cfyNames(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "from":
		name = "since"
	case "to", "before":
		name = "until"
	}
	return pflag.NormalizedName(name)
}

func (c *cli) listEvents(command *cobra.Command, given eventsFlags) error {
	ctx := command.Context()
	asking, err := c.connect()
	if err != nil {
		return err
	}
	x, err := asking.execution(ctx, given.execution)
	if err != nil {
		return err
	}
	query, err := given.query(command, time.Now())
	if err != nil {
		return err
	}
	c.noticeRehearsal(x.Rehearsal)
	if !given.tail {
		_, err := c.printEvents(ctx, asking, query, given.offset, given.size)
		return err
	}
	ended, err := c.follow(ctx, asking, x, following{query: query, offset: given.offset})
	if err != nil {
		return err
	}
	return ended.outcome()
}

func (f *eventsFlags) query(command *cobra.Command, now time.Time) (url.Values, error) {
	query := eventsQuery(f.execution, !f.noLogs && f.includeLogs)
	if f.node != "" {
		query.Set("node_id", f.node)
	}
	if f.operation != "" {
		query.Set("operation", f.operation)
	}
	since, err := moment(f.since, now)
	if err != nil {
		return nil, usage(command, "--since: %v", err)
	}
	until, err := moment(f.until, now)
	if err != nil {
		return nil, usage(command, "--until: %v", err)
	}
	if since != "" || until != "" {
		query.Set("_range", "@timestamp,"+since+","+until)
	}
	return query, nil
}

func eventsQuery(execution string, logs bool) url.Values {
	query := url.Values{"execution_id": {execution}, "type": {"cloudify_event"}, "_sort": {"reported_timestamp"}}
	if logs {
		query.Add("type", "cloudify_log")
	}
	return query
}

// moment reads a point in time, or how long ago it was, and returns it as the
// API writes it; empty for an empty text.
func moment(given string, now time.Time) (string, error) {
	const wire = "2006-01-02T15:04:05.000Z"
	if given == "" {
		return "", nil
	}
	if ago, err := time.ParseDuration(strings.TrimSuffix(given, " ago")); err == nil {
		return now.Add(-ago.Abs()).UTC().Format(wire), nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"} {
		if at, err := time.Parse(layout, given); err == nil {
			return at.UTC().Format(wire), nil
		}
	}
	return "", fmt.Errorf("%q is neither a time such as 2024-05-01 10:00 nor a while such as 15m", given)
}

// eventsPage is how many events one request asks for.
const eventsPage = 500

// printEvents prints what is there from offset on, at most size (0: all), and
// returns how many it printed.
func (c *cli) printEvents(ctx context.Context, asking *client, query url.Values, offset, size int) (int, error) {
	printed := 0
	for {
		wanted := eventsPage
		if size > 0 {
			wanted = min(wanted, size-printed)
		}
		query.Set("_offset", strconv.Itoa(offset+printed))
		query.Set("_size", strconv.Itoa(wanted))
		var answer struct {
			Items []event `json:"items"`
		}
		if err := asking.get(ctx, "/events", query, &answer); err != nil {
			return printed, err
		}
		for _, e := range answer.Items {
			if err := c.printEvent(e); err != nil {
				return printed, err
			}
			printed++
		}
		if len(answer.Items) < wanted || printed == size {
			return printed, nil
		}
	}
}

func (c *cli) printEvent(e event) error {
	if c.output.json {
		_, err := fmt.Fprintf(c.out, "%s\n", e.raw)
		return err
	}
	if e.Level == "debug" && c.verbosity < 2 {
		return nil
	}
	line := eventLine(e)
	if _, err := fmt.Fprintln(c.out, c.paint(colourOf(e), line)); err != nil {
		return err
	}
	if c.verbosity == 0 {
		return nil
	}
	for _, cause := range e.Causes {
		if _, err := fmt.Fprintf(c.out, "    caused by %s: %s\n%s", printable(cause.Type), printable(cause.Message), indent(printable(cause.Traceback))); err != nil {
			return err
		}
	}
	return nil
}

// eventLine is an event as cfy prints it; two spaces, because the place of the
// worker's name is empty.
func eventLine(e event) string {
	kind, message := "CFY", e.Message
	if e.Type == "cloudify_log" {
		kind, message = "LOG", strings.ToUpper(e.Level)+": "+e.Message
	}
	operation := e.Operation[strings.LastIndexByte(e.Operation, '.')+1:]
	place := ""
	switch {
	case e.Source != "":
		place = fmt.Sprintf("[%s->%s|%s] ", e.Source, e.Target, operation)
	case firstOf(e.Instance, e.Node) != "" && operation != "":
		place = fmt.Sprintf("[%s.%s] ", firstOf(e.Instance, e.Node), operation)
	case firstOf(e.Instance, e.Node) != "":
		place = fmt.Sprintf("[%s] ", firstOf(e.Instance, e.Node))
	}
	return printable(fmt.Sprintf("%s  %s <%s> %s%s", shortTime(e.At), kind, e.Deployment, place, message))
}

func colourOf(e event) string {
	switch {
	case e.Level == "error" || e.Level == "critical" || strings.HasSuffix(e.EventType, "_failed"):
		return red
	case e.Level == "warning" || e.EventType == "task_rescheduled" || e.EventType == "workflow_cancelled":
		return yellow
	case e.EventType == "workflow_succeeded":
		return green
	case e.Level == "debug":
		return dim
	default:
		return ""
	}
}

func indent(text string) string {
	if text == "" {
		return ""
	}
	return "      " + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n      ") + "\n"
}
