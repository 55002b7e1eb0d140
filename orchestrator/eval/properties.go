package eval

import (
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

func (r *run) getInput(c Call, f frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, fmt.Errorf("an argument is not known when the deployment is created: %s", describe(c.Args))
	}
	input, err := name(args[0])
	if err != nil {
		return nil, err
	}
	value, err := r.scope.Input(input)
	if err != nil {
		return nil, err
	}
	if again, ok := AsCall(value); ok && again.Name == "get_input" && again.Args == Value(input) {
		return value, nil // an input whose default is itself stays as written
	}
	if value, err = r.value(value, f); err != nil {
		return nil, err
	}
	if len(args) > 1 {
		if value, err = walk(value, args[1:], "input "+input, false); err != nil {
			return nil, err
		}
	}
	if declared, ok := c.Type.(string); ok && !fits(declared, value) {
		return nil, fmt.Errorf("input %q is not of the type %s that is declared here", input, declared)
	}
	return value, nil
}

func (r *run) getProperty(c Call, f frame) (Value, error) {
	args := c.List()
	for _, arg := range args {
		if HasCalls(arg) {
			return nil, fmt.Errorf("an argument is not known when the deployment is created: %s", describe(arg))
		}
	}
	node, place, err := r.node(args[0], f.place)
	if err != nil {
		return nil, err
	}
	path := args[1:]
	first, err := name(path[0])
	if err != nil {
		return nil, err
	}
	value, ok := node.Properties[first]
	if !ok {
		return nil, fmt.Errorf("node %q has no property %q", node.ID, first)
	}
	// Only what lies on the path is evaluated, so that a property may refer to
	// another part of itself.
	f.place = place
	value, err = r.walkEvaluating(value, path[1:], f, fmt.Sprintf("property %s.%s", node.ID, first))
	if err != nil {
		return nil, err
	}
	return pin(value, node.ID, args[0]), nil
}

// walkEvaluating walks path into value, evaluating calls met on the way and
// the part that is found.
func (r *run) walkEvaluating(value Value, path []Value, f frame, what string) (Value, error) {
	for i, key := range path {
		if IsCall(open(value)) {
			evaluated, err := r.value(value, f)
			if err != nil {
				return nil, err
			}
			if IsCall(open(evaluated)) {
				return nil, ErrUnknown
			}
			value = evaluated
		}
		var err error
		if value, err = walk(value, path[i:i+1], what, false); err != nil {
			return nil, err
		}
		what += "." + fmt.Sprint(key)
	}
	return r.value(value, f)
}

// pin replaces SELF in calls that are left in a value which was read from
// another node, so that they keep their meaning where the value goes.
func pin(v Value, node string, as Value) Value {
	word, _ := open(as).(string)
	if word == Self {
		return v
	}
	if word != Source && word != Target {
		word = node
	}
	return replaceSelf(v, word)
}

func replaceSelf(v Value, word string) Value {
	switch v := v.(type) {
	case orchestrator.Sensitive:
		return orchestrator.Mark(replaceSelf(v.Open(), word))
	case []Value:
		out := make([]Value, len(v))
		for i, item := range v {
			out[i] = replaceSelf(item, word)
		}
		return out
	case map[string]Value:
		out := make(map[string]Value, len(v))
		for key, item := range v {
			out[key] = replaceSelf(item, word)
		}
		if call, ok := AsCall(out); ok && takesNode(call.Name) {
			if args, ok := call.Args.([]Value); ok && len(args) > 0 && args[0] == Value(Self) {
				args = slices.Clone(args)
				args[0] = word
				out[call.Name] = args
			}
		}
		return out
	default:
		return v
	}
}

// takesNode reports whether the function's first argument is a node.
func takesNode(function string) bool {
	return slices.Contains([]string{"get_property", "get_attribute", "get_attributes_list", "get_attributes_dict"}, function)
}

// node finds the node that an argument means, and the place from which its own
// values are evaluated.
func (r *run) node(arg Value, place Place) (*orchestrator.Node, Place, error) {
	word, err := name(arg)
	if err != nil {
		return nil, place, err
	}
	id, next := word, Place{}
	switch word {
	case Self:
		next = place
		id, err = r.nodeOf(place.Node, place.Instance, word)
	case Source:
		next.Instance = place.SourceInstance
		id, err = r.nodeOf(place.SourceNode, place.SourceInstance, word)
	case Target:
		next.Instance = place.TargetInstance
		id, err = r.nodeOf(place.TargetNode, place.TargetInstance, word)
	default:
		if id == place.Node {
			next.Instance = place.Instance
		}
	}
	if err != nil {
		return nil, place, err
	}
	node, err := r.scope.Node(id)
	if err != nil {
		return nil, place, err
	}
	if node == nil {
		return nil, place, &unknownName{kind: "node", name: id}
	}
	next.Node = node.ID
	return node, next, nil
}

// nodeOf returns the node that a word means: the one that is known, else that
// of the instance.
func (r *run) nodeOf(node, instanceID, word string) (string, error) {
	if node != "" {
		return node, nil
	}
	if instanceID == "" {
		return "", fmt.Errorf("%s has no meaning here", word)
	}
	instance, err := r.byID(instanceID)
	if err != nil {
		return "", err
	}
	return instance.NodeID, nil
}
