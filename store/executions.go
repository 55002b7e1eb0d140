package store

import (
	"context"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/store/database"
)

// ExecutionQuery selects executions for a list.
type ExecutionQuery struct {
	Team          string
	IDs           []string
	DeploymentUID string
	DeploymentID  string
	RootID        string
	ParentID      string
	Status        []orchestrator.ExecutionStatus
	Workflow      string
	TopLevel      bool   // only those that no other execution started
	Sort          string // created_at (default), started_at, ended_at, status, workflow_id, deployment_id, id
	Descending    bool
	Offset        int
	Size          int // 0: all
}

var executionSorts = map[string]string{
	"created_at": "created_at", "started_at": "started_at", "ended_at": "ended_at", "status": "status",
	"workflow_id": "workflow", "deployment_id": "deployment_id", "id": "id",
}

const executionColumns = `id, team, deployment_uid, deployment_id, blueprint_id, workflow, parameters, status, reason, error,
	root_id, parent_id, parent_step, generation, rehearsal, force, dry_run, wait_after_fail, total_operations, finished_operations,
	created_by, created_at, started_at, ended_at, epoch, server`

// open executions are those in a status that is not final; the text is that of
// the index executions_open.
const executionOpen = "status NOT IN ('terminated', 'failed', 'cancelled')"

func parametersPlace(id string) string { return "executions.parameters/" + id }

func (t *Tx) scanExecution(row scanner) (e orchestrator.Execution, err error) {
	var parameters []byte
	var wait, createdAt, startedAt, endedAt int64
	err = row.Scan(&e.ID, &e.Team, &e.DeploymentUID, &e.DeploymentID, &e.BlueprintID, &e.Workflow, &parameters, &e.Status, &e.Reason, &e.Error,
		&e.RootID, &e.ParentID, &e.ParentStep, &e.Generation, &e.Rehearsal, &e.Force, &e.DryRun, &wait, &e.TotalOperations, &e.FinishedOperations,
		&e.CreatedBy, &createdAt, &startedAt, &endedAt, &e.Epoch, &e.Server)
	if err != nil {
		return e, err
	}
	e.WaitAfterFail = time.Duration(wait) * time.Microsecond
	e.CreatedAt, e.StartedAt, e.EndedAt = database.Time(createdAt), database.Time(startedAt), database.Time(endedAt)
	e.Parameters, err = t.openValues(parameters, parametersPlace(e.ID))
	return e, err
}

// InsertExecution stores an execution with its steps. A second child of the
// same parent step and generation is a conflict.
func (t *Tx) InsertExecution(ctx context.Context, e orchestrator.Execution, g orchestrator.Graph) error {
	parameters, err := t.sealValues(e.Parameters, parametersPlace(e.ID))
	if err != nil {
		return err
	}
	path := e.ID + "/"
	if e.ParentID != "" {
		parent, err := t.executionPath(ctx, e.ParentID)
		if err != nil {
			return err
		}
		path = parent + path
	}
	err = t.insertRows(ctx, "insert execution", "INSERT INTO executions ("+executionColumns+", path, last_seq)", "", [][]any{{
		e.ID, e.Team, e.DeploymentUID, e.DeploymentID, e.BlueprintID, e.Workflow, parameters, string(e.Status), cleanText(e.Reason), cleanText(e.Error),
		e.RootID, e.ParentID, e.ParentStep, e.Generation, e.Rehearsal, e.Force, e.DryRun, e.WaitAfterFail.Microseconds(), e.TotalOperations, e.FinishedOperations,
		e.CreatedBy, database.Micros(e.CreatedAt), database.Micros(e.StartedAt), database.Micros(e.EndedAt), e.Epoch, e.Server, path, 0,
	}})
	if database.Classify(err) == database.FailureUnique {
		return orchestrator.Errorf(orchestrator.Conflict, "Execution with ID `%s` already exists, or its step has started another", e.ID).Wrap(err)
	}
	if err != nil {
		return err
	}
	return t.insertGraph(ctx, e.ID, g)
}

// executionPath returns the ids from the outermost parent down to the execution.
func (t *Tx) executionPath(ctx context.Context, id string) (string, error) {
	return queryOne(ctx, t, notFound("Execution", id), "read execution path", scanString, "SELECT path FROM executions WHERE id = $1", id)
}

// addBelow limits a query to the paths of an execution and all below it.
func (w *where) addBelow(column, path string) {
	// "0" follows "/", with which every path ends.
	w.add(column+" >= ? AND "+column+" < ?", path, path[:len(path)-1]+"0")
}

// Execution returns an execution.
func (t *Tx) Execution(ctx context.Context, id string) (orchestrator.Execution, error) {
	return queryOne(ctx, t, notFound("Execution", id), "read execution", t.scanExecution,
		"SELECT "+executionColumns+" FROM executions WHERE id = $1", id)
}

// ChildExecution returns the execution that a step started, if it did.
func (t *Tx) ChildExecution(ctx context.Context, parentID, step string, generation int) (orchestrator.Execution, bool, error) {
	children, err := queryAll(ctx, t, "read child execution", t.scanExecution,
		"SELECT "+executionColumns+" FROM executions WHERE parent_id = $1 AND parent_step = $2 AND generation = $3 AND parent_id <> ''", parentID, step, generation)
	if err != nil || len(children) == 0 {
		return orchestrator.Execution{}, false, err
	}
	return children[0], true, nil
}

