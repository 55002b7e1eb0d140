package control

import (
	"context"
	"crypto/rand"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/dsl"
	"github.com/slipwayhq/slipway/store"
)

// CreateDeployment is a request to use a blueprint with inputs.
type CreateDeployment struct {
	ID          string
	BlueprintID string
	Inputs      map[string]orchestrator.Value // texts are turned into declared types
	DisplayName string
	Labels      []orchestrator.Label
	// Rehearse asks for a rehearsal where the real thing is possible.
	Rehearse bool
}

// CreateDeployment validates, decides the mode, and writes the deployment with
// its instances and dependencies in one transaction.
func (c *Control) CreateDeployment(ctx context.Context, actor orchestrator.Actor, create CreateDeployment) (orchestrator.Deployment, error) {
	var d orchestrator.Deployment
	if err := require(actor, orchestrator.User, "launching an environment"); err != nil {
		return d, err
	}
	audit := audited("deployment.create", create.ID)
	audit.After = auditJSON(map[string]string{"blueprint": create.BlueprintID})
	err := c.change(ctx, actor, audit, func(tx *store.Tx) (err error) {
		d, err = c.create(ctx, tx, actor, create, nil)
		return err
	})
	return d, err
}

// create writes a deployment inside tx. parent is the deployment whose
// component this is, nil at top level.
func (c *Control) create(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, create CreateDeployment, parent *parentNode) (orchestrator.Deployment, error) {
	if err := validCreate(create); err != nil {
		return orchestrator.Deployment{}, err
	}
	if err := refuseTaken(ctx, tx, actor.Team, create.ID); err != nil {
		return orchestrator.Deployment{}, err
	}
	blueprint, err := tx.NewestBlueprint(ctx, actor.Team, create.BlueprintID)
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	inputs, err := dsl.ResolveInputs(blueprint.Plan, create.Inputs, inputOptions(ctx, tx, actor.Team))
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	if err := mayRead(actor, create.Inputs, inputs); err != nil {
		return orchestrator.Deployment{}, err
	}
	decided, err := c.decideUnder(ctx, tx, actor, create, blueprint, inputs, parent)
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	prepared, err := dsl.Prepare(blueprint.Plan, inputs, dsl.PrepareOptions{})
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	labels, err := relabel(nil, withDeclared(create.Labels, prepared.Labels), actor.Name, c.now())
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	d := c.newDeployment(actor, create, blueprint, inputs, decided, parent)
	d.Labels = append(labels, d.Labels...)
	if err := tx.InsertDeployment(ctx, d); err != nil {
		return orchestrator.Deployment{}, err
	}
	instances, err := dsl.Instances(prepared, newInstanceID)
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	for i := range instances {
		instances[i].DeploymentUID = d.UID
		instances[i].State = orchestrator.Uninitialized
	}
	if err := tx.InsertInstances(ctx, instances); err != nil {
		return orchestrator.Deployment{}, err
	}
	return d, c.writeDependencies(ctx, tx, d, dsl.CapabilityUses(prepared, instances))
}

func validCreate(create CreateDeployment) error {
	if err := validKey("deployment id", create.ID); err != nil {
		return err
	}
	if err := validLine("display name", "display_name", create.DisplayName); err != nil {
		return err
	}
	return validLabels(create.Labels)
}

// refuseTaken refuses an id that is in use. Asking first, not by the database's
// conflict: a failed statement would end the transaction on PostgreSQL.
func refuseTaken(ctx context.Context, tx *store.Tx, team, id string) error {
	_, err := tx.Deployment(ctx, team, id)
	switch {
	case orchestrator.ErrorCode(err) == orchestrator.NotFound:
		return nil
	case err != nil:
		return err
	}
	return orchestrator.Errorf(orchestrator.Conflict, "deployment with id=%s already exists; choose another id", id).Because("conflict_error").On("id")
}

func (c *Control) newDeployment(actor orchestrator.Actor, create CreateDeployment, blueprint orchestrator.Blueprint, inputs map[string]orchestrator.Value, decided decision, parent *parentNode) orchestrator.Deployment {
	plan, now := blueprint.Plan, c.now()
	d := orchestrator.Deployment{
		UID: uuid.NewString(), Team: actor.Team, ID: create.ID, DisplayName: create.DisplayName,
		Description: plan.Description, BlueprintUID: blueprint.UID, BlueprintID: blueprint.ID,
		BlueprintVersion: blueprint.Version, ExpectedNodes: len(plan.Nodes) + decided.resolution.Nodes(), Inputs: inputs, Workflows: plan.Workflows,
		Capabilities: plan.Capabilities, Outputs: plan.Outputs,
		Rehearsal: decided.mode.Rehearsal, RehearsalReason: decided.mode.Reason,
		CloudType: textOf(inputs["cloud_type"]), EnvType: textOf(inputs["env_type"]),
		InstallationStatus: orchestrator.Inactive, DeploymentStatus: orchestrator.RequiresAttention,
		CreatedBy: actor.Name, CreatedAt: now, UpdatedAt: now,
	}
	if d.DisplayName == "" {
		d.DisplayName = d.ID
	}
	if parent != nil {
		d.Parent, d.ParentNode, d.CreatedBy = parent.deployment.UID, parent.instanceID, parent.deployment.CreatedBy
		d.Labels = []orchestrator.Label{{Key: parentLabel, Value: parent.deployment.ID, CreatedBy: d.CreatedBy, CreatedAt: now}}
	}
	return d
}

func textOf(v orchestrator.Value) string {
	text, _ := v.(string)
	return text
}

// inputOptions say how inputs are read: texts are converted, and what names a
// deployment, a blueprint or a secret must exist.
func inputOptions(ctx context.Context, tx *store.Tx, team string) dsl.InputOptions {
	return dsl.InputOptions{Convert: true, Find: func(query dsl.ObjectQuery) (bool, error) {
		id, ok := query.Value.(string)
		if !ok {
			return false, nil
		}
		var err error
		switch query.Type {
		case "deployment_id":
			_, err = tx.Deployment(ctx, team, id)
		case "blueprint_id":
			_, err = tx.NewestBlueprint(ctx, team, id)
		case "secret_key":
			_, err = tx.Secret(ctx, team, id)
		default:
			return false, orchestrator.Errorf(orchestrator.Invalid, "inputs of type %s cannot be looked up by this server", query.Type)
		}
		return err == nil, unlessMissing(err)
	}}
}

// writeDependencies records one dependency for each get_capability whose
// deployment is known by now.
func (c *Control) writeDependencies(ctx context.Context, tx *store.Tx, d orchestrator.Deployment, uses []dsl.CapabilityUse) error {
	seen := map[string]bool{}
	for _, use := range uses {
		id, ok := use.Target.(string)
		if !ok || seen[use.Function] {
			continue
		}
		seen[use.Function] = true
		if err := tx.InsertDependency(ctx, orchestrator.Dependency{
			Creator: use.Function, SourceUID: d.UID, TargetID: id, Team: d.Team, CreatedAt: c.now(),
		}); err != nil {
			return err
		}
	}
	return nil
}

// newInstanceID returns <node>_<6 of a-z0-9>.
func newInstanceID(node string) string {
	random := make([]byte, 6)
	_, _ = rand.Read(random) // never fails
	return dsl.InstanceID(node, random)
}
