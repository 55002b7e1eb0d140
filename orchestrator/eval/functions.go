package eval

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
)

// functions says of each intrinsic function whether its answer is never known
// before run time.
var functions = map[string]struct{ runtime bool }{
	"get_input":                  {},
	"get_property":               {},
	"concat":                     {},
	"merge":                      {},
	"string_find":                {},
	"string_replace":             {},
	"string_split":               {},
	"string_lower":               {},
	"string_upper":               {},
	"get_attribute":              {runtime: true},
	"get_attributes_list":        {runtime: true},
	"get_attributes_dict":        {runtime: true},
	"get_secret":                 {runtime: true},
	"get_capability":             {runtime: true},
	"get_group_capability":       {runtime: true},
	"get_environment_capability": {runtime: true},
	"get_label":                  {runtime: true},
	"get_sys":                    {runtime: true},
	"get_consumers":              {runtime: true},
}

// behaviour is how a function checks the form of its arguments, which may hold
// calls, and how it answers once they are evaluated; ErrUnknown leaves the call
// as it is.
type behaviour struct {
	check  func(args Value) error
	answer func(r *run, c Call, f frame) (Value, error)
}

// behaviourOf is a switch, not a table, because answers evaluate further calls.
func behaviourOf(name string) behaviour {
	switch name {
	case "get_input":
		return behaviour{checkGetInput, (*run).getInput}
	case "get_property":
		return behaviour{checkPath, (*run).getProperty}
	case "concat":
		return behaviour{checkConcat, (*run).concat}
	case "merge":
		return behaviour{checkMerge, (*run).merge}
	case "string_find":
		return behaviour{checkStringFind, (*run).stringFind}
	case "string_replace":
		return behaviour{checkStringReplace, (*run).stringReplace}
	case "string_split":
		return behaviour{checkStringSplit, (*run).stringSplit}
	case "string_lower":
		return behaviour{checkOneText, (*run).stringLower}
	case "string_upper":
		return behaviour{checkOneText, (*run).stringUpper}
	case "get_attribute":
		return behaviour{checkPath, (*run).getAttribute}
	case "get_attributes_list":
		return behaviour{checkPath, (*run).getAttributesList}
	case "get_attributes_dict":
		return behaviour{checkAttributesDict, (*run).getAttributesDict}
	case "get_secret":
		return behaviour{checkGetSecret, (*run).getSecret}
	case "get_capability":
		return behaviour{checkGetCapability, (*run).getCapability}
	case "get_group_capability":
		return behaviour{checkGroupCapability, (*run).getGroupCapability}
	case "get_environment_capability":
		return behaviour{checkEnvironmentCapability, (*run).getEnvironmentCapability}
	case "get_label":
		return behaviour{checkGetLabel, (*run).getLabel}
	case "get_sys":
		return behaviour{checkGetSys, (*run).getSys}
	default:
		return behaviour{checkGetConsumers, (*run).getConsumers}
	}
}

// Names lists the functions, sorted.
func Names() []string { return orchestrator.SortedKeys(functions) }

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
		id, next = place.Node, place
		next.Node = id
		err = r.nodeOf(&id, place.Instance, word)
	case Source:
		next.Instance = place.SourceInstance
		id, err = place.SourceNode, nil
		err = r.nodeOf(&id, place.SourceInstance, word)
	case Target:
		next.Instance = place.TargetInstance
		id = place.TargetNode
		err = r.nodeOf(&id, place.TargetInstance, word)
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

// nodeOf fills in the node of an instance, unless the node is known already.
func (r *run) nodeOf(node *string, instanceID, word string) error {
	if *node != "" {
		return nil
	}
	if instanceID == "" {
		return fmt.Errorf("%s has no meaning here", word)
	}
	instance, err := r.scope.Instance(instanceID)
	if err != nil {
		return err
	}
	if instance == nil {
		return &unknownName{kind: "node instance", name: instanceID}
	}
	*node = instance.NodeID
	return nil
}

func (r *run) concat(c Call, _ frame) (Value, error) {
	args, _ := open(c.Args).([]Value)
	if HasCalls(args) {
		return nil, ErrUnknown
	}
	var b strings.Builder
	for _, arg := range args {
		b.WriteString(Text(orchestrator.Reveal(arg)))
	}
	if r.text += b.Len(); r.text > maxText {
		return nil, fmt.Errorf("more than %d bytes of text in one evaluation", maxText)
	}
	if orchestrator.IsSensitive(c.Args) {
		return orchestrator.Mark(b.String()), nil
	}
	return b.String(), nil
}

