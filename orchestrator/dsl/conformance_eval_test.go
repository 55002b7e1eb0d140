package dsl

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// storageScope answers from the storage of a case.
type storageScope struct {
	nodes        map[string]*orchestrator.Node
	instances    []*orchestrator.NodeInstance
	inputs       map[string]Value
	secrets      map[string]Value
	labels       map[string]Value
	capabilities map[string]Value
	groups       map[string]Value
	consumers    map[string]Value
	sys          map[string]Value
}

func newStorageScope(storage map[string]Value) *storageScope {
	section := func(name string) map[string]Value { m, _ := storage[name].(map[string]Value); return m }
	s := &storageScope{nodes: map[string]*orchestrator.Node{}, inputs: section("inputs"), secrets: section("secrets"), labels: section("labels"),
		capabilities: section("capabilities"), groups: section("group_capabilities"), consumers: section("consumers"), sys: storage}
	nodes, _ := storage["nodes"].([]Value)
	for _, n := range nodes {
		s.addNode(n.(map[string]Value))
	}
	instances, _ := storage["node_instances"].([]Value)
	for _, i := range instances {
		s.instances = append(s.instances, instanceOf(i.(map[string]Value)))
	}
	return s
}

func (s *storageScope) addNode(n map[string]Value) {
	id := text(n["id"])
	properties, _ := n["properties"].(map[string]Value)
	node := &orchestrator.Node{ID: id, Properties: properties}
	relationships, _ := n["relationships"].([]Value)
	for _, r := range relationships {
		r := r.(map[string]Value)
		relationship := orchestrator.Relationship{Type: text(r["type"]), Target: text(r["target_id"])}
		hierarchy, _ := r["type_hierarchy"].([]Value)
		for _, t := range hierarchy {
			relationship.TypeHierarchy = append(relationship.TypeHierarchy, text(t))
		}
		node.Relationships = append(node.Relationships, relationship)
	}
	s.nodes[id] = node
}

func text(v Value) string { s, _ := v.(string); return s }

func instanceOf(m map[string]Value) *orchestrator.NodeInstance {
	i := &orchestrator.NodeInstance{ID: text(m["id"]), NodeID: text(m["node_id"])}
	i.Runtime, _ = m["runtime_properties"].(map[string]Value)
	if index, ok := m["index"].(int64); ok {
		i.Index = int(index)
	}
	relationships, _ := m["relationships"].([]Value)
	for _, r := range relationships {
		r := r.(map[string]Value)
		i.Relationships = append(i.Relationships, orchestrator.InstanceRelationship{TargetNode: text(r["target_name"]), TargetID: text(r["target_id"])})
	}
	groups, _ := m["scaling_groups"].([]Value)
	for _, g := range groups {
		g := g.(map[string]Value)
		i.ScalingGroups = append(i.ScalingGroups, orchestrator.ScalingGroupInstance{Name: text(g["name"]), ID: text(g["id"])})
	}
	return i
}

func lookIn(m map[string]Value, kind, name string) (Value, error) {
	v, ok := m[name]
	if !ok {
		return nil, orchestrator.Errorf(orchestrator.NotFound, "no %s %q", kind, name)
	}
	return v, nil
}

func (s *storageScope) Input(name string) (Value, error) { return lookIn(s.inputs, "input", name) }

func (s *storageScope) Node(name string) (*orchestrator.Node, error) { return s.nodes[name], nil }

func (s *storageScope) Instances(node string) ([]*orchestrator.NodeInstance, error) {
	var out []*orchestrator.NodeInstance
	for _, i := range s.instances {
		if i.NodeID == node {
			out = append(out, i)
		}
	}
	return out, nil
}

func (s *storageScope) Instance(id string) (*orchestrator.NodeInstance, error) {
	for _, i := range s.instances {
		if i.ID == id {
			return i, nil
		}
	}
	return nil, nil
}

func (s *storageScope) Secret(name string) (Value, error) { return lookIn(s.secrets, "secret", name) }

func (s *storageScope) Capability(deployment, name string) (Value, error) {
	d, err := lookIn(s.capabilities, "deployment", deployment)
	if err != nil {
		return nil, err
	}
	return lookIn(d.(map[string]Value), "capability", name)
}

