package control

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
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

// Preview is what a deployment would be, for the launch form.
type Preview struct {
	Blueprint orchestrator.Blueprint
	// Fields are faults beside inputs, by input name.
	Fields     map[string]string
	Resolution *compose.Resolution // nil while the inputs are not valid
	Mode       compose.Mode
	// Refused is why a launch would be refused, as a sentence.
	Refused string
}

// PreviewDeployment says what a launch with these inputs would use and do. It
// writes nothing.
func (c *Control) PreviewDeployment(ctx context.Context, actor orchestrator.Actor, create CreateDeployment) (Preview, error) {
	var preview Preview
	if err := require(actor, orchestrator.User, "launching an environment"); err != nil {
		return preview, err
	}
	err := c.view(ctx, func(tx *store.Tx) (err error) {
		if preview.Blueprint, err = tx.NewestBlueprint(ctx, actor.Team, create.BlueprintID); err != nil {
			return err
		}
		inputs, err := dsl.ResolveInputs(preview.Blueprint.Plan, create.Inputs, inputOptions(ctx, tx, actor.Team))
		if err != nil {
			preview.Fields, preview.Refused = fieldsOf(err), orchestrator.ErrorMessage(err)
			return nil
		}
		decided, err := c.decide(ctx, tx, actor, create, preview.Blueprint, inputs)
		preview.Resolution, preview.Mode = decided.resolution, decided.mode
		if code := orchestrator.ErrorCode(err); err != nil && code != orchestrator.Internal {
			preview.Refused = orchestrator.ErrorMessage(err)
			return nil
		}
		return err
	})
	return preview, err
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
	decided, err := c.decideUnder(ctx, tx, actor, create, blueprint, inputs, parent)
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	prepared, err := dsl.Prepare(blueprint.Plan, inputs, dsl.PrepareOptions{})
	if err != nil {
		return orchestrator.Deployment{}, err
	}
	d := c.newDeployment(actor, create, blueprint, inputs, decided.mode, parent)
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

func (c *Control) newDeployment(actor orchestrator.Actor, create CreateDeployment, blueprint orchestrator.Blueprint, inputs map[string]orchestrator.Value, mode compose.Mode, parent *parentNode) orchestrator.Deployment {
	plan, now := blueprint.Plan, c.now()
	d := orchestrator.Deployment{
		UID: uuid.NewString(), Team: actor.Team, ID: create.ID, DisplayName: create.DisplayName,
		Description: plan.Description, BlueprintUID: blueprint.UID, BlueprintID: blueprint.ID,
		BlueprintVersion: blueprint.Version, Inputs: inputs, Workflows: plan.Workflows,
		Capabilities: plan.Capabilities, Outputs: plan.Outputs,
		Rehearsal: mode.Rehearsal, RehearsalReason: mode.Reason,
		CloudType: textOf(inputs["cloud_type"]), EnvType: textOf(inputs["env_type"]),
		Labels:             slices.Clone(create.Labels),
		InstallationStatus: orchestrator.Inactive, DeploymentStatus: orchestrator.RequiresAttention,
		CreatedBy: actor.Name, CreatedAt: now, UpdatedAt: now,
	}
	if d.DisplayName == "" {
		d.DisplayName = d.ID
	}
	for i := range d.Labels {
		d.Labels[i].CreatedBy, d.Labels[i].CreatedAt = actor.Name, now
	}
	if parent != nil {
		d.Parent, d.ParentNode, d.CreatedBy = parent.deployment.UID, parent.instanceID, parent.deployment.CreatedBy
		d.Labels = append(d.Labels, orchestrator.Label{Key: "csys-obj-parent", Value: parent.deployment.ID, CreatedBy: d.CreatedBy, CreatedAt: now})
	}
	return d
}

func textOf(v orchestrator.Value) string {
	text, _ := v.(string)
	return text
}

// decision is what compose says of a deployment to be.
type decision struct {
	resolution *compose.Resolution
	mode       compose.Mode
}

func (c *Control) decideUnder(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, create CreateDeployment, blueprint orchestrator.Blueprint, inputs map[string]orchestrator.Value, parent *parentNode) (decision, error) {
	if parent == nil {
		return c.decide(ctx, tx, actor, create, blueprint, inputs)
	}
	resolution, err := compose.Resolve(c.facts(ctx, tx, actor.Team), subjectOf(actor, create, blueprint, inputs))
	if err != nil {
		return decision{}, err
	}
	mode := compose.Mode{Rehearsal: parent.deployment.Rehearsal, Reason: parent.deployment.RehearsalReason}
	return decision{resolution, mode}, compose.CheckInherited(mode, resolution, c.facts(ctx, tx, actor.Team))
}

// decide resolves the components and chooses the mode of a top-level
// deployment. An error refuses the launch; the decision says what is known even
// then.
func (c *Control) decide(ctx context.Context, tx *store.Tx, actor orchestrator.Actor, create CreateDeployment, blueprint orchestrator.Blueprint, inputs map[string]orchestrator.Value) (decision, error) {
	facts := c.facts(ctx, tx, actor.Team)
	resolution, err := compose.Resolve(facts, subjectOf(actor, create, blueprint, inputs))
	if err != nil {
		return decision{}, err
	}
	mode, err := compose.ModeFor(c.cfg.Rehearsal, create.Rehearse, resolution, facts)
	if err != nil {
		return decision{resolution, mode}, err
	}
	if len(resolution.Problems) > 0 {
		return decision{resolution, mode}, orchestrator.Errorf(orchestrator.Invalid, "%s", strings.Join(resolution.Problems, "; "))
	}
	return decision{resolution, mode}, nil
}

func subjectOf(actor orchestrator.Actor, create CreateDeployment, blueprint orchestrator.Blueprint, inputs map[string]orchestrator.Value) compose.Subject {
	return compose.Subject{
		Team: actor.Team, DeploymentID: create.ID, BlueprintID: blueprint.ID,
		CreatedBy: actor.Name, Plan: blueprint.Plan, Inputs: inputs,
	}
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
		target, err := tx.Deployment(ctx, d.Team, id)
		if err := unlessMissing(err); err != nil {
			return err
		}
		if err := tx.InsertDependency(ctx, orchestrator.Dependency{
			Creator: use.Function, SourceUID: d.UID, TargetUID: target.UID, TargetID: id, Team: d.Team, CreatedAt: c.now(),
		}); err != nil {
			return err
		}
	}
	return nil
}

