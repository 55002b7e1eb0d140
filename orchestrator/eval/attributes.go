package eval

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

func (r *run) getAttribute(c Call, f frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	word, err := name(args[0])
	if err != nil {
		return nil, err
	}
	instance, err := r.instance(word, f.place)
	if err != nil {
		return nil, err
	}
	return r.attribute(instance, args[1:], f)
}

func (r *run) getAttributesList(c Call, f frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	instances, err := r.instancesOf(args[0], f.place)
	if err != nil {
		return nil, err
	}
	out := make([]Value, len(instances))
	for i, instance := range instances {
		if out[i], err = r.attribute(instance, args[1:], f); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *run) getAttributesDict(c Call, f frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	instances, err := r.instancesOf(args[0], f.place)
	if err != nil {
		return nil, err
	}
	out := map[string]Value{}
	for _, instance := range instances {
		values := map[string]Value{}
		for _, arg := range args[1:] {
			path := attributePath(arg)
			if values[dottedPath(path)], err = r.attribute(instance, path, f); err != nil {
				return nil, err
			}
		}
		out[instance.ID] = values
	}
	return out, nil
}

// attributePath reads one attribute of get_attributes_dict: a name or a path.
func attributePath(arg Value) []Value {
	if path, ok := open(arg).([]Value); ok {
		return path
	}
	return []Value{open(arg)}
}

func dottedPath(path []Value) string {
	parts := make([]string, len(path))
	for i, part := range path {
		parts[i] = fmt.Sprint(open(part))
	}
	return strings.Join(parts, ".")
}

// attribute returns what an instance has under path: its runtime property; else
// one of the two facts about itself; else its node's property; else null.
func (r *run) attribute(instance *orchestrator.NodeInstance, path []Value, f frame) (Value, error) {
	place := Place{Node: instance.NodeID, Instance: instance.ID}
	if f.place.SourceInstance == instance.ID || f.place.TargetInstance == instance.ID {
		place.SourceInstance, place.TargetInstance = f.place.SourceInstance, f.place.TargetInstance
	}
	f.place = place
	value, err := r.lookup(instance.Runtime, path, f, "runtime property of "+instance.ID)
	if err != nil || open(value) != nil {
		return value, err
	}
	if len(path) == 1 {
		switch open(path[0]) {
		case "node_instance_id":
			return instance.ID, nil
		case "node_instance_index":
			return int64(instance.Index), nil
		}
	}
	node, err := r.scope.Node(instance.NodeID)
	if err != nil {
		return nil, err
	}
	if node == nil {
		return nil, nil
	}
	return r.lookup(node.Properties, path, f, "property of "+node.ID)
}

// lookup is like walkEvaluating, but a path that leads nowhere finds null.
func (r *run) lookup(properties map[string]Value, path []Value, f frame, what string) (Value, error) {
	first, err := name(path[0])
	if err != nil {
		return nil, err
	}
	value, ok := properties[first]
	if !ok {
		return nil, nil
	}
	value, err = r.walkEvaluating(value, path[1:], f, what+" "+first)
	if _, absent := errors.AsType[*missing](err); absent {
		return nil, nil
	}
	return value, err
}

// instancesOf returns all instances of the node that an argument means.
func (r *run) instancesOf(arg Value, place Place) ([]*orchestrator.NodeInstance, error) {
	node, _, err := r.node(arg, place)
	if err != nil {
		return nil, err
	}
	return r.scope.Instances(node.ID)
}

// instance picks the one instance that a word means.
func (r *run) instance(word string, place Place) (*orchestrator.NodeInstance, error) {
	node := word
	switch word {
	case Self, Source, Target:
		id := map[string]string{Self: place.Instance, Source: place.SourceInstance, Target: place.TargetInstance}[word]
		if id != "" {
			return r.byID(id)
		}
		node = map[string]string{Self: place.Node, Source: place.SourceNode, Target: place.TargetNode}[word]
		if node == "" {
			return nil, fmt.Errorf("%s has no meaning here", word)
		}
	}
	candidates, err := r.scope.Instances(node)
	if err != nil {
		return nil, err
	}
	switch len(candidates) {
	case 0:
		return nil, fmt.Errorf("node %q has no instances", node)
	case 1:
		return candidates[0], nil
	}
	for _, choose := range []func([]*orchestrator.NodeInstance, string, Place) (*orchestrator.NodeInstance, error){r.byRelationship, r.byScalingGroup} {
		if found, err := choose(candidates, node, place); found != nil || err != nil {
			return found, err
		}
	}
	return nil, fmt.Errorf("node %q has %d instances, and nothing here tells which one is meant; get_attributes_list reads them all", node, len(candidates))
}

func (r *run) byID(id string) (*orchestrator.NodeInstance, error) {
	instance, err := r.scope.Instance(id)
	if err == nil && instance == nil {
		err = &unknownName{kind: "node instance", name: id}
	}
	return instance, err
}

// byRelationship picks the single candidate that SELF is related to.
func (r *run) byRelationship(candidates []*orchestrator.NodeInstance, node string, place Place) (*orchestrator.NodeInstance, error) {
	if place.Instance == "" {
		return nil, nil
	}
	self, err := r.byID(place.Instance)
	if err != nil {
		return nil, err
	}
	targets := map[string]bool{}
	for _, relationship := range self.Relationships {
		if relationship.TargetNode == node {
			targets[relationship.TargetID] = true
		}
	}
	if len(targets) != 1 {
		return nil, nil
	}
	for _, candidate := range candidates {
		if targets[candidate.ID] {
			return candidate, nil
		}
	}
	return nil, nil
}

// byScalingGroup picks the only candidate in the innermost scaling group
// instance that it shares with SELF, else with SOURCE, else with TARGET.
func (r *run) byScalingGroup(candidates []*orchestrator.NodeInstance, _ string, place Place) (*orchestrator.NodeInstance, error) {
	for _, id := range []string{place.Instance, place.SourceInstance, place.TargetInstance} {
		if id == "" {
			continue
		}
		from, err := r.byID(id)
		if err != nil {
			return nil, err
		}
		for _, group := range from.ScalingGroups {
			if !inGroup(candidates, group.Name) {
				continue // not common to both nodes
			}
			var sharing []*orchestrator.NodeInstance
			for _, candidate := range candidates {
				if slices.Contains(candidate.ScalingGroups, group) {
					sharing = append(sharing, candidate)
				}
			}
			if len(sharing) == 1 {
				return sharing[0], nil
			}
			break
		}
	}
	return nil, nil
}

func inGroup(instances []*orchestrator.NodeInstance, name string) bool {
	return slices.ContainsFunc(instances, func(instance *orchestrator.NodeInstance) bool {
		return slices.ContainsFunc(instance.ScalingGroups, func(g orchestrator.ScalingGroupInstance) bool { return g.Name == name })
	})
}
