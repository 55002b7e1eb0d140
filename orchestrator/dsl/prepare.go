package dsl

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// PrepareOptions say how a deployment's plan is made.
type PrepareOptions struct {
	// HasSecret reports whether a secret exists; nil leaves secrets unchecked.
	HasSecret func(key string) (bool, error)
	// RuntimeOnly leaves every call to run time.
	RuntimeOnly bool
}

// Prepare makes the plan of one deployment: a copy of the blueprint's in which
// the functions that are known at creation are replaced by their answers, and
// operations that still wait for run time say so. inputs are the values that
// ResolveInputs returned. Missing secrets are reported all at once.
func Prepare(plan *orchestrator.Plan, inputs map[string]Value, o PrepareOptions) (*orchestrator.Plan, error) {
	prepared := copyForScan(plan)
	if !o.RuntimeOnly {
		if err := evaluateStatic(plan, prepared, inputs); err != nil {
			return nil, err
		}
	}
	if err := checkEvaluatedCounts(prepared); err != nil {
		return nil, err
	}
	flagOperations(prepared, o.RuntimeOnly)
	if o.HasSecret != nil {
		if err := checkSecrets(prepared, o.HasSecret); err != nil {
			return nil, err
		}
	}
	return prepared, nil
}

// evaluateStatic evaluates what stands in the scanned places of prepared.
// Properties are read from the blueprint's plan, so the order does not matter.
func evaluateStatic(plan, prepared *orchestrator.Plan, inputs map[string]Value) error {
	nodes := make(map[string]*orchestrator.Node, len(plan.Nodes))
	for i := range plan.Nodes {
		nodes[plan.Nodes[i].ID] = &plan.Nodes[i]
	}
	scope := eval.Static{Inputs: inputs, Nodes: func(name string) *orchestrator.Node { return nodes[name] }}
	evaluator := eval.NewEvaluator(scope)
	var failed error
	scan(prepared, func(s spot, v Value) Value {
		if failed != nil || !eval.HasCalls(v) {
			return v
		}
		answer, err := evaluator.Evaluate(s.place, v, s.path())
		if err != nil {
			failed = orchestrator.Errorf(orchestrator.Invalid, "%s: %v", s.path(), reasonOf(err)).Wrap(err)
			return v
		}
		return answer
	})
	return failed
}

// checkEvaluatedCounts checks that what functions answered for instance numbers
// are numbers. As in the original they are not compared with each other.
func checkEvaluatedCounts(plan *orchestrator.Plan) error {
	check := func(name string, counts orchestrator.InstanceCounts) error {
		for _, count := range []Value{counts.Default, counts.Min, counts.Max} {
			if n, ok := count.(int64); ok && n < -1 || !ok && !eval.HasCalls(count) {
				return orchestrator.Errorf(orchestrator.Invalid, "%s: the number of instances is %v; it must be a whole number from 0", name, count)
			}
		}
		return nil
	}
	for i := range plan.Nodes {
		if err := check("node "+plan.Nodes[i].ID, plan.Nodes[i].Instances); err != nil {
			return err
		}
	}
	for _, name := range orchestrator.SortedKeys(plan.ScalingGroups) {
		if err := check("group "+name, plan.ScalingGroups[name].Properties); err != nil {
			return err
		}
	}
	return nil
}

// reasonOf returns the sentence inside an evaluation error, whose path the
// caller tells.
func reasonOf(err error) error {
	if e, ok := errors.AsType[*eval.Error](err); ok {
		return fmt.Errorf("%s: %w", e.Function, e.Err)
	}
	return err
}

// flagOperations marks the operations whose inputs still hold calls.
func flagOperations(plan *orchestrator.Plan, all bool) {
	flag := func(operations map[string]orchestrator.Operation) {
		for name, o := range operations {
			o.HasFunctions = all && !o.IsNoop() || waits(o.Inputs)
			operations[name] = o
		}
	}
	for i := range plan.Nodes {
		flag(plan.Nodes[i].Operations)
		for _, r := range plan.Nodes[i].Relationships {
			flag(r.SourceOperations)
			flag(r.TargetOperations)
		}
	}
}

// Secrets lists the names of secrets that a plan reads, as far as they are
// known, sorted.
func Secrets(plan *orchestrator.Plan) []string {
	var names []string
	scan(plan, func(_ spot, v Value) Value {
		eval.Each(v, func(call eval.Call) {
			if call.Name != "get_secret" {
				return
			}
			if name, ok := call.First().(string); ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		})
		return v
	})
	slices.Sort(names)
	return names
}

func checkSecrets(plan *orchestrator.Plan, has func(string) (bool, error)) error {
	var missing []string
	for _, name := range Secrets(plan) {
		found, err := has(name)
		if err != nil {
			return fmt.Errorf("look up secret %s: %w", name, err)
		}
		if !found {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return orchestrator.Errorf(orchestrator.Invalid, "the deployment reads secrets that do not exist: %s; create them first", strings.Join(missing, ", ")).Because("unknown_deployment_secret_error")
	}
	return nil
}

// CapabilityUse is one get_capability in a prepared plan: a dependency on
// another deployment.
type CapabilityUse struct {
	// Function is the path of the call in the plan, its name last:
	// nodes.vm.properties.ip.get_capability.
	Function string
	// Target is the deployment id, or the expression that will yield it.
	Target Value
	// Self, Source and Target instance ids, where the call stands in a node or
	// a relationship.
	Self, SourceInstance, TargetInstance string
}

// CapabilityUses lists every get_capability of a prepared plan. A call in a
// node or a relationship counts once for each of its instances.
func CapabilityUses(plan *orchestrator.Plan, instances []orchestrator.NodeInstance) []CapabilityUse {
	byNode := map[string][]orchestrator.NodeInstance{}
	for _, instance := range instances {
		byNode[instance.NodeID] = append(byNode[instance.NodeID], instance)
	}
	var uses []CapabilityUse
	scan(plan, func(s spot, v Value) Value {
		eval.Walk(v, s.path(), func(call eval.Located) {
			if call.Name == "get_capability" {
				uses = append(uses, usesAt(s, CapabilityUse{Function: call.Path, Target: call.First()}, byNode)...)
			}
		})
		return v
	})
	return uses
}

func usesAt(s spot, use CapabilityUse, byNode map[string][]orchestrator.NodeInstance) []CapabilityUse {
	var out []CapabilityUse
	switch s.side {
	case outside:
		return []CapabilityUse{use}
	case inNode:
		for _, instance := range byNode[s.place.Node] {
			use.Self = instance.ID
			out = append(out, use)
		}
	case inRelationship:
		for _, source := range byNode[s.place.SourceNode] {
			for _, r := range source.Relationships {
				if r.TargetNode == s.place.TargetNode {
					use.Self, use.SourceInstance, use.TargetInstance = source.ID, source.ID, r.TargetID
					out = append(out, use)
				}
			}
		}
	}
	return out
}