func (c *Control) facts(ctx context.Context, tx *store.Tx, team string) compose.Facts {
	return &facts{ctx: ctx, tx: tx, team: team}
}

// facts answers compose from rows of one transaction.
type facts struct {
	ctx  context.Context
	tx   *store.Tx
	team string
}

func (f *facts) Blueprint(id string) (*orchestrator.Plan, bool, error) {
	blueprint, err := f.tx.NewestBlueprint(f.ctx, f.team, id)
	return blueprint.Plan, err == nil, unlessMissing(err)
}

func (f *facts) Secret(key string) (orchestrator.Secret, bool, error) {
	secret, err := f.tx.Secret(f.ctx, f.team, key)
	return secret, err == nil, unlessMissing(err)
}

func (f *facts) Deployment(id string) (orchestrator.Deployment, bool, error) {
	d, err := f.tx.Deployment(f.ctx, f.team, id)
	return d, err == nil, unlessMissing(err)
}

func unlessMissing(err error) error {
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return nil
	}
	return err
}

// fieldsOf returns the faults beside fields that an error carries.
func fieldsOf(err error) map[string]string {
	refused, ok := err.(*orchestrator.Error) //nolint:errorlint // ours, unwrapped
	if !ok {
		return nil
	}
	if len(refused.Fields) > 0 {
		return refused.Fields
	}
	if refused.Field != "" {
		return map[string]string{refused.Field: refused.Message}
	}
	return nil
}

// newInstanceID returns <node>_<6 of a-z0-9>.
func newInstanceID(node string) string {
	random := make([]byte, 6)
	_, _ = rand.Read(random) // never fails
	return dsl.InstanceID(node, random)
}
