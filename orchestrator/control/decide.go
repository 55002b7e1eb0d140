package control

import (
	"context"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/compose"
	"github.com/slipwayhq/slipway/store"
)

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

func (c *Control) facts(ctx context.Context, tx *store.Tx, team string) compose.Facts {
	return &facts{ctx: ctx, tx: tx, team: team, plans: map[string]*orchestrator.Plan{}}
}

// facts answers compose from rows of one transaction.
type facts struct {
	ctx  context.Context
	tx   *store.Tx
	team string
	// plans holds the blueprints read so far, nil for those that do not exist:
	// one may stand for many components, and reading it takes long.
	plans map[string]*orchestrator.Plan
}

func (f *facts) Blueprint(id string) (*orchestrator.Plan, bool, error) {
	if plan, known := f.plans[id]; known {
		return plan, plan != nil, nil
	}
	blueprint, err := f.tx.NewestBlueprint(f.ctx, f.team, id)
	if err := unlessMissing(err); err != nil {
		return nil, false, err
	}
	f.plans[id] = blueprint.Plan
	return blueprint.Plan, blueprint.Plan != nil, nil
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