// ListExecutions returns a page of executions and how many there are in all.
func (t *Tx) ListExecutions(ctx context.Context, q ExecutionQuery) ([]orchestrator.Execution, int, error) {
	var w where
	w.addIf("team", q.Team)
	addIn(&w, "id", q.IDs)
	w.addIf("deployment_uid", q.DeploymentUID)
	w.addIf("deployment_id", q.DeploymentID)
	w.addIf("root_id", q.RootID)
	w.addIf("parent_id", q.ParentID)
	addIn(&w, "status", q.Status)
	w.addIf("workflow", q.Workflow)
	if q.TopLevel {
		w.add("parent_id = ''")
	}
	sorted, err := order(executionSorts, q.Sort, "created_at", "id", q.Descending)
	if err != nil {
		return nil, 0, err
	}
	return queryPage(ctx, t, "list executions", t.scanExecution, executionColumns, "executions", &w, sorted, q.Offset, q.Size)
}

// RunnableExecutions returns what some server should be running: for the scan
// that finds executions whose server is gone.
func (t *Tx) RunnableExecutions(ctx context.Context) ([]orchestrator.Execution, error) {
	return queryAll(ctx, t, "list runnable executions", t.scanExecution,
		"SELECT "+executionColumns+" FROM executions WHERE "+executionOpen+" AND status NOT IN ('queued', 'scheduled') ORDER BY created_at, id")
}

// ActiveExecutions returns the executions of a deployment that have not ended,
// queued and scheduled ones included, oldest first.
func (t *Tx) ActiveExecutions(ctx context.Context, deploymentUID string) ([]orchestrator.Execution, error) {
	return queryAll(ctx, t, "list active executions", t.scanExecution,
		"SELECT "+executionColumns+" FROM executions WHERE deployment_uid = $1 AND "+executionOpen+" ORDER BY created_at, id", deploymentUID)
}

// SetExecutionStatus moves an execution along the transition table. The first
// move to started and the move to an end are noted with their time; at the end
// nobody holds the lease any more.
func (t *Tx) SetExecutionStatus(ctx context.Context, id string, status orchestrator.ExecutionStatus, reason, errorText string, at time.Time) error {
	e, err := t.Execution(ctx, id)
	if err != nil {
		return err
	}
	if !e.Status.CanMove(status) {
		return orchestrator.Errorf(orchestrator.Conflict, "execution %s is %s and cannot become %s", id, e.Status.Display(), status.Display())
	}
	if status == orchestrator.Started && e.StartedAt.IsZero() {
		e.StartedAt = at
	}
	if status.Final() && e.EndedAt.IsZero() {
		e.EndedAt, e.Server = at, ""
	}
	_, err = t.exec(ctx, "set execution status",
		"UPDATE executions SET status = $1, reason = $2, error = $3, started_at = $4, ended_at = $5, server = $6 WHERE id = $7",
		string(status), cleanText(reason), cleanText(errorText), database.Micros(e.StartedAt), database.Micros(e.EndedAt), e.Server, id)
	return err
}

// SetExecutionReason says why the execution is where it is.
func (t *Tx) SetExecutionReason(ctx context.Context, id, reason string) error {
	return t.execOne(ctx, notFound("Execution", id), "set execution reason", "UPDATE executions SET reason = $1 WHERE id = $2", cleanText(reason), id)
}

// SetExecutionProgress counts operations.
func (t *Tx) SetExecutionProgress(ctx context.Context, id string, total, finished int) error {
	return t.execOne(ctx, notFound("Execution", id), "set execution progress",
		"UPDATE executions SET total_operations = $1, finished_operations = $2 WHERE id = $3", total, finished, id)
}

// RequestCancel asks the execution and all below it to end, and returns the ids
// of those that had not ended. What runs or is about to becomes cancelling;
// what only waits its turn (queued, scheduled) is cancelled there and then.
func (t *Tx) RequestCancel(ctx context.Context, executionID string, at time.Time) ([]string, error) {
	path, err := t.executionPath(ctx, executionID)
	if err != nil {
		return nil, err
	}
	var w where
	w.addBelow("path", path)
	w.add(executionOpen)
	open, err := queryAll(ctx, t, "list executions to cancel", t.scanExecution, "SELECT "+executionColumns+" FROM executions"+w.String()+" ORDER BY id", w.args...)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(open))
	for _, e := range open {
		ids = append(ids, e.ID)
		if next, ok := cancelMove(e.Status); ok {
			if err := t.SetExecutionStatus(ctx, e.ID, next, e.Reason, "", at); err != nil {
				return nil, err
			}
		}
	}
	return ids, nil
}

// cancelMove says what a request to cancel makes of a status; nothing where a
// cancel, perhaps a harder one, is under way.
func cancelMove(status orchestrator.ExecutionStatus) (next orchestrator.ExecutionStatus, ok bool) {
	switch status {
	case orchestrator.Queued, orchestrator.Scheduled:
		return orchestrator.Cancelled, true
	case orchestrator.Pending, orchestrator.Started:
		return orchestrator.Cancelling, true
	default:
		return "", false
	}
}
