package workflow

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

// scene is a deployment as the recipes see it: its instances with their nodes
// and the instances that they point at.
type scene struct {
	actors []*actor       // the plan's order of nodes, then the instances' index
	place  map[string]int // instance ID to place in actors
}

// actor is an instance with what its node says.
type actor struct {
	instance orchestrator.NodeInstance
	node     *orchestrator.Node
	links    []link
}

// link is a relationship of an instance. Between two instances only one
// counts: of several the last written, in the first one's place.
type link struct {
	bound      orchestrator.InstanceRelationship
	written    *orchestrator.Relationship
	targetNode string
}

func newScene(plan *orchestrator.Plan, instances []orchestrator.NodeInstance) (*scene, error) {
	rank := make(map[string]int, len(plan.Nodes))
	for i := range plan.Nodes {
		rank[plan.Nodes[i].ID] = i
	}
	s := &scene{place: make(map[string]int, len(instances))}
	for _, instance := range instances {
		at, ok := rank[instance.NodeID]
		if !ok {
			return nil, fmt.Errorf("instance %s: the plan has no node %s", instance.ID, instance.NodeID)
		}
		s.actors = append(s.actors, &actor{instance: instance, node: &plan.Nodes[at]})
	}
	slices.SortStableFunc(s.actors, func(a, b *actor) int {
		return cmp.Or(cmp.Compare(rank[a.node.ID], rank[b.node.ID]), cmp.Compare(a.instance.Index, b.instance.Index))
	})
	for i, actor := range s.actors {
		s.place[actor.instance.ID] = i
	}
	for _, actor := range s.actors {
		if err := s.link(actor); err != nil {
			return nil, fmt.Errorf("instance %s: %w", actor.instance.ID, err)
		}
	}
	return s, nil
}

func (s *scene) link(source *actor) error {
	known := map[string]int{}
	for _, bound := range source.instance.Relationships {
		target, ok := s.place[bound.TargetID]
		if !ok {
			return fmt.Errorf("its relationship points at %s, which does not exist", bound.TargetID)
		}
		if bound.Index < 0 || bound.Index >= len(source.node.Relationships) {
			return fmt.Errorf("the plan has no relationship %d of node %s", bound.Index, source.node.ID)
		}
		l := link{bound: bound, written: &source.node.Relationships[bound.Index], targetNode: s.actors[target].node.ID}
		if at, double := known[bound.TargetID]; double {
			source.links[at] = l
			continue
		}
		known[bound.TargetID] = len(source.links)
		source.links = append(source.links, l)
	}
	return nil
}

// operation is the lifecycle operation of the target that the source waits
// for, as a full name; empty when it waits for the whole target.
func (l link) operation() string {
	if !l.written.Is("cloudify.relationships.depends_on_lifecycle_operation") {
		return ""
	}
	name, _ := l.written.Properties["operation"].(string)
	if name == "" {
		return ""
	}
	return lifecycle + name
}

// selection applies the three filters, which an instance must all pass; an
// empty filter lets everything pass.
func (s *scene) selection(parameters map[string]orchestrator.Value) (map[string]bool, error) {
	types, nodes, ids := list(parameters["type_names"]), list(parameters["node_ids"]), list(parameters["node_instance_ids"])
	if err := s.known(nodes, ids); err != nil {
		return nil, err
	}
	selected := map[string]bool{}
	for _, actor := range s.actors {
		passes := len(types) == 0 || slices.ContainsFunc(types, actor.node.Is)
		passes = passes && (len(nodes) == 0 || slices.Contains(nodes, actor.node.ID))
		passes = passes && (len(ids) == 0 || slices.Contains(ids, actor.instance.ID))
		if passes {
			selected[actor.instance.ID] = true
		}
	}
	return selected, nil
}

// known refuses a filter that names what does not exist, rather than letting a
// misspelt name select nothing.
func (s *scene) known(nodes, ids []string) error {
	for _, id := range nodes {
		if !slices.ContainsFunc(s.actors, func(a *actor) bool { return a.node.ID == id }) {
			return illegal("The deployment has no instance of a node %q. Mend the parameter node_ids.", id).On("node_ids")
		}
	}
	for _, id := range ids {
		if _, ok := s.place[id]; !ok {
			return illegal("The deployment has no node instance %q. Mend the parameter node_instance_ids.", id).On("node_instance_ids")
		}
	}
	return nil
}

// list reads a parameter that ValidateParameters saw to be a list of strings.
func list(value orchestrator.Value) []string {
	values, _ := orchestrator.Reveal(value).([]orchestrator.Value)
	var out []string
	for _, v := range values {
		if text, ok := v.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
