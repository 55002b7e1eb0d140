package control_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/orchestrator/control"
)

// labelled declares labels for what is made of it and for itself.
const labelled = `tosca_definitions_version: cloudify_dsl_1_3
imports: [cloudify/types/types.yaml]
inputs: {size: {type: string, default: big}}
node_templates: {vm: {type: cloudify.nodes.Root}}
labels:
  Team: {values: [blue, red]}
  size: {values: [{get_input: size}]}
blueprint_labels:
  kind: {values: [sample]}
`

func label(key, value, by string) orchestrator.Label {
	return orchestrator.Label{Key: key, Value: value, CreatedBy: by}
}

func TestLabels(t *testing.T) {
	c := setup(t, compose.Auto)
	user, operator := as(orchestrator.User), as(orchestrator.Operator)
	blueprint, _, err := c.UploadBlueprint(t.Context(), operator, control.UploadBlueprint{
		ID: "labelled", Archive: pack(t, map[string]string{"blueprint.yaml": labelled}), Labels: []orchestrator.Label{{Key: "given", Value: "yes"}},
	})
	must(t, err)
	same(t, "a blueprint has those of the request and those it declares",
		[]orchestrator.Label{label("given", "yes", "operator"), label("kind", "sample", "operator")}, blueprint.Labels)

	d, err := c.CreateDeployment(t.Context(), user, control.CreateDeployment{
		ID: "one", BlueprintID: "labelled", Labels: []orchestrator.Label{{Key: "env", Value: "dev"}, {Key: "env", Value: "dev"}},
	})
	must(t, err)
	same(t, "a deployment has those of the request, each once, and those that its blueprint declares, evaluated",
		[]orchestrator.Label{label("env", "dev", "user"), label("size", "big", "user"), label("team", "blue", "user"), label("team", "red", "user")}, d.Labels)

	d, err = c.SetDeploymentLabels(t.Context(), operator, "one", []orchestrator.Label{{Key: "env", Value: "dev"}, {Key: "new", Value: "x"}})
	must(t, err)
	same(t, "what stays keeps who gave it", []orchestrator.Label{label("env", "dev", "user"), label("new", "x", "operator")}, d.Labels)
	read, err := c.GetDeployment(t.Context(), user, "one")
	must(t, err)
	same(t, "that is what is stored", d.Labels, read.Labels)

	blueprint, err = c.SetBlueprintLabels(t.Context(), operator, "labelled", nil)
	must(t, err)
	same(t, "a blueprint without labels", nil, blueprint.Labels)

	for reason, refuse := range map[string]func() error{
		"somebody else's environment": func() error {
			_, err := c.SetDeploymentLabels(t.Context(), orchestrator.Actor{Kind: orchestrator.ActorUser, Name: "mallory", Team: operator.Team, Role: orchestrator.User}, "one", nil)
			return err
		},
		"a blueprint as a user": func() error {
			_, err := c.SetBlueprintLabels(t.Context(), user, "labelled", nil)
			return err
		},
	} {
		if err := refuse(); orchestrator.ErrorCode(err) != orchestrator.Forbidden {
			t.Errorf("%s: %v", reason, err)
		}
	}
	if _, err := c.SetDeploymentLabels(t.Context(), operator, "one", []orchestrator.Label{{Key: "csys-obj-parent", Value: "other"}}); orchestrator.ErrorCode(err) != orchestrator.Invalid {
		t.Errorf("a parent by label: %v", err)
	}
}

func same(t *testing.T, reason string, want, got []orchestrator.Label) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreTypes(time.Time{}), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", reason, diff)
	}
}

// TestAvailableWorkflows holds that a client is told before it asks what a
// start would be answered.
func TestAvailableWorkflows(t *testing.T) {
	c := setup(t, compose.Auto)
	d, err := c.CreateDeployment(t.Context(), as(orchestrator.User), control.CreateDeployment{ID: "one", BlueprintID: "app", Inputs: cell("aws", "dev-small")})
	must(t, err)
	available, err := c.AvailableWorkflows(t.Context(), as(orchestrator.Viewer), d.ID)
	must(t, err)
	for name := range d.Workflows {
		_, err := c.StartExecution(t.Context(), as(orchestrator.User), control.StartExecution{DeploymentID: d.ID, Workflow: name})
		if available[name] != (err == nil) {
			t.Errorf("%s: available %v, but starting it says %v", name, available[name], err)
		}
		if err == nil {
			x, _, err := c.ListExecutions(t.Context(), as(orchestrator.User), control.ListExecutions{DeploymentID: d.ID})
			must(t, err)
			_, err = c.CancelExecution(t.Context(), as(orchestrator.User), x[0].ID)
			must(t, err)
		}
	}
	if !available["install"] || available["uninstall"] {
		t.Errorf("before anything is installed: %v", available)
	}
}
