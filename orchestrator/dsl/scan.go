package dsl

import (
	"slices"
	"strings"

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

// spot is a place of a plan where functions may stand. It holds only facts;
// its paths are written out when somebody asks.
type spot struct {
	side    side
	place   eval.Place
	at      orchestrator.Range
	section string // "nodes", "outputs", "labels", …
	name    string // of the node, the output, …; empty for deployment_settings
	part    string // below it: "properties", "operations", a relationship type
	// operation is the full name of the operation whose inputs these are, and
	// interfaces the key of a relationship under which it stands.
	operation, interfaces string
	key                   string
}

// path is the dotted path in the plan: nodes.vm.properties.ip.
func (s spot) path() string {
	path := s.section
	for _, piece := range []string{s.name, s.part, s.operation} {
		if piece != "" {
			path += "." + piece
		}
	}
	if s.operation != "" {
		path += ".inputs"
	}
	if s.key != "" {
		path += "." + s.key
	}
	return path
}

// trail leads to the same place in the blueprint's text, save in relationships.
func (s spot) trail() []string {
	switch {
	case s.section == "nodes" && s.operation != "":
		return append(append([]string{"node_templates", s.name, "interfaces"}, splitOperation(s.operation)...), "inputs", s.key)
	case s.section == "nodes":
		return append(append([]string{"node_templates", s.name}, strings.Split(s.part, ".")...), s.key)
	default:
		var trail []string
		for _, piece := range []string{s.section, s.name, s.part, s.key} {
			if piece != "" {
				trail = append(trail, piece)
			}
		}
		return trail
	}
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
		if values := plan.Labels[key]; eval.HasCalls(values) {
			plan.Labels[key], _ = visit(spot{section: "labels", name: key, part: "values"}, values).([]Value)
		}
	}
	for _, name := range orchestrator.SortedKeys(plan.Policies) {
		scanMap(plan.Policies[name].Properties, spot{section: "policies", name: name, part: "properties"}, visit)
	}
	for _, name := range orchestrator.SortedKeys(plan.ScalingGroups) {
		g := plan.ScalingGroups[name]
		scanCounts(&g.Properties, spot{section: "scaling_groups", name: name, part: "properties"}, visit)
		plan.ScalingGroups[name] = g
	}
	scanMap(plan.DeploymentSettings, spot{section: "deployment_settings"}, visit)
}

func scanNode(n *orchestrator.Node, visit visitor) {
	s := spot{side: inNode, place: eval.Place{Node: n.ID}, section: "nodes", name: n.ID, at: n.At}
	properties, counts, operations := s, s, s
	properties.part, counts.part, operations.part = "properties", "capabilities.scalable.properties", "operations"
	scanMap(n.Properties, properties, visit)
	scanCounts(&n.Instances, counts, visit)
	scanOperations(n.Operations, operations, visit)
	for i := range n.Relationships {
		r := &n.Relationships[i]
		in := spot{side: inRelationship, place: eval.Place{SourceNode: n.ID, TargetNode: r.Target}, section: "nodes", name: n.ID, part: r.Type, at: r.At}
		in.interfaces = "source_interfaces"
		scanOperations(r.SourceOperations, in, visit)
		in.interfaces = "target_interfaces"
		scanOperations(r.TargetOperations, in, visit)
	}
}

func scanOperations(operations map[string]orchestrator.Operation, s spot, visit visitor) {
	for _, name := range waiting(operations) {
		s.operation = name
		if s.side == inNode && operations[name].At.Start.Line > 0 {
			s.at = operations[name].At
		}
		scanMap(operations[name].Inputs, s, visit)
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
		if eval.HasCalls(o.Value) {
			o.Value = visit(spot{section: section, name: o.Name, part: "value", at: o.At}, o.Value)
		}
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
			s.key = count.name
			*count.value = visit(s, *count.value)
		}
	}
}

func scanMap(m map[string]Value, s spot, visit visitor) {
	if !waits(m) {
		return
	}
	for _, key := range orchestrator.SortedKeys(m) {
		if eval.HasCalls(m[key]) {
			s.key = key
			m[key] = visit(s, m[key])
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
