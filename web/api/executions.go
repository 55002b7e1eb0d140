package api

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

func listExecutions(c *call) error {
	p, err := c.page("created_at")
	if err != nil {
		return err
	}
	query := control.ListExecutions{Sort: p.sort, Descending: p.descending, Offset: p.offset, Size: p.size}
	if query.DeploymentID, err = c.one("deployment_id"); err != nil {
		return err
	}
	if query.Workflow, err = c.one("workflow_id"); err != nil {
		return err
	}
	for _, status := range c.query["status"] {
		query.Status = append(query.Status, orchestrator.ExecutionStatus(status))
	}
	found, total, err := c.api.control.ListExecutions(c.Request().Context(), c.Actor, query)
	if err != nil {
		return err
	}
	objects := make([]executionObject, len(found))
	for i, x := range found {
		objects[i] = executionOf(x)
	}
	return sendList(c, p, objects, total)
}

func getExecution(c *call) error {
	x, err := c.api.control.GetExecution(c.Request().Context(), c.Actor, c.name("id"))
	if err != nil {
		return err
	}
	return sendOne(c, executionOf(x))
}

// startBody is a request to run a workflow. Clients send more keys, mostly
// null; those mean nothing here.
type startBody struct {
	DeploymentID  string          `json:"deployment_id"`
	WorkflowID    string          `json:"workflow_id"`
	Parameters    json.RawMessage `json:"parameters"`
	AllowCustom   boolean         `json:"allow_custom_parameters"`
	Force         boolean         `json:"force"`
	DryRun        boolean         `json:"dry_run"`
	Queue         boolean         `json:"queue"`
	ScheduledTime *string         `json:"scheduled_time"`
	WaitAfterFail *int            `json:"wait_after_fail"` // seconds
}

// longestWait is how long independent branches may go on after a failure: a
// week, in seconds.
const longestWait = 7 * 24 * 60 * 60

// check refuses what this version cannot do: to ignore it would do something
// else than was asked for.
func (b startBody) check() error {
	switch {
	case b.DeploymentID == "":
		return invalid("deployment_id is missing").On("deployment_id")
	case b.WorkflowID == "":
		return invalid("workflow_id is missing").On("workflow_id")
	case bool(b.DryRun):
		return invalid("dry runs are not supported; create a rehearsal of the deployment instead: slipway deployments create ID -b BLUEPRINT --rehearse").On("dry_run")
	case bool(b.Queue):
		return invalid("executions are not queued in this version; start it when the running one has ended").On("queue")
	case b.ScheduledTime != nil && *b.ScheduledTime != "":
		return invalid("executions are not scheduled in this version; leave scheduled_time out").On("scheduled_time")
	case b.WaitAfterFail != nil && *b.WaitAfterFail < 0:
		return invalid("wait_after_fail must not be negative").On("wait_after_fail")
	case b.WaitAfterFail != nil && *b.WaitAfterFail > longestWait:
		return invalid("wait_after_fail must be at most %d seconds", longestWait).On("wait_after_fail")
	}
	return nil
}

func postExecution(c *call) error {
	var body startBody
	if err := c.bodyWithMore(&body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	parameters, err := valueMap(body.Parameters, "parameters")
	if err != nil {
		return err
	}
	start := control.StartExecution{
		DeploymentID: body.DeploymentID, Workflow: body.WorkflowID, Parameters: parameters,
		AllowCustom: bool(body.AllowCustom), Force: bool(body.Force),
	}
	if body.WaitAfterFail != nil {
		wait := time.Duration(*body.WaitAfterFail) * time.Second
		start.WaitAfterFail = &wait
	}
	x, err := c.api.control.StartExecution(c.Request().Context(), c.Actor, start)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, executionOf(x))
}

// valueMap reads a JSON object as values; nothing and null are empty.
func valueMap(raw json.RawMessage, field string) (map[string]orchestrator.Value, error) {
	if len(raw) == 0 || string(raw) == "null" {
		return map[string]orchestrator.Value{}, nil
	}
	value, err := orchestrator.DecodeValue(raw)
	if err != nil {
		return nil, invalid("%s cannot be read", field).On(field)
	}
	read, ok := value.(map[string]orchestrator.Value)
	if !ok {
		return nil, invalid("%s must be an object of names and values", field).On(field)
	}
	return read, nil
}

// laterActions are the contract's actions that this version lacks.
var laterActions = map[string]string{
	"force-cancel": "only cancel, which lets running operations end",
	"kill":         "only cancel, which lets running operations end",
	"resume":       "no resume by hand; start the workflow again",
	"force-resume": "no resume by hand; start the workflow again",
}

func postExecutionAction(c *call) error {
	var body struct {
		Action string `json:"action"`
	}
	if err := c.bodyWithMore(&body); err != nil {
		return err
	}
	if what, later := laterActions[body.Action]; later {
		return orchestrator.Errorf(orchestrator.Invalid, "%s is not possible: this version has %s", body.Action, what).Because("illegal_action_error").On("action")
	}
	if body.Action != "cancel" {
		return invalid("unknown action %q; it can be cancel", body.Action).On("action")
	}
	x, err := c.api.control.CancelExecution(c.Request().Context(), c.Actor, c.name("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, executionOf(x))
}
