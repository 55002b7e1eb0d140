package dsl

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// side tells which of SELF, SOURCE and TARGET have a meaning.
type side int

const (
	outside        side = iota // outputs and the like: none
	inNode                     // a node: SELF
	inRelationship             // a relationship's operations: SOURCE and TARGET
)

// spot is a place of a plan where functions may stand.
type spot struct {
	side  side
	place eval.Place
	// path is the dotted path of the original's plan: nodes.vm.properties.ip.
	path string
	// trail leads to the same place in the blueprint's text.
	trail []string
	at    orchestrator.Range
}

func (s spot) key(key string) spot {
	s.path = dotted(s.path, key)
	s.trail = append(s.trail[:len(s.trail):len(s.trail)], key)
	return s
}

// visitor sees a value that holds calls and returns what shall be in its place.
type visitor func(s spot, v Value) Value

// scan visits every place of a plan in which functions are evaluated, in a
// fixed order, and writes back what the visitor returns. Not among them are a
// relationship's properties, workflow parameters, resource tags, policies of
// groups and metadata.
func scan(plan *orchestrator.Plan, visit visitor) {
	for i := range plan.Nodes {
		scanNode(&plan.Nodes[i], visit)
	}
	scanOutputs(plan.Outputs, "outputs", visit)
	scanOutputs(plan.Capabilities, "capabilities", visit)
	for _, key := range orchestrator.SortedKeys(plan.Labels) {
		if values := []Value(plan.Labels[key]); eval.HasCalls(values) {
			s := spot{path: "labels." + key + ".values", trail: []string{"labels", key}}
			plan.Labels[key], _ = visit(s, values).([]Value)
		}
	}
	for _, name := range orchestrator.SortedKeys(plan.Policies) {
		s := spot{path: "policies." + name + ".properties", trail: []string{"policies", name, "properties"}}
		scanMap(plan.Policies[name].Properties, s, visit)
	}
	for _, name := range orchestrator.SortedKeys(plan.ScalingGroups) {
		g := plan.ScalingGroups[name]
		scanCounts(&g.Properties, spot{path: "scaling_groups." + name + ".properties", trail: []string{"groups", name}}, visit)
		plan.ScalingGroups[name] = g
	}
	scanMap(plan.DeploymentSettings, spot{path: "deployment_settings", trail: []string{"deployment_settings"}}, visit)
}

func scanNode(n *orchestrator.Node, visit visitor) {
	s := spot{side: inNode, place: eval.Place{Node: n.ID}, path: "nodes." + n.ID, trail: []string{"node_templates", n.ID}, at: n.At}
	scanMap(n.Properties, s.key("properties"), visit)
	scanCounts(&n.Instances, s.key("capabilities").key("scalable").key("properties"), visit)
	scanOperations(n.Operations, s.key("operations"), append(s.trail, "interfaces"), visit)
	for i := range n.Relationships {
		r := &n.Relationships[i]
		in := spot{side: inRelationship, place: eval.Place{SourceNode: n.ID, TargetNode: r.Target}, path: s.path + "." + r.Type, at: r.At, trail: s.trail}
		scanOperations(r.SourceOperations, in, append(s.trail, "relationships"), visit)
		scanOperations(r.TargetOperations, in, append(s.trail, "relationships"), visit)
	}
}

func scanOperations(operations map[string]orchestrator.Operation, s spot, trail []string, visit visitor) {
	for _, name := range waiting(operations) {
		in := s.key(name)
		in.path += ".inputs"
		in.trail = append(trail[:len(trail):len(trail)], splitOperation(name)...)
		in.trail = append(in.trail, "inputs")
		if operations[name].At.Start.Line > 0 {
			in.at = operations[name].At
		}
		scanMap(operations[name].Inputs, in, visit)
	}
}

// waiting lists the operations whose inputs hold calls, sorted.
func waiting(operations map[string]orchestrator.Operation) []string {
	var names []string
	for name, o := range operations {
		if waits(o.Inputs) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// waits reports whether any value holds a call. The map itself is no call, even
// where one of its keys is the name of a function.
func waits(values map[string]Value) bool {
	for _, value := range values {
		if eval.HasCalls(value) {
			return true
		}
	}
	return false
}

// splitOperation splits a full name into interface and operation.
func splitOperation(full string) []string {
	for i := len(full) - 1; i >= 0; i-- {
		if full[i] == '.' {
			return []string{full[:i], full[i+1:]}
		}
	}
	return []string{full}
}

func scanOutputs(outputs []orchestrator.Output, section string, visit visitor) {
	for i := range outputs {
		o := &outputs[i]
		if !eval.HasCalls(o.Value) {
			continue
		}
		o.Value = visit(spot{path: section + "." + o.Name + ".value", trail: []string{section, o.Name, "value"}, at: o.At}, o.Value)
	}
}

func scanCounts(counts *orchestrator.InstanceCounts, s spot, visit visitor) {
	for _, count := range []struct {
		name  string
		value *Value
	}{
		{"default_instances", &counts.Default}, {"min_instances", &counts.Min}, {"max_instances", &counts.Max},
		{"current_instances", &counts.Current}, {"planned_instances", &counts.Planned},
	} {
		if eval.HasCalls(*count.value) {
			*count.value = visit(s.key(count.name), *count.value)
		}
	}
}

func scanMap(m map[string]Value, s spot, visit visitor) {
	if !waits(m) {
		return
	}
	for _, key := range orchestrator.SortedKeys(m) {
		if eval.HasCalls(m[key]) {
			m[key] = visit(s.key(key), m[key])
		}
	}
}

// copyForScan copies a plan as deep as scan may write into it.
func copyForScan(plan *orchestrator.Plan) *orchestrator.Plan {
	out := *plan
	out.Nodes = make([]orchestrator.Node, len(plan.Nodes))
	for i, n := range plan.Nodes {
		n.Properties = copyMap(n.Properties)
		n.Operations = copyOperations(n.Operations)
		relationships := make([]orchestrator.Relationship, len(n.Relationships))
		for j, r := range n.Relationships {
			r.SourceOperations, r.TargetOperations = copyOperations(r.SourceOperations), copyOperations(r.TargetOperations)
			relationships[j] = r
		}
		if len(relationships) > 0 {
			n.Relationships = relationships
		}
		out.Nodes[i] = n
	}
	out.Outputs = append([]orchestrator.Output(nil), plan.Outputs...)
	out.Capabilities = append([]orchestrator.Output(nil), plan.Capabilities...)
	out.Labels = copyMap(plan.Labels)
	out.Policies = copyMap(plan.Policies)
	for name, p := range out.Policies {
		p.Properties = copyMap(p.Properties)
		out.Policies[name] = p
	}
	out.ScalingGroups = copyMap(plan.ScalingGroups)
	out.DeploymentSettings = copyMap(plan.DeploymentSettings)
	return &out
}

func copyMap[V any](m map[string]V) map[string]V {
	if m == nil {
		return nil
	}
	out := make(map[string]V, len(m))
	for key, value := range m {
		out[key] = value
	}
	return out
}

func copyOperations(operations map[string]orchestrator.Operation) map[string]orchestrator.Operation {
	out := copyMap(operations)
	for name, o := range out {
		o.Inputs = copyMap(o.Inputs)
		out[name] = o
	}
	return out
}
