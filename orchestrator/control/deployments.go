package control

import (
	"context"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/engine"
	"github.com/slipwayhq/slipway/store"
)

// ListDeployments selects deployments of the team.
type ListDeployments struct {
	BlueprintID  string
	TopLevel     bool // what pages call environments
	Search       string
	IDs          []string
	CreatedBy    string
	Installation []orchestrator.InstallationStatus
	Status       []orchestrator.DeploymentStatus
	Sort         string
	Descending   bool
	Offset, Size int
}

// ListDeployments returns a page of deployments and how many there are in all.
// Marked inputs are still marked.
func (c *Control) ListDeployments(ctx context.Context, actor orchestrator.Actor, list ListDeployments) ([]orchestrator.Deployment, int, error) {
	if err := require(actor, orchestrator.Viewer, "listing environments"); err != nil {
		return nil, 0, err
	}
	var deployments []orchestrator.Deployment
	var total int
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		deployments, total, err = tx.ListDeployments(ctx, store.DeploymentQuery{
			Team: actor.Team, BlueprintID: list.BlueprintID, TopLevel: list.TopLevel, Search: list.Search,
			IDs: list.IDs, CreatedBy: list.CreatedBy, InstallationStatus: list.Installation, DeploymentStatus: list.Status, Sort: list.Sort, Descending: list.Descending, Offset: list.Offset, Size: list.Size,
		})
		return err
	})
	return deployments, total, err
}

// GetDeployment returns one deployment. Marked inputs are still marked.
func (c *Control) GetDeployment(ctx context.Context, actor orchestrator.Actor, id string) (orchestrator.Deployment, error) {
	var d orchestrator.Deployment
	if err := require(actor, orchestrator.Viewer, "reading environments"); err != nil {
		return d, err
	}
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		d, err = tx.Deployment(ctx, actor.Team, id)
		return err
	})
	return d, err
}

// Capability is one capability as it may be shown.
type Capability struct {
	Name        string
	Description string
	// Value is nil while it is not known, and for a marked one that was not
	// asked for by Reveal.
	Value     orchestrator.Value
	Known     bool
	Sensitive bool
	// Why says why there is no value yet.
	Why string
}

// Capabilities evaluates what a deployment offers, for a page: marked values
// are hidden.
func (c *Control) Capabilities(ctx context.Context, actor orchestrator.Actor, id string) ([]Capability, error) {
	if err := require(actor, orchestrator.Viewer, "reading capabilities"); err != nil {
		return nil, err
	}
	_, values, err := c.evaluateCapabilities(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	shown := make([]Capability, len(values))
	for i, v := range values {
		shown[i] = capabilityOf(v)
	}
	return shown, nil
}

// RevealCapabilities returns the values with marked ones in clear. It needs
// ownership or the role operator, and leaves an audit row. Only names what is
// asked for, all when empty.
func (c *Control) RevealCapabilities(ctx context.Context, actor orchestrator.Actor, id string, names ...string) ([]Capability, error) {
	d, values, err := c.evaluateCapabilities(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	offered := func(name string) bool {
		return slices.ContainsFunc(values, func(v engine.CapabilityValue) bool { return v.Definition.Name == name })
	}
	for _, name := range names {
		if !offered(name) {
			return nil, orchestrator.Errorf(orchestrator.NotFound, "deployment %s offers no capability %q", id, name)
		}
	}
	var shown []Capability
	marked := false
	for _, v := range values {
		if len(names) > 0 && !slices.Contains(names, v.Definition.Name) {
			continue
		}
		revealed := capabilityOf(v)
		revealed.Value = orchestrator.Reveal(v.Value)
		marked = marked || revealed.Sensitive
		shown = append(shown, revealed)
	}
	if !marked {
		return shown, nil
	}
	if err := mayTouch(actor, d.CreatedBy, "reading marked values"); err != nil {
		return nil, err
	}
	audit := audited("capability.reveal", id)
	if len(names) > 0 {
		audit.Object += " " + strings.Join(names, " ")
	}
	if err := c.change(ctx, actor, audit, func(*store.Tx) error { return nil }); err != nil {
		return nil, err
	}
	return shown, nil
}

// capabilityOf is a capability as everybody may see it.
func capabilityOf(v engine.CapabilityValue) Capability {
	shown := Capability{
		Name: v.Definition.Name, Description: v.Definition.Description,
		Known: v.Value != nil && v.Err == nil, Sensitive: orchestrator.IsSensitive(v.Value),
	}
	if v.Err != nil {
		shown.Why = v.Err.Error()
	}
	if !shown.Sensitive {
		shown.Value = v.Value
	}
	return shown
}

// Outputs evaluates what a deployment shows to people. Marked values are nil:
// what must be read by others is offered as a capability.
func (c *Control) Outputs(ctx context.Context, actor orchestrator.Actor, id string) (map[string]orchestrator.Value, error) {
	if err := require(actor, orchestrator.Viewer, "reading outputs"); err != nil {
		return nil, err
	}
	var outputs map[string]orchestrator.Value
	err := c.view(ctx, func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, actor.Team, id)
		if err != nil {
			return err
		}
		outputs, err = engine.Outputs(ctx, tx, c.plans, d)
		return err
	})
	for name, value := range outputs {
		outputs[name] = orchestrator.Redact(value)
	}
	return outputs, err
}

func (c *Control) evaluateCapabilities(ctx context.Context, actor orchestrator.Actor, id string) (orchestrator.Deployment, []engine.CapabilityValue, error) {
	var d orchestrator.Deployment
	var values []engine.CapabilityValue
	if err := require(actor, orchestrator.Viewer, "reading capabilities"); err != nil {
		return d, nil, err
	}
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		if d, err = tx.Deployment(ctx, actor.Team, id); err != nil {
			return err
		}
		values, err = engine.Capabilities(ctx, tx, c.plans, d)
		return err
	})
	return d, values, err
}

// NodeInstances returns a deployment's instances. Marked runtime properties are
// still marked.
func (c *Control) NodeInstances(ctx context.Context, actor orchestrator.Actor, deploymentID string) ([]orchestrator.NodeInstance, error) {
	if err := require(actor, orchestrator.Viewer, "reading node instances"); err != nil {
		return nil, err
	}
	var instances []orchestrator.NodeInstance
	err := c.view(ctx, func(tx *store.Tx) error {
		d, err := tx.Deployment(ctx, actor.Team, deploymentID)
		if err != nil {
			return err
		}
		instances, err = tx.Instances(ctx, d.UID)
		return err
	})
	return instances, err
}

// Plan returns the plan of a deployment's blueprint version.
func (c *Control) Plan(ctx context.Context, actor orchestrator.Actor, d orchestrator.Deployment) (*orchestrator.Plan, error) {
	if err := require(actor, orchestrator.Viewer, "reading plans"); err != nil {
		return nil, err
	}
	var blueprint orchestrator.Blueprint
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		blueprint, err = c.plans.Get(ctx, tx, d.BlueprintUID)
		return err
	})
	if err == nil && blueprint.Team != actor.Team {
		err = orchestrator.Errorf(orchestrator.NotFound, "Requested `Deployment` with ID `%s` was not found", d.ID).Because("not_found_error")
	}
	if err != nil {
		return nil, err
	}
	return blueprint.Plan, nil
}
