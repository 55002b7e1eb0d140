package dsl

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// specNames are the search parameters that name_pattern stands for, by type.
var specNames = map[string]string{
	"blueprint_id": "id_specs", "node_id": "id_specs", "node_instance": "id_specs", "deployment_id": "display_name_specs",
	"secret_key": "key_specs", "node_type": "type_specs", "capability_value": "capability_key_specs",
	"scaling_group": "scaling_group_name_specs", "operation_name": "operation_name_specs",
}

// lookUp asks whether what an input of an object type names is there, and
// fulfils the constraints that only a search can check.
func (r *inputResolver) lookUp(input orchestrator.Input, value Value) {
	kind, values := input.Type, []Value{value}
	if list, ok := value.([]Value); ok && input.ItemType != "" {
		kind, values = input.ItemType, list
	}
	if r.options.Find == nil || !slices.Contains(objectTypes, kind) || eval.HasCalls(value) {
		return
	}
	q := ObjectQuery{Type: kind, Parameters: map[string]Value{}}
	part := slices.Contains(partTypes, kind)
	for _, constraint := range input.Constraints {
		switch {
		case constraint.Operator == "name_pattern":
			q.Parameters[specNames[kind]] = constraint.Argument
		case operators[constraint.Operator].holds == nil, part && constraint.Operator == "valid_values":
			q.Parameters[constraint.Operator] = constraint.Argument
		}
	}
	_, within := q.Parameters["deployment_id"]
	if part && !within && !r.options.InDeployment {
		inBlueprint := kind != "capability_value" && kind != "node_instance"
		if !inBlueprint || !r.options.InBlueprint {
			r.wrong(input.Name, "the blueprint does not say of which deployment this %s is; its input needs the constraint deployment_id", kind)
			return
		}
	}
	for _, q.Value = range values {
		if r.lookup != nil {
			return
		}
		r.ask(input, q, !part || r.options.InDeployment && !within)
	}
}

// ask looks one value up, by itself first where that tells a better story.
func (r *inputResolver) ask(input orchestrator.Input, q ObjectQuery, alone bool) {
	find := func(q ObjectQuery) bool {
		found, err := r.options.Find(q)
		if err != nil {
			r.lookup = err
		}
		return found || err != nil
	}
	if alone && !find(ObjectQuery{Type: q.Type, Value: q.Value}) {
		r.wrong(input.Name, "there is no %s %s", q.Type, show(q.Value))
		return
	}
	if len(q.Parameters) > 0 && r.lookup == nil && !find(q) {
		r.wrong(input.Name, "%s is no %s that fulfils the constraints of this input", show(q.Value), q.Type)
	}
}
