package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
	"github.com/slipwayhq/slipway/orchestrator/provider"
	"github.com/slipwayhq/slipway/store"
)

// prepare evaluates, just now, everything that the operation is told.
func (t *trial) prepare(ctx context.Context, operation orchestrator.Operation) error {
	files, err := t.runner.engine.cfg.Resources(ctx, t.runner.blueprint)
	if err != nil {
		return fmt.Errorf("open the archive of blueprint %s: %w", t.runner.blueprint.ID, err)
	}
	err = t.runner.engine.view(ctx, func(tx *store.Tx) error {
		scope, err := NewScope(ctx, tx, t.runner.engine.plans, t.runner.deployment)
		if err != nil {
			return err
		}
		scope.ids = t.runner.ids
		return t.build(ctx, tx, scope, operation)
	})
	if err != nil {
		return err
	}
	t.call.Files = files.For(t.runner.nodeOf[cmp.Or(t.step.SourceID, t.step.InstanceID)])
	t.learn()
	return nil
}

// view reads from the database, and waits for one that is away: that is no
// failure of the step that asks.
func (e *Engine) view(ctx context.Context, read func(*store.Tx) error) error {
	for {
		err := e.cfg.Store.View(ctx, read)
		if !away(ctx, err) || !rest(ctx, awayPause) {
			return err
		}
	}
}

func (t *trial) build(ctx context.Context, tx *store.Tx, scope *Scope, operation orchestrator.Operation) error {
	r := t.runner
	d, x := r.deployment, r.execution
	t.call = &provider.Call{
		Installation: r.engine.cfg.Installation, Team: d.Team,
		Deployment: provider.Deployment{UID: d.UID, ID: d.ID, DisplayName: d.DisplayName, BlueprintID: d.BlueprintID, Inputs: d.Inputs},
		Execution:  provider.Execution{ID: x.ID, RootID: x.RootID, Workflow: x.Workflow, Parameters: x.Parameters, Epoch: x.Epoch},
		StepID:     t.step.ID, Attempt: t.start.Attempt, Polls: t.start.Polls,
		IntentAt: t.intentAt, Resumed: t.start.Resumed, Now: r.now(),
		Operation: t.step.Operation, Plugin: operation.Plugin, Function: operation.Function,
		OnTarget: t.step.OnTarget, Rehearsal: d.Rehearsal,
		Journal: &stepJournal{trial: t}, Log: &stepLog{trial: t},
	}
	view := instanceView{scope: scope, seen: map[string]*provider.Instance{}}
	place := eval.Place{Instance: t.step.InstanceID, Node: r.nodeOf[t.step.InstanceID]}
	if t.step.SourceID != "" {
		place = eval.Place{
			SourceInstance: t.step.SourceID, SourceNode: r.nodeOf[t.step.SourceID],
			TargetInstance: t.step.TargetID, TargetNode: r.nodeOf[t.step.TargetID],
		}
		var err error
		if t.call.Source, err = view.related(t.step.SourceID); err != nil {
			return err
		}
		if t.call.Target, err = view.related(t.step.TargetID); err != nil {
			return err
		}
	} else {
		self, err := view.own(t.step.InstanceID)
		if err != nil {
			return err
		}
		t.call.Self = self
	}
	var err error
	if t.call.Inputs, err = eval.EvaluateMap(scope, place, merged(operation.Inputs, t.step.Kwargs), t.step.Operation); err != nil {
		return err
	}
	plugin := r.plan.Plugins[operation.Plugin]
	if t.call.PluginProperties, err = eval.EvaluateMap(scope, place, plugin.PropertyValues(), "plugins."+operation.Plugin+".properties"); err != nil {
		return err
	}
	return t.childOutcome(ctx, tx)
}

func merged(inputs, kwargs map[string]orchestrator.Value) map[string]orchestrator.Value {
	out := make(map[string]orchestrator.Value, len(inputs)+len(kwargs))
	for key, value := range inputs {
		out[key] = value
	}
	for key, value := range kwargs {
		out[key] = value
	}
	return out
}

func (t *trial) childOutcome(ctx context.Context, tx *store.Tx) error {
	if t.start.ChildID == "" {
		return nil
	}
	child, err := tx.Execution(ctx, t.start.ChildID)
	if orchestrator.ErrorCode(err) == orchestrator.NotFound {
		return nil // deleted with its deployment; the step starts over
	}
	if err != nil {
		return err
	}
	if child.Status.Final() {
		t.call.Child = &provider.ChildOutcome{ExecutionID: child.ID, Status: child.Status, Error: child.Error}
	}
	return nil
}

