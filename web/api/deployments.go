package api

import (
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

func listDeployments(c *call) error {
	p, err := c.page("created_at")
	if err != nil {
		return err
	}
	query := control.ListDeployments{
		IDs: c.query["id"], Search: p.search, Sort: p.sort, Descending: p.descending, Offset: p.offset, Size: p.size,
	}
	if query.BlueprintID, err = c.one("blueprint_id"); err != nil {
		return err
	}
	found, total, err := c.api.control.ListDeployments(c.Request().Context(), c.Actor, query)
	if err != nil {
		return err
	}
	objects := make([]deploymentObject, len(found))
	for i, d := range found {
		if objects[i], err = c.deployment(d); err != nil {
			return err
		}
	}
	return sendList(c, p, objects, total)
}

// deployment is d as an object, with its newest execution.
func (c *call) deployment(d orchestrator.Deployment) (deploymentObject, error) {
	object := deploymentOf(d)
	if d.LatestExecution == "" || !c.includes("latest_execution_status") {
		return object, nil
	}
	latest, err := c.api.control.GetExecution(c.Request().Context(), c.Actor, d.LatestExecution)
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return object, nil // its rows were cleaned up
	}
	object.show(latest)
	return object, err
}

func getDeployment(c *call) error {
	d, err := c.api.control.GetDeployment(c.Request().Context(), c.Actor, c.name("id"))
	if err != nil {
		return err
	}
	object, err := c.deployment(d)
	if err != nil {
		return err
	}
	if c.includes("workflows") {
		available, err := c.api.control.AvailableWorkflows(c.Request().Context(), c.Actor, d.ID)
		if err != nil {
			return err
		}
		for i, workflow := range object.Workflows {
			ready := available[workflow.Name]
			object.Workflows[i].IsAvailable = &ready
		}
	}
	return sendOne(c, object)
}

// createBody is a request to use a blueprint with inputs.
type createBody struct {
	BlueprintID     string          `json:"blueprint_id"`
	Inputs          json.RawMessage `json:"inputs"`
	DisplayName     string          `json:"display_name"`
	Labels          labelList       `json:"labels"`
	Visibility      string          `json:"visibility"`
	PrivateResource boolean         `json:"private_resource"`
	SiteName        *string         `json:"site_name"`
	// Rehearsal is ours: it asks for a rehearsal where the real thing is
	// possible. False asks for nothing: what must rehearse does.
	Rehearsal boolean `json:"rehearsal"`
	// These change nothing here: plugins are part of the server, and inputs
	// are always resolved at creation.
	SkipPluginsValidation boolean `json:"skip_plugins_validation"`
	RuntimeOnlyEvaluation boolean `json:"runtime_only_evaluation"`
	AsyncCreate           boolean `json:"async_create"`
}

func (b createBody) check() error {
	switch {
	case b.BlueprintID == "":
		return invalid("blueprint_id is missing").On("blueprint_id")
	case bool(b.PrivateResource):
		return onlyTeam("private")
	case b.SiteName != nil && *b.SiteName != "":
		return invalid("this version has no sites; leave site_name out").On("site_name")
	}
	return onlyTeam(b.Visibility)
}

func putDeployment(c *call) error {
	var body createBody
	if err := c.body(&body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	inputs, err := valueMap(body.Inputs, "inputs")
	if err != nil {
		return err
	}
	d, err := c.api.control.CreateDeployment(c.Request().Context(), c.Actor, control.CreateDeployment{
		ID: c.name("id"), BlueprintID: body.BlueprintID, Inputs: inputs, DisplayName: body.DisplayName,
		Labels: body.Labels, Rehearse: bool(body.Rehearsal),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusCreated, deploymentOf(d))
}

func deleteDeployment(c *call) error {
	force, err := c.truth("force")
	if err != nil {
		return err
	}
	if recursive, err := c.truth("recursive"); err != nil || recursive {
		if err == nil {
			err = invalid("components go with the uninstall of their parent; leave recursive out").On("recursive")
		}
		return err
	}
	if err := c.api.control.DeleteDeployment(c.Request().Context(), c.Actor, c.name("id"), force); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// getCapabilities answers the values, marked ones in clear for those who may
// see them (which leaves an audit row), null for others.
func getCapabilities(c *call) error {
	ctx, id := c.Request().Context(), c.name("id")
	found, err := c.api.control.RevealCapabilities(ctx, c.Actor, id)
	if orchestrator.ErrorCode(err) == orchestrator.Forbidden {
		found, err = c.api.control.Capabilities(ctx, c.Actor, id)
	}
	if err != nil {
		return err
	}
	known := make(map[string]orchestrator.Value, len(found))
	for _, capability := range found {
		known[capability.Name] = capability.Value
	}
	return c.JSON(http.StatusOK, echo.Map{"deployment_id": id, "capabilities": known})
}

// getOutputs answers evaluated outputs; marked ones are null.
func getOutputs(c *call) error {
	id := c.name("id")
	outputs, err := c.api.control.Outputs(c.Request().Context(), c.Actor, id)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, echo.Map{"deployment_id": id, "outputs": outputs})
}