func (s *storageScope) GroupCapability(group, name string) (Value, error) {
	g, err := lookIn(s.groups, "group", group)
	if err != nil {
		return nil, err
	}
	return lookIn(g.(map[string]Value), "capability", name)
}

func (s *storageScope) Label(key string) ([]Value, error) {
	v, err := lookIn(s.labels, "label", key)
	values, _ := v.([]Value)
	return values, err
}

func (s *storageScope) Sys(entity, property string) (Value, error) {
	return lookIn(s.sys, "fact", entity+"_"+property)
}

func (s *storageScope) Consumers() (map[string]string, error) {
	out := map[string]string{}
	for id, name := range s.consumers {
		out[id] = text(name)
	}
	return out, nil
}

func runEvaluate(_ *testing.T, c conformanceCase) error {
	storage, _ := c.Args["storage"].(map[string]Value)
	scope := newStorageScope(storage)
	context, _ := c.Args["context"].(map[string]Value)
	place := eval.Place{Instance: text(context["self"]), SourceInstance: text(context["source"]), TargetInstance: text(context["target"])}
	if i, _ := scope.Instance(place.Instance); i == nil { // some cases name nodes, not instances
		place.Node, place.Instance = place.Instance, ""
		if s, _ := scope.Instance(place.SourceInstance); s == nil {
			place = eval.Place{Node: place.Node, SourceNode: place.SourceInstance, TargetNode: place.TargetInstance}
		}
	}
	got, err := evaluateMode(text(c.Args["mode"]), scope, place, c.Args["payload"])
	if err != nil || c.Expect.Error != nil {
		return expectError(c, nil, err)
	}
	return compareSummaries(withoutErrorText(c.Expect.OK), withoutErrorText(got))
}

// withoutErrorText keeps of an error in an output only that it is one.
func withoutErrorText(v Value) Value {
	m, ok := v.(map[string]Value)
	if !ok {
		return v
	}
	m = maps.Clone(m)
	for key, value := range m {
		if strings.HasPrefix(fmt.Sprint(value), "<ERROR: ") {
			m[key] = "<ERROR>"
		}
	}
	return m
}

func evaluateMode(mode string, scope *storageScope, place eval.Place, payload Value) (Value, error) {
	switch mode {
	case "outputs":
		return eval.Outputs(scope, definitions(payload))
	case "capabilities":
		return eval.Capabilities(scope, definitions(payload))
	case "node", "node_instance":
		return evaluateDocument(mode, scope, place, payload.(map[string]Value))
	}
	if m, ok := payload.(map[string]Value); ok { // the payload itself is never a call
		return evaluateEach(scope, place, m, "payload")
	}
	return eval.Evaluate(scope, place, payload, "payload")
}

func evaluateEach(scope eval.Scope, place eval.Place, m map[string]Value, path string) (Value, error) {
	out := map[string]Value{}
	for key, value := range m {
		var err error
		if out[key], err = eval.Evaluate(scope, place, value, path+"."+key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func definitions(payload Value) []orchestrator.Output {
	var out []orchestrator.Output
	m := payload.(map[string]Value)
	for _, name := range orchestrator.SortedKeys(m) {
		out = append(out, orchestrator.Output{Name: name, Value: m[name].(map[string]Value)["value"]})
	}
	return out
}

func evaluateDocument(mode string, scope *storageScope, place eval.Place, document map[string]Value) (Value, error) {
	if mode == "node" {
		place.Node = text(document["id"])
		if scope.nodes[place.Node] == nil {
			scope.addNode(document)
		}
	} else {
		place.Instance = text(document["id"])
		if i, _ := scope.Instance(place.Instance); i == nil {
			scope.instances = append(scope.instances, instanceOf(document))
		}
	}
	out := map[string]Value{}
	for _, key := range []string{"properties", "capabilities", "runtime_properties"} {
		m, ok := document[key].(map[string]Value)
		if !ok {
			continue
		}
		var err error
		if out[key], err = evaluateEach(scope, place, m, key); err != nil {
			return nil, err
		}
	}
	return out, nil
}
