package store

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

// EventQuery selects events. Those of one root execution come by number; those
// of several by time.
type EventQuery struct {
	Team          string
	RootID        string
	ExecutionID   string // this execution and everything below it
	DeploymentUID string
	AfterSeq      int64    // only numbers above it; needs RootID or ExecutionID
	Types         []string // of the events that are not logs, only these
	Levels        []string // of the logs, only these
	IncludeLogs   bool     // logs beside events; false: events only
	LogsOnly      bool     // logs and no events
	NodeID        string
	InstanceID    string // also as the source or target of a relationship
	Operation     string
	Search        string // in the message
	From, Until   time.Time
	Offset        int
	Size          int // 0: all
	Descending    bool
}

// What events share with their execution is read from there.
const eventColumns = `e.root_id, e.seq, e.execution_id, x.team, x.deployment_uid, x.deployment_id, x.blueprint_id, x.workflow,
	e.type, e.level, e.logger, e.message, e.node_id, e.instance_id, e.source_id, e.target_id, e.operation, e.step_id, e.causes, e.at`

const eventTables = "events e JOIN executions x ON x.id = e.execution_id"

func scanEvent(row scanner) (e orchestrator.Event, err error) {
	var causes string
	var at int64
	err = row.Scan(&e.RootID, &e.Seq, &e.ExecutionID, &e.Team, &e.DeploymentUID, &e.DeploymentID, &e.BlueprintID, &e.WorkflowID,
		&e.Type, &e.Level, &e.Logger, &e.Message, &e.NodeID, &e.InstanceID, &e.SourceID, &e.TargetID, &e.Operation, &e.StepID, &causes, &at)
	if err != nil {
		return e, err
	}
	e.At = database.Time(at)
	if causes != "" {
		err = fromJSON(causes, &e.Causes)
	}
	return e, err
}

// InsertEvents writes events with the numbers that Fence granted. Their text
// must be redacted already: it is stored in clear, to be searched.
func (t *Tx) InsertEvents(ctx context.Context, events []orchestrator.Event) error {
	rows := make([][]any, 0, len(events))
	for _, e := range events {
		causes := ""
		if len(e.Causes) > 0 {
			var err error
			if causes, err = toJSON(e.Causes); err != nil {
				return err
			}
		}
		rows = append(rows, []any{e.RootID, e.Seq, e.ExecutionID, e.Type, e.Level, e.Logger, cleanText(e.Message),
			e.NodeID, e.InstanceID, e.SourceID, e.TargetID, e.Operation, e.StepID, causes, database.Micros(e.At)})
	}
	return t.insertRows(ctx, "insert events", `INSERT INTO events (root_id, seq, execution_id, type, level, logger, message,
		node_id, instance_id, source_id, target_id, operation, step_id, causes, at)`, "", rows)
}

// Events returns the events that match, in their order.
func (t *Tx) Events(ctx context.Context, q EventQuery) ([]orchestrator.Event, error) {
	w, err := t.eventsWhere(ctx, q)
	if err != nil {
		return nil, err
	}
	return queryAll(ctx, t, "list events", scanEvent,
		"SELECT "+eventColumns+" FROM "+eventTables+w.String()+q.order()+w.page(q.Offset, q.Size), w.args...)
}

// CountEvents returns how many events match, whatever the page.
func (t *Tx) CountEvents(ctx context.Context, q EventQuery) (int, error) {
	w, err := t.eventsWhere(ctx, q)
	if err != nil {
		return 0, err
	}
	from := "events e" // counting a long log without its executions takes half the time
	if w.mentions("x.") {
		from = eventTables
	}
	return queryOne(ctx, t, nil, "count events", scanInt, "SELECT COUNT(*) FROM "+from+w.String(), w.args...)
}

func (q EventQuery) order() string {
	direction := ""
	if q.Descending {
		direction = " DESC"
	}
	if q.RootID != "" || q.ExecutionID != "" {
		return " ORDER BY e.root_id" + direction + ", e.seq" + direction
	}
	return " ORDER BY e.at" + direction + ", e.root_id" + direction + ", e.seq" + direction
}

func (t *Tx) eventsWhere(ctx context.Context, q EventQuery) (*where, error) {
	w := &where{}
	root := q.RootID
	if q.ExecutionID != "" {
		execution, err := t.Execution(ctx, q.ExecutionID)
		if err != nil {
			return nil, err
		}
		root = execution.RootID
		if root != q.ExecutionID { // all of a root's sequence is below it
			path, err := t.executionPath(ctx, q.ExecutionID)
			if err != nil {
				return nil, err
			}
			w.addBelow("x.path", path)
		}
	}
	w.addIf("e.root_id", root)
	if q.AfterSeq > 0 {
		w.add("e.seq > ?", q.AfterSeq)
	}
	w.addIf("x.team", q.Team)
	w.addIf("x.deployment_uid", q.DeploymentUID)
	q.addKinds(w)
	w.addIf("e.node_id", q.NodeID)
	if q.InstanceID != "" {
		w.add("(e.instance_id = ? OR e.source_id = ? OR e.target_id = ?)", q.InstanceID, q.InstanceID, q.InstanceID)
	}
	w.addIf("e.operation", q.Operation)
	w.addSearch(q.Search, "e.message")
	if !q.From.IsZero() {
		w.add("e.at >= ?", database.Micros(q.From))
	}
	if !q.Until.IsZero() {
		w.add("e.at <= ?", database.Micros(q.Until))
	}
	return w, nil
}

// addKinds limits logs and events, which have either a level or a type.
func (q EventQuery) addKinds(w *where) {
	events, eventArgs := "e.type <> ''", []any(nil)
	if len(q.Types) > 0 {
		events, eventArgs = in("e.type", q.Types)
	}
	logs, logArgs := "e.type = ''", []any(nil)
	if len(q.Levels) > 0 {
		var levels string
		levels, logArgs = in("e.level", q.Levels)
		logs = "(e.type = '' AND " + levels + ")"
	}
	switch {
	case q.LogsOnly:
		w.add(logs, logArgs...)
	case !q.IncludeLogs:
		w.add(events, eventArgs...)
	case len(q.Types) > 0 || len(q.Levels) > 0:
		w.add("("+events+" OR "+logs+")", append(eventArgs, logArgs...)...)
	}
}
