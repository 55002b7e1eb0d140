package eval

import (
	"encoding/json"
	"fmt"

	"github.com/slipwayhq/slipway/orchestrator"
)

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
