package dsl

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/diag"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// functionSince says which version brought a function.
var functionSince = map[string]version{"concat": v1_1, "merge": v1_3}

// checkFunctions checks every call in the places where calls are evaluated: the
// form of its arguments, and what it refers to as far as that is known.
func (c *compiler) checkFunctions() {
	check := &functionChecker{c: c, inputs: map[string]bool{}, near: map[string]string{}}
	for _, e := range c.root.get("inputs").all() {
		check.inputs[e.key] = true
	}
	for _, section := range []string{"node_templates", "outputs", "capabilities"} {
		check.misspelt(c.root.get(section), append(make([]string, 0, maxDocumentDepth+1), section))
	}
	scan(c.plan, func(s spot, v Value) Value {
		if !c.brokenNodes[s.place.Node] && !s.isCopy() {
			check.inner = check.inner[:0]
			check.value(s, v)
		}
		return v
	})
	check.circles()
}

// maxMisspelt bounds how many different names are compared with functions.
const maxMisspelt = 1_000

// misspelt warns of what looks like a call of a function that there is not: it
// is a map, and would be handed on as one.
func (f *functionChecker) misspelt(n *node, path []string) {
	if n == nil {
		return
	}
	for i, item := range n.items {
		f.misspelt(item, append(path, strconv.Itoa(i)))
	}
	for _, e := range n.entries {
		f.misspelt(e.value, append(path, e.key))
	}
	if len(n.entries) != 1 || !strings.HasPrefix(n.entries[0].key, "get") || n.isCall() {
		return
	}
	name := n.entries[0].key
	if _, seen := f.near[name]; !seen && len(f.near) < maxMisspelt {
		f.near[name] = diag.Nearest(name, eval.Names())
	}
	if near := f.near[name]; near != "" {
		d := f.c.warn(n.entries[0].at, strings.Join(path, "."), "there is no function %s, so this is a map like any other", name)
		d.Hint = didYouMean(near)
	}
}

// isCopy reports whether the value is written at another spot, which is visited
// as well.
func (s spot) isCopy() bool {
	return s.section == "scaling_groups" || s.key == "current_instances" || s.key == "planned_instances"
}

type functionChecker struct {
	c      *compiler
	inputs map[string]bool
	inner  []string          // from the spot to the value at hand; "[2]" for an index
	near   map[string]string // functions by names that are none, empty where none is near
}

// under runs step with the inner path one piece longer.
func (f *functionChecker) under(piece string, step func()) {
	f.inner = append(f.inner, piece)
	step()
	f.inner = f.inner[:len(f.inner)-1]
}

// value checks the calls in a value, outer ones first.
func (f *functionChecker) value(s spot, v Value) {
	switch v := v.(type) {
	case []Value:
		for i, item := range v {
			f.under("["+strconv.Itoa(i)+"]", func() { f.value(s, item) })
		}
	case map[string]Value:
		if call, ok := eval.AsCall(v); ok {
			f.call(s, call)
			f.under(call.Name, func() { f.value(s, call.Args) })
			return
		}
		for _, key := range orchestrator.SortedKeys(v) {
			f.under(key, func() { f.value(s, v[key]) })
		}
	}
}

// fail reports a call; where its n-th argument is to blame, with that one's
// place.
func (f *functionChecker) fail(s spot, call eval.Call, n int, format string, args ...any) *diag.Diagnostic {
	trail := f.trail(s)
	path := strings.Join(trail, ".")
	for _, piece := range f.inner {
		if !strings.HasPrefix(piece, "[") {
			path += "."
		}
		path += piece
	}
	trail = append(trail, f.inner...)
	if n >= 0 {
		trail = append(trail, call.Name)
		if _, ok := call.Args.([]Value); ok {
			trail = append(trail, "["+strconv.Itoa(n)+"]")
		}
	}
	return f.c.fail(0, f.c.root.locateValue(s.at, trail...), path, format, args...)
}

// whole is in place of an argument where the call as a whole is to blame.
const whole = -1

// trail leads to a spot in the blueprint's text.
func (f *functionChecker) trail(s spot) []string {
	if s.section != "nodes" {
		return s.trail()
	}
	trail := []string{"node_templates", s.name}
	template := f.c.templates[s.name].value
	if s.side == inRelationship {
		items := template.get("relationships").list()
		i := slices.IndexFunc(items, func(item *node) bool { return item.at == s.at })
		return append(append(trail, "relationships", strconv.Itoa(i), s.interfaces), append(splitOperation(s.operation), "inputs", s.key)...)
	}
	if s.key == "default_instances" && template.get("instances") != nil {
		return append(trail, "instances", "deploy")
	}
	return s.trail()
}