// learn teaches the redactor every marked value that the operation can see,
// before it runs.
func (t *trial) learn() {
	redact := t.runner.redact
	for _, values := range []map[string]orchestrator.Value{t.call.Inputs, t.call.PluginProperties} {
		for _, value := range values {
			redact.learn(value)
		}
	}
	for _, instance := range []*provider.Instance{t.call.Self, t.call.Source, t.call.Target} {
		if instance == nil {
			continue
		}
		for _, values := range []map[string]orchestrator.Value{instance.Properties, instance.Runtime} {
			for _, value := range values {
				redact.learn(value)
			}
		}
	}
}

// instanceView turns rows into what operations see, each instance once.
type instanceView struct {
	scope *Scope
	seen  map[string]*provider.Instance
}

// own returns the instance an operation is about; its properties must evaluate.
func (v instanceView) own(id string) (*provider.Instance, error) {
	row, err := v.scope.Instance(id)
	if err != nil {
		return nil, err
	}
	if row == nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "instance %s is not in deployment %s any more", id, v.scope.deployment.ID)
	}
	node, err := v.node(row)
	if err != nil {
		return nil, err
	}
	properties, err := eval.EvaluateMap(v.scope, eval.Place{Instance: id, Node: row.NodeID}, node.Properties, "nodes."+row.NodeID+".properties")
	if err != nil {
		return nil, err
	}
	instance, err := v.build(row, node)
	if err != nil {
		return nil, err
	}
	instance.Properties = properties
	return instance, nil
}

// related returns an instance that an operation looks at from aside. A property
// that does not evaluate is absent there: only its owner needs all of them.
// It is nil when the instance is not there any more.
func (v instanceView) related(id string) (*provider.Instance, error) {
	if instance := v.seen[id]; instance != nil {
		return instance, nil
	}
	row, err := v.scope.Instance(id)
	if row == nil || err != nil {
		return nil, err
	}
	node, err := v.node(row)
	if err != nil {
		return nil, err
	}
	instance, err := v.build(row, node)
	if err != nil {
		return nil, err
	}
	instance.Properties = v.known(eval.Place{Instance: id, Node: row.NodeID}, node.Properties)
	return instance, nil
}

func (v instanceView) node(row *orchestrator.NodeInstance) (*orchestrator.Node, error) {
	node := v.scope.Plan().Node(row.NodeID)
	if node == nil {
		return nil, orchestrator.Errorf(orchestrator.Invalid, "instance %s is of node %s, which blueprint %s does not have", row.ID, row.NodeID, v.scope.deployment.BlueprintID)
	}
	return node, nil
}

// known evaluates what can be evaluated and leaves out the rest.
func (v instanceView) known(place eval.Place, written map[string]orchestrator.Value) map[string]orchestrator.Value {
	known := make(map[string]orchestrator.Value, len(written))
	for key, each := range written {
		if value, err := eval.Evaluate(v.scope, place, each, key); err == nil {
			known[key] = value
		}
	}
	return known
}

func (v instanceView) build(row *orchestrator.NodeInstance, node *orchestrator.Node) (*provider.Instance, error) {
	instance := &provider.Instance{
		ID: row.ID, NodeID: row.NodeID, Type: node.Type, TypeHierarchy: node.TypeHierarchy, Runtime: row.Runtime,
	}
	if instance.Runtime == nil {
		instance.Runtime = map[string]orchestrator.Value{}
	}
	v.seen[row.ID] = instance
	for _, link := range row.Relationships {
		target, err := v.related(link.TargetID)
		if err != nil {
			return nil, err
		}
		if target == nil || link.Index >= len(node.Relationships) {
			continue
		}
		written := node.Relationships[link.Index]
		place := eval.Place{SourceInstance: row.ID, SourceNode: row.NodeID, TargetInstance: link.TargetID, TargetNode: link.TargetNode}
		instance.Relationships = append(instance.Relationships, provider.Related{
			Type: written.Type, TypeHierarchy: written.TypeHierarchy, Properties: v.known(place, written.Properties), Target: target,
		})
	}
	return instance, nil
}

// mark marks what must not be shown: what the node's types declare sensitive,
// what is named like a password, and what the provider marked itself. It
// teaches the redactor before anything is written.
func (t *trial) mark(nodeID string, set map[string]orchestrator.Value) map[string]orchestrator.Value {
	if len(set) == 0 {
		return set
	}
	declared := map[string]bool{}
	if node := t.runner.plan.Node(nodeID); node != nil {
		for _, name := range node.SensitiveAttributes {
			declared[name] = true
		}
	}
	out := make(map[string]orchestrator.Value, len(set))
	for key, value := range set {
		if value != nil && (declared[key] || namedSensitive(key)) {
			value = orchestrator.Mark(value)
		}
		t.runner.redact.learn(value)
		out[key] = value
	}
	return out
}

// namedSensitive reports whether a runtime property's name says that it is a
// secret, for types that declare nothing.
func namedSensitive(key string) bool {
	lower := strings.ToLower(key)
	for _, word := range []string{"password", "secret_key", "private_key", "kubeconf", "token"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}
