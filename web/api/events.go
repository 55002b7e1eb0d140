package api

import (
	"slices"
	"strings"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// eventsQuery are the keys of the list of events.
var eventsQuery = []string{
	"_offset", "_size", "_sort", "_get_all_results", "_all_tenants", "_include", "_range",
	"execution_id", "deployment_id", "type", "event_type", "level", "node_id", "node_instance_id", "operation",
}

// The contract's two kinds of lines.
const (
	kindEvent = "cloudify_event"
	kindLog   = "cloudify_log"
)

func listEvents(c *call) error {
	p, err := c.page("reported_timestamp")
	if err != nil {
		return err
	}
	query, err := c.eventsQuery(p)
	if err != nil {
		return err
	}
	between, err := c.between()
	if err != nil {
		return err
	}
	rehearsal, err := c.rehearses(query)
	if err != nil {
		return err
	}
	found, total, err := c.events(p, query, between)
	if err != nil {
		return err
	}
	objects := make([]eventObject, len(found))
	for i, e := range found {
		objects[i] = eventOf(e, rehearsal)
	}
	return sendList(c, p, objects, total)
}

func (c *call) eventsQuery(p page) (control.ListEvents, error) {
	query := control.ListEvents{
		Types: c.query["event_type"], Levels: c.query["level"],
		Offset: p.offset, Size: p.size, Descending: p.descending,
	}
	if p.sort != "reported_timestamp" && p.sort != "timestamp" && p.sort != "@timestamp" {
		return query, invalid("events are sorted by reported_timestamp, not by %q", p.sort).On("_sort")
	}
	for key, target := range map[string]*string{
		"execution_id": &query.ExecutionID, "deployment_id": &query.DeploymentID,
		"node_id": &query.NodeID, "node_instance_id": &query.InstanceID, "operation": &query.Operation,
	} {
		var err error
		if *target, err = c.one(key); err != nil {
			return query, err
		}
	}
	kinds := c.query["type"]
	for _, kind := range kinds {
		if kind != kindEvent && kind != kindLog {
			return query, invalid("type must be %s or %s, not %q", kindEvent, kindLog, kind).On("type")
		}
	}
	if len(kinds) > 0 {
		query.NoLogs, query.NoEvents = !slices.Contains(kinds, kindLog), !slices.Contains(kinds, kindEvent)
	}
	return query, nil
}

// span is a stretch of time, both ends included; a zero end is open.
type span struct{ from, until time.Time }

func (s span) holds(at time.Time) bool {
	return (s.from.IsZero() || !at.Before(s.from)) && (s.until.IsZero() || !at.After(s.until))
}

// between reads _range: "@timestamp,FROM,UNTIL", where each end may be empty.
func (c *call) between() (span, error) {
	text, err := c.one("_range")
	if err != nil || text == "" {
		return span{}, err
	}
	parts := strings.Split(text, ",")
	if len(parts) != 3 || !slices.Contains([]string{"@timestamp", "timestamp", "reported_timestamp"}, parts[0]) {
		return span{}, invalid("_range must be like @timestamp,2024-05-01T10:00:00Z, with an end after the second comma or nothing").On("_range")
	}
	var s span
	for i, end := range []*time.Time{&s.from, &s.until} {
		if given := parts[i+1]; given != "" {
			if *end, err = parseTime(given); err != nil {
				return span{}, invalid("_range holds %q, which is no time such as 2024-05-01T10:00:00Z", given).On("_range")
			}
		}
	}
	return s, nil
}

// parseTime reads a time with or without zone (then UTC), as clients send it.
func parseTime(text string) (time.Time, error) {
	var t time.Time
	var err error
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02"} {
		if t, err = time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return t, err
}

// events reads a page. Within a stretch of time it reads the whole sequence and
// takes the page out of what fits.
func (c *call) events(p page, query control.ListEvents, between span) ([]orchestrator.Event, int, error) {
	if between == (span{}) {
		return c.api.control.ListEvents(c.Request().Context(), c.Actor, query)
	}
	query.Offset, query.Size = 0, 0
	found, _, err := c.api.control.ListEvents(c.Request().Context(), c.Actor, query)
	found = slices.DeleteFunc(found, func(e orchestrator.Event) bool { return !between.holds(e.At) })
	return cut(p, found), len(found), err
}

// rehearses reports whether the events are those of a rehearsal: a tree of
// executions is one or is not.
func (c *call) rehearses(query control.ListEvents) (bool, error) {
	ctx := c.Request().Context()
	if query.ExecutionID != "" {
		x, err := c.api.control.GetExecution(ctx, c.Actor, query.ExecutionID)
		return x.Rehearsal, err
	}
	if query.DeploymentID != "" {
		d, err := c.api.control.GetDeployment(ctx, c.Actor, query.DeploymentID)
		return d.Rehearsal, err
	}
	return false, nil // control refuses a list of everything
}

// eventObject is a line of what happened as the contract shows it.
type eventObject struct {
	StorageID             int64                     `json:"_storage_id"`
	Type                  string                    `json:"type"`
	EventType             *string                   `json:"event_type"`
	Timestamp             moment                    `json:"timestamp"`
	ReportedTimestamp     moment                    `json:"reported_timestamp"`
	Level                 *string                   `json:"level"`
	Logger                *string                   `json:"logger"`
	Message               string                    `json:"message"`
	DeploymentID          string                    `json:"deployment_id"`
	DeploymentDisplayName string                    `json:"deployment_display_name"`
	BlueprintID           string                    `json:"blueprint_id"`
	ExecutionID           string                    `json:"execution_id"`
	ExecutionGroupID      *string                   `json:"execution_group_id"`
	WorkflowID            string                    `json:"workflow_id"`
	NodeName              *string                   `json:"node_name"`
	NodeInstanceID        *string                   `json:"node_instance_id"`
	SourceID              *string                   `json:"source_id"`
	TargetID              *string                   `json:"target_id"`
	Operation             *string                   `json:"operation"`
	ErrorCauses           []orchestrator.ErrorCause `json:"error_causes"`
	ManagerName           *string                   `json:"manager_name"`
	AgentName             *string                   `json:"agent_name"`
	TenantName            string                    `json:"tenant_name"`
	// These are ours: the number within the root execution, which execution
	// that is, and whether it all is a rehearsal.
	Seq             int64  `json:"seq"`
	RootExecutionID string `json:"root_execution_id"`
	Rehearsal       bool   `json:"rehearsal"`
}

func eventOf(e orchestrator.Event, rehearsal bool) eventObject {
	kind := kindEvent
	if e.Type == "" {
		kind = kindLog
	}
	return eventObject{
		StorageID: e.Seq, Type: kind, EventType: text(e.Type), Timestamp: moment(e.At), ReportedTimestamp: moment(e.At),
		Level: text(e.Level), Logger: text(e.Logger), Message: e.Message,
		DeploymentID: e.DeploymentID, DeploymentDisplayName: e.DeploymentID, BlueprintID: e.BlueprintID,
		ExecutionID: e.ExecutionID, WorkflowID: e.WorkflowID, NodeName: text(e.NodeID), NodeInstanceID: text(e.InstanceID),
		SourceID: text(e.SourceID), TargetID: text(e.TargetID), Operation: text(e.Operation), ErrorCauses: e.Causes,
		TenantName: e.Team, Seq: e.Seq, RootExecutionID: e.RootID, Rehearsal: rehearsal,
	}
}
