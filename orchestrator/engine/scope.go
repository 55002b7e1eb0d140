package engine

import (
	"context"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/store"
)

// Plans hands out blueprint versions with their plans; a version never changes,
// so it may be kept.
type Plans interface {
	Get(ctx context.Context, tx *store.Tx, blueprintUID string) (orchestrator.Blueprint, error)
}

// maxCapabilityDepth bounds capabilities that are read through capabilities of
// further deployments.
const maxCapabilityDepth = 20

// Scope answers the functions of one deployment at run time, from rows of one
// transaction. It satisfies eval.Scope. Instances are read when they are asked
// for: an operation of one among thousands reads itself and its targets.
type Scope struct {
	ctx        context.Context
	tx         *store.Tx
	plans      Plans
	deployment orchestrator.Deployment
	blueprint  orchestrator.Blueprint
	read       map[string]*orchestrator.NodeInstance // by id
	ids        map[string][]string                   // by node; nil until they are known
	depth      int
}

var _ eval.Scope = (*Scope)(nil)

// NewScope returns the scope of a deployment. It is valid as long as tx is.
func NewScope(ctx context.Context, tx *store.Tx, plans Plans, d orchestrator.Deployment) (*Scope, error) {
	blueprint, err := plans.Get(ctx, tx, d.BlueprintUID)
	if err != nil {
		return nil, err
	}
	return &Scope{ctx: ctx, tx: tx, plans: plans, deployment: d, blueprint: blueprint, read: map[string]*orchestrator.NodeInstance{}}, nil
}

// Instance implements eval.Scope.
func (s *Scope) Instance(id string) (*orchestrator.NodeInstance, error) {
	if instance, ok := s.read[id]; ok {
		return instance, nil
	}
	instance, err := s.tx.Instance(s.ctx, s.deployment.UID, id)
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return nil, nil //nolint:nilnil // eval's word for "there is none"
	}
	if err != nil {
		return nil, err
	}
	s.read[id] = &instance
	return &instance, nil
}

// Instances implements eval.Scope.
func (s *Scope) Instances(node string) ([]*orchestrator.NodeInstance, error) {
	if s.ids == nil {
		if err := s.readAll(); err != nil {
			return nil, err
		}
	}
	var instances []*orchestrator.NodeInstance
	for _, id := range s.ids[node] {
		instance, err := s.Instance(id)
		if err != nil {
			return nil, err
		}
		if instance != nil {
			instances = append(instances, instance)
		}
	}
	return instances, nil
}

// readAll reads every instance, for who does not know their ids.
func (s *Scope) readAll() error {
	instances, err := s.tx.Instances(s.ctx, s.deployment.UID)
	if err != nil {
		return err
	}
	s.ids = map[string][]string{}
	for i := range instances {
		instance := &instances[i]
		s.read[instance.ID] = instance
		s.ids[instance.NodeID] = append(s.ids[instance.NodeID], instance.ID)
	}
	return nil
}

// Plan returns the deployment's plan.
func (s *Scope) Plan() *orchestrator.Plan { return s.blueprint.Plan }

// Input implements eval.Scope.
func (s *Scope) Input(name string) (orchestrator.Value, error) {
	value, ok := s.deployment.Inputs[name]
	if !ok {
		return nil, fmt.Errorf("deployment %s has no input %q", s.deployment.ID, name)
	}
	return value, nil
}

// Node implements eval.Scope.
func (s *Scope) Node(name string) (*orchestrator.Node, error) { return s.Plan().Node(name), nil }

// Secret implements eval.Scope. In a rehearsal a missing or placeholder cloud
// credential evaluates to rehearsal-<key>; elsewhere it is an error with the
// way out. That there is none is hopeless for a step and NotFound for an output,
// which is left out then.
func (s *Scope) Secret(name string) (orchestrator.Value, error) {
	secret, err := s.tx.Secret(s.ctx, s.deployment.Team, name)
	missing := orchestrator.ErrorCode(err) == orchestrator.NotFound
	if err != nil && !missing {
		return nil, err
	}
	if s.deployment.Rehearsal && (missing && orchestrator.IsCloudCredential(name) || secret.Placeholder) {
		return "rehearsal-" + name, nil
	}
	switch {
	case missing:
		return nil, provider.Fatal(orchestrator.Errorf(orchestrator.NotFound, "secret %q does not exist in team %s; create it on the Secrets page or with: slipway secrets create %s -f FILE", name, s.deployment.Team, name))
	case secret.Placeholder:
		return nil, orchestrator.Errorf(orchestrator.Invalid, "secret %q still holds the placeholder of the first start; set it on the Secrets page or with: slipway secrets update %s -f FILE", name, name)
	case secret.Kind == orchestrator.SecretSensitive:
		return orchestrator.Mark(secret.Value), nil
	default:
		return secret.Value, nil
	}
}