func (f *functionChecker) call(s spot, call eval.Call) {
	if since := functionSince[call.Name]; since > f.c.version {
		d := f.fail(s, call, whole, "the function %s needs %s, and this blueprint is %s", call.Name, since, f.c.version)
		d.Hint = "raise tosca_definitions_version to " + since.String()
		return
	}
	if err := eval.Check(call); err != nil {
		f.fail(s, call, whole, "%s", err)
		return
	}
	args := call.List()
	first, literal := call.First().(string)
	if !literal {
		return // known only once the inner call is answered
	}
	switch call.Name {
	case "get_input":
		if !f.inputs[first] {
			d := f.fail(s, call, 0, "get_input asks for the input %s, which is not declared", first)
			suggest(d, first, maps.Keys(f.inputs))
		}
	case "get_property":
		f.property(s, call, args)
	case "get_attribute", "get_attributes_list", "get_attributes_dict":
		f.attribute(s, call, first)
	}
}

// attribute checks the node of a call that reads run-time properties.
func (f *functionChecker) attribute(s spot, call eval.Call, node string) {
	switch node {
	case eval.Self:
		if s.side != inNode {
			f.fail(s, call, 0, "%s has no meaning here, so %s cannot use it", node, call.Name).Hint = f.meant(s)
		}
	case eval.Source, eval.Target:
		if s.side != inRelationship {
			f.fail(s, call, 0, "%s only has a meaning in the operations of a relationship, so %s cannot use it here", node, call.Name).Hint = f.meant(s)
		}
	default:
		f.node(s, call, node)
	}
}

// meant says which node a spot can speak of without naming it.
func (f *functionChecker) meant(s spot) string {
	switch s.side {
	case inNode:
		return "write SELF for this node, or the name of another one"
	case inRelationship:
		return "write SOURCE or TARGET, or the name of a node"
	default:
		return "write the name of a node"
	}
}

// node reports whether a node of that name exists.
func (f *functionChecker) node(s spot, call eval.Call, name string) bool {
	if _, ok := f.c.templates[name]; ok {
		return true
	}
	d := f.fail(s, call, 0, "%s refers to the node %s, which is not defined", call.Name, name)
	suggest(d, name, maps.Keys(f.c.templates))
	return false
}

// property checks that the property a call reads is there, as far as its path
// is known.
func (f *functionChecker) property(s spot, call eval.Call, args []Value) {
	name := args[0].(string)
	switch name {
	case eval.Self:
		name = s.place.Node
	case eval.Source:
		name = s.place.SourceNode
	case eval.Target:
		name = s.place.TargetNode
	}
	if name == "" {
		f.fail(s, call, 0, "%s has no meaning here, so get_property cannot use it", args[0]).Hint = f.meant(s)
		return
	}
	if !f.node(s, call, name) || f.c.brokenNodes[name] {
		return
	}
	f.propertyPath(s, call, name, args[1:])
}

func (f *functionChecker) propertyPath(s spot, call eval.Call, name string, path []Value) {
	node := &f.c.plan.Nodes[f.c.nodeIndex[name]]
	var value Value = node.Properties
	for i, key := range path {
		if isCall(value) || isCall(key) {
			return // known only once that call is answered
		}
		next, err := stepInto(value, key)
		if err != nil {
			d := f.fail(s, call, i+1, "get_property finds no %s in node %s: %v", pathText(path[:i+1]), name, err)
			if m, ok := value.(map[string]Value); ok {
				suggest(d, fmt.Sprint(key), maps.Keys(m))
			}
			return
		}
		value = next
	}
}

func pathText(path []Value) string {
	out := ""
	for _, key := range path {
		out = dotted(out, fmt.Sprint(key))
	}
	return out
}

// stepInto returns what is under one key or index.
func stepInto(value, key Value) (Value, error) {
	switch container := value.(type) {
	case map[string]Value:
		if v, ok := container[fmt.Sprint(key)]; ok {
			return v, nil
		}
		return nil, fmt.Errorf("it is not set")
	case []Value:
		index, ok := key.(int64)
		if !ok {
			return nil, fmt.Errorf("a list has numbers as indexes, not %q", fmt.Sprint(key))
		}
		if index < 0 || index >= int64(len(container)) {
			return nil, fmt.Errorf("the list has %d items", len(container))
		}
		return container[index], nil
	default:
		return nil, fmt.Errorf("there is nothing inside %s", eval.Kind(value))
	}
}

// requirements collects what a plan mentions and a deployment must find.
func requirements(plan *orchestrator.Plan) orchestrator.Requirements {
	var out orchestrator.Requirements
	seen := map[string]bool{}
	scan(plan, func(_ spot, v Value) Value {
		eval.Each(v, func(call eval.Call) {
			args := call.List()
			switch call.Name {
			case "get_secret":
				addValue(&out.Secrets, seen, call.First())
			case "get_environment_capability":
				if !seen["capability "+fmt.Sprint(args)] {
					seen["capability "+fmt.Sprint(args)] = true
					out.ParentCapabilities = append(out.ParentCapabilities, args)
				}
			}
		})
		return v
	})
	slices.SortFunc(out.Secrets, func(a, b Value) int { return compareText(a, b) })
	return out
}

func addValue(list *[]Value, seen map[string]bool, v Value) {
	if key := fmt.Sprint(v); !seen[key] {
		seen[key] = true
		*list = append(*list, v)
	}
}

func compareText(a, b Value) int {
	x, y := fmt.Sprint(a), fmt.Sprint(b)
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}
