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
	theirs := make([][]orchestrator.ScalingGroupInstance, len(candidates))
	for i, candidate := range candidates {
		var err error
		if theirs[i], err = r.groupsAround(candidate); err != nil {
			return nil, err
		}
	}
	for _, id := range []string{place.Instance, place.SourceInstance, place.TargetInstance} {
		if id == "" {
			continue
		}
		from, err := r.byID(id)
		if err != nil {
			return nil, err
		}
		groups, err := r.groupsAround(from)
		if err != nil {
			return nil, err
		}
		if i := onlySharing(groups, theirs); i >= 0 {
			return candidates[i], nil
		}
	}
	return nil, nil
}

// onlySharing returns the index of the only one among theirs that shares the
// innermost of the groups that any of them is in; -1 when it is not the only one.
func onlySharing(groups []orchestrator.ScalingGroupInstance, theirs [][]orchestrator.ScalingGroupInstance) int {
	for _, group := range groups {
		common, found, count := false, -1, 0
		for i, around := range theirs {
			if slices.ContainsFunc(around, func(g orchestrator.ScalingGroupInstance) bool { return g.Name == group.Name }) {
				common = true
			}
			if slices.Contains(around, group) {
				found = i
				count++
			}
		}
		if common && count == 1 {
			return found
		}
		if common {
			return -1
		}
	}
	return -1
}

// groupsAround lists the scaling group instances that an instance is in, its
// own first, then those of what it is contained in.
func (r *run) groupsAround(instance *orchestrator.NodeInstance) ([]orchestrator.ScalingGroupInstance, error) {
	groups := slices.Clone(instance.ScalingGroups)
	seen := map[string]bool{instance.ID: true}
	for {
		container, err := r.container(instance)
		if err != nil || container == nil || seen[container.ID] {
			return groups, err
		}
		groups = append(groups, container.ScalingGroups...)
		seen[container.ID] = true
		instance = container
	}
}

// containedIn is the relationship that puts an instance into another.
const containedIn = "cloudify.relationships.contained_in"

// container returns the instance that an instance is contained in; nil when
// there is none.
func (r *run) container(instance *orchestrator.NodeInstance) (*orchestrator.NodeInstance, error) {
	node, err := r.scope.Node(instance.NodeID)
	if err != nil || node == nil {
		return nil, err
	}
	for i := range node.Relationships {
		if !node.Relationships[i].Is(containedIn) {
			continue
		}
		for _, link := range instance.Relationships {
			if link.TargetNode == node.Relationships[i].Target {
				return r.byID(link.TargetID)
			}
		}
	}
	return nil, nil
}