func (r *run) merge(c Call, _ frame) (Value, error) {
	args, _ := open(c.Args).([]Value)
	out := map[string]Value{}
	for _, arg := range args {
		if IsCall(open(arg)) {
			return nil, ErrUnknown
		}
		part, ok := open(arg).(map[string]Value)
		if !ok {
			return nil, fmt.Errorf("only maps can be merged, not %s", Kind(arg))
		}
		for key, item := range part {
			out[key] = item
		}
	}
	return out, nil
}

func (r *run) getSecret(c Call, f frame) (Value, error) {
	args := c.List()
	for _, arg := range args {
		if HasCalls(arg) {
			return nil, ErrUnknown
		}
	}
	secret, err := name(args[0])
	if err != nil {
		return nil, err
	}
	value, err := r.scope.Secret(secret)
	if err != nil || len(args) == 1 {
		return value, err
	}
	text, ok := open(value).(string)
	if !ok {
		return value, nil // Unknown
	}
	structure, err := orchestrator.DecodeValue([]byte(text))
	if err != nil || !json.Valid([]byte(text)) {
		// The cause is left out: it may quote the secret.
		return nil, fmt.Errorf("secret %q is not JSON, so nothing can be looked up in it", secret)
	}
	found, err := walk(structure, args[1:], "secret "+secret, true)
	if err != nil {
		return nil, err
	}
	if found, err = r.value(found, f); err != nil {
		return nil, err
	}
	if _, marked := value.(orchestrator.Sensitive); marked {
		found = orchestrator.Mark(found)
	}
	return found, nil
}

func (r *run) getCapability(c Call, _ frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	deployment, err := name(args[0])
	if err != nil {
		return nil, err
	}
	capability, err := name(args[1])
	if err != nil {
		return nil, err
	}
	value, err := r.scope.Capability(deployment, capability)
	if err != nil {
		return nil, err
	}
	return walk(value, args[2:], fmt.Sprintf("capability %s of %s", capability, deployment), false)
}

func (r *run) getGroupCapability(c Call, _ frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	group, err := name(args[0])
	if err != nil {
		return nil, err
	}
	one := func(arg Value) (Value, error) {
		capability, err := name(arg)
		if err != nil {
			return nil, err
		}
		value, err := r.scope.GroupCapability(group, capability)
		if err != nil {
			return nil, err
		}
		return walk(value, args[2:], fmt.Sprintf("capability %s of group %s", capability, group), false)
	}
	names, several := open(args[1]).([]Value)
	if !several {
		return one(args[1])
	}
	out := map[string]Value{}
	for _, arg := range names {
		value, err := one(arg)
		if err != nil {
			return nil, err
		}
		out[fmt.Sprint(open(arg))] = value
	}
	return out, nil
}

// parentLabel is the label that names the deployment whose component this is.
const parentLabel = "csys-obj-parent"

func (r *run) getEnvironmentCapability(c Call, _ frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	capability, err := name(args[0])
	if err != nil {
		return nil, err
	}
	parents, err := r.scope.Label(parentLabel)
	if err != nil {
		return nil, err
	}
	if len(parents) == 0 {
		return nil, fmt.Errorf("the deployment has no label %s, so there is no environment to ask for %q", parentLabel, capability)
	}
	parent, err := name(parents[0])
	if err != nil {
		return nil, err
	}
	value, err := r.scope.Capability(parent, capability)
	if err != nil {
		return nil, err
	}
	return walk(value, args[1:], fmt.Sprintf("capability %s of %s", capability, parent), false)
}

func (r *run) getLabel(c Call, _ frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	key, err := name(args[0])
	if err != nil {
		return nil, err
	}
	values, err := r.scope.Label(key)
	if err != nil {
		return nil, err
	}
	if len(args) == 1 {
		return values, nil
	}
	index, err := labelIndex(open(args[1]))
	if err != nil {
		return nil, err
	}
	if index >= int64(len(values)) {
		return nil, fmt.Errorf("label %q has %d values, so there is none at index %d", key, len(values), index)
	}
	return values[index], nil
}

func (r *run) getSys(c Call, _ frame) (Value, error) {
	args := c.List()
	if HasCalls(c.Args) {
		return nil, ErrUnknown
	}
	entity, err := name(args[0])
	if err != nil {
		return nil, err
	}
	property, err := name(args[1])
	if err != nil {
		return nil, err
	}
	return r.scope.Sys(entity, property)
}

func (r *run) getConsumers(c Call, _ frame) (Value, error) {
	consumers, err := r.scope.Consumers()
	if err != nil {
		return nil, err
	}
	if c.Args == Value("count") {
		return int64(len(consumers)), nil
	}
	out := make([]Value, 0, len(consumers))
	for _, id := range orchestrator.SortedKeys(consumers) {
		if c.Args == Value("names") {
			out = append(out, consumers[id])
		} else {
			out = append(out, id)
		}
	}
	return out, nil
}
