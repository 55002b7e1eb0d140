package workflow

import "github.com/slipwayhq/slipway/orchestrator"

// Operations finds the declared operation that a step names. Steps hold only
// the name: what is declared may be mended by an update while an execution is
// stored.
type Operations struct {
	node map[string]*orchestrator.Node // by instance
}

// NewOperations indexes a plan and a deployment's instances.
func NewOperations(plan *orchestrator.Plan, instances []orchestrator.NodeInstance) *Operations {
	nodes := make(map[string]*orchestrator.Node, len(plan.Nodes))
	for i := range plan.Nodes {
		nodes[plan.Nodes[i].ID] = &plan.Nodes[i]
	}
	o := &Operations{node: make(map[string]*orchestrator.Node, len(instances))}
	for _, instance := range instances {
		o.node[instance.ID] = nodes[instance.NodeID]
	}
	return o
}

// Node returns the node of an instance, or nil.
func (o *Operations) Node(instanceID string) *orchestrator.Node { return o.node[instanceID] }

// Of returns the operation that the step carries out; false when the plan no
// longer has it.
func (o *Operations) Of(step orchestrator.Step) (orchestrator.Operation, bool) {
	if step.SourceID == "" {
		node := o.node[step.InstanceID]
		if node == nil {
			return orchestrator.Operation{}, false
		}
		operation, ok := node.Operations[step.Operation]
		return operation, ok
	}
	source := o.node[step.SourceID]
	if source == nil || step.RelationshipIndex >= len(source.Relationships) {
		return orchestrator.Operation{}, false
	}
	operations := source.Relationships[step.RelationshipIndex].SourceOperations
	if step.OnTarget {
		operations = source.Relationships[step.RelationshipIndex].TargetOperations
	}
	operation, ok := operations[step.Operation]
	return operation, ok
}
