package dsl

import (
	"errors"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
	"github.com/slipwayhq/slipway/orchestrator/graph"
)

// propertyOfNode names one property of a node.
type propertyOfNode struct{ node, name string }

func (p propertyOfNode) String() string { return p.node + "." + p.name }

// circles warns of properties that lead to each other; the original takes them
// until a deployment is created. A property may well refer
// to another part of itself or of one that refers to it, so what looks like a
// circle is evaluated before it is called one.
func (f *functionChecker) circles() {
	var g graph.Graph[propertyOfNode]
	for i := range f.c.plan.Nodes {
		n := &f.c.plan.Nodes[i]
		if !waits(n.Properties) {
			continue
		}
		for _, name := range orchestrator.SortedKeys(n.Properties) {
			eval.Each(n.Properties[name], func(call eval.Call) {
				if target, ok := readProperty(n.ID, call); ok {
					g.Add(propertyOfNode{n.ID, name}, target)
				}
			})
		}
	}
	scope := creation{eval.Static{Nodes: func(name string) *orchestrator.Node {
		if i, ok := f.c.nodeIndex[name]; ok {
			return &f.c.plan.Nodes[i]
		}
		return nil
	}}}
	evaluator := eval.NewEvaluator(scope)
	for _, circle := range g.Cycles() {
		first := circle.Cycle[0]
		node, _ := scope.Node(first.node) // it never fails
		_, err := evaluator.Evaluate(eval.Place{Node: first.node}, node.Properties[first.name], "")
		if !errors.Is(err, eval.ErrTooDeep) {
			continue
		}
		trail := []string{"node_templates", first.node, "properties", first.name}
		names := make([]string, 0, len(circle.Cycle)+1)
		for _, p := range append(circle.Cycle, first) {
			names = append(names, p.String())
		}
		f.c.warn(f.c.root.locateValue(node.At, trail...), strings.Join(trail, "."),
			"properties refer to each other in a circle, so no deployment can be made: %s", strings.Join(names, " -> "))
	}
}

// readProperty returns the property that a call reads, as far as it is written.
func readProperty(self string, call eval.Call) (propertyOfNode, bool) {
	args := call.List()
	if call.Name != "get_property" || len(args) < 2 {
		return propertyOfNode{}, false
	}
	node, known := args[0].(string)
	name, named := args[1].(string)
	if node == eval.Self {
		node = self
	}
	return propertyOfNode{node, name}, known && named
}

// creation knows the nodes of a plan, and of the rest nothing.
type creation struct{ eval.Static }

// Input is not known yet.
func (creation) Input(string) (Value, error) { return nil, eval.ErrUnknown }