// Capability implements eval.Scope: another deployment's capability, evaluated
// in that deployment's own scope. Real and rehearsed deployments never share.
func (s *Scope) Capability(deployment, name string) (orchestrator.Value, error) {
	target, err := s.tx.Deployment(s.ctx, s.deployment.Team, deployment)
	if err != nil {
		return nil, err
	}
	return s.capabilityOf(target, name)
}

func (s *Scope) capabilityOf(target orchestrator.Deployment, name string) (orchestrator.Value, error) {
	if target.Rehearsal != s.deployment.Rehearsal {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "%s is %s and %s is %s: they never share capabilities", s.deployment.ID, modeWord(s.deployment), target.ID, modeWord(target))
	}
	if s.depth >= maxCapabilityDepth {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "capability %q of %s is read through more than %d deployments", name, target.ID, maxCapabilityDepth)
	}
	scope, err := NewScope(s.ctx, s.tx, s.plans, target)
	if err != nil {
		return nil, err
	}
	scope.depth = s.depth + 1
	for _, capability := range target.Capabilities {
		if capability.Name == name {
			return eval.Evaluate(scope, eval.Place{}, capability.Value, "capabilities."+name)
		}
	}
	return nil, orchestrator.Errorf(orchestrator.Invalid, "deployment %s offers no capability %q", target.ID, name)
}

func modeWord(d orchestrator.Deployment) string {
	if d.Rehearsal {
		return "a rehearsal"
	}
	return "real"
}

// GroupCapability implements eval.Scope.
func (s *Scope) GroupCapability(group, name string) (orchestrator.Value, error) {
	return nil, orchestrator.Errorf(orchestrator.Invalid, "get_group_capability of %q in group %q: this server has no deployment groups", name, group)
}

// Label implements eval.Scope.
func (s *Scope) Label(key string) ([]orchestrator.Value, error) {
	if key == "csys-obj-parent" && s.deployment.Parent != "" {
		parent, err := s.tx.DeploymentByUID(s.ctx, s.deployment.Parent)
		if err != nil {
			return nil, err
		}
		return []orchestrator.Value{parent.ID}, nil
	}
	var values []orchestrator.Value
	for _, label := range s.deployment.Labels {
		if label.Key == key {
			values = append(values, label.Value)
		}
	}
	return values, nil
}

// Sys implements eval.Scope.
func (s *Scope) Sys(entity, property string) (orchestrator.Value, error) {
	switch entity + "." + property {
	case "tenant.name":
		return s.deployment.Team, nil
	case "deployment.id":
		return s.deployment.ID, nil
	case "deployment.name":
		return s.deployment.DisplayName, nil
	case "deployment.blueprint":
		return s.deployment.BlueprintID, nil
	case "deployment.owner":
		return s.deployment.CreatedBy, nil
	}
	return nil, fmt.Errorf("get_sys knows no %s of a %s", property, entity)
}

// Consumers implements eval.Scope: who depends on this deployment.
func (s *Scope) Consumers() (map[string]string, error) {
	dependencies, err := s.tx.DependenciesOn(s.ctx, s.deployment.Team, s.deployment.ID)
	if err != nil {
		return nil, err
	}
	consumers := map[string]string{}
	for _, dependency := range dependencies {
		source, err := s.tx.DeploymentByUID(s.ctx, dependency.SourceUID)
		if err != nil {
			return nil, err
		}
		consumers[source.ID] = source.DisplayName
	}
	return consumers, nil
}

// CapabilityValue is one capability with its definition.
type CapabilityValue struct {
	Definition orchestrator.Output
	Value      orchestrator.Value // marks kept; nil while it is not known
	// Err says why there is no value: something it reads is not there yet.
	Err error
}

// Capabilities evaluates all capabilities of a deployment, in the order
// written. One that is nothing but a secret that does not exist is left out;
// another that cannot be evaluated carries its error.
func Capabilities(ctx context.Context, tx *store.Tx, plans Plans, d orchestrator.Deployment) ([]CapabilityValue, error) {
	scope, err := NewScope(ctx, tx, plans, d)
	if err != nil {
		return nil, err
	}
	values := make([]CapabilityValue, 0, len(d.Capabilities))
	for _, definition := range d.Capabilities {
		value, err := eval.Evaluate(scope, eval.Place{}, definition.Value, "capabilities."+definition.Name)
		if eval.IsMissingSecret(definition.Value, err) {
			continue
		}
		if err == nil && eval.HasCalls(value) {
			value = nil
		}
		values = append(values, CapabilityValue{Definition: definition, Value: value, Err: err})
	}
	return values, nil
}

// Outputs evaluates the outputs of a deployment, marks kept. One that cannot be
// evaluated says so in its place, as the original does.
func Outputs(ctx context.Context, tx *store.Tx, plans Plans, d orchestrator.Deployment) (map[string]orchestrator.Value, error) {
	scope, err := NewScope(ctx, tx, plans, d)
	if err != nil {
		return nil, err
	}
	return eval.Outputs(scope, d.Outputs)
}
