package component

import (
	"fmt"
	"time"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/provider"
)

// The functions here read resource_config. A cell of eaas_params may be kept as
// a sensitive secret, and then every part of it comes marked: ids and labels are
// opened, for they become names, and the marks of inputs stay.

// setting looks a value of resource_config up: operation input, then runtime
// property, then node property.
func setting(call *provider.Call, path ...orchestrator.Value) orchestrator.Value {
	if v := fromInputs(call, path); v != nil {
		return v
	}
	if v, ok := orchestrator.Lookup(call.Self.Runtime, path...); ok && v != nil {
		return v
	}
	return fromProperties(call, path)
}

// hasOwnLog reports whether the parent's log is to be spared the child's lines.
func hasOwnLog(call *provider.Call) bool {
	logs := setting(call, "deployment", "logs")
	return logs != nil && !provider.IsTrue(logs)
}

// written looks a value up as the blueprint's author wrote it.
func written(call *provider.Call, path ...orchestrator.Value) orchestrator.Value {
	if v := fromInputs(call, path); v != nil {
		return v
	}
	return fromProperties(call, path)
}

func fromInputs(call *provider.Call, path []orchestrator.Value) orchestrator.Value {
	v, _ := orchestrator.Lookup(call.Inputs, append([]orchestrator.Value{"resource_config"}, path...)...)
	return v
}

func fromProperties(call *provider.Call, path []orchestrator.Value) orchestrator.Value {
	v, _ := orchestrator.Lookup(call.Self.Properties, append([]orchestrator.Value{"resource_config"}, path...)...)
	return v
}

// idOf reads an id; without one it is the node instance's own.
func idOf(call *provider.Call, what string, v orchestrator.Value) (string, error) {
	switch v := orchestrator.Reveal(v).(type) {
	case nil:
		return call.Self.ID, nil
	case string:
		if v == "" {
			return call.Self.ID, nil
		}
		return v, nil
	case int64:
		return fmt.Sprint(v), nil
	default:
		return "", refuse("resource_config."+what, "resource_config.%s must be a text", what)
	}
}

// deploymentID prefers what configure recorded: a suffix may have been added.
func deploymentID(call *provider.Call) (string, error) {
	if id, ok := orchestrator.Lookup(call.Self.Runtime, "deployment", "id"); ok {
		return fmt.Sprint(orchestrator.Reveal(id)), nil
	}
	return idOf(call, "deployment.id", setting(call, "deployment", "id"))
}

// isExternal reports whether configure found the deployment there.
func isExternal(call *provider.Call) bool {
	external, _ := orchestrator.Lookup(call.Self.Runtime, "deployment", "external_resource")
	return provider.IsTrue(external)
}

// inputsOf reads the child's inputs. A mark on all of them is one on each.
func inputsOf(v orchestrator.Value) (map[string]orchestrator.Value, error) {
	open := v
	marked, isMarked := v.(orchestrator.Sensitive)
	if isMarked {
		open = marked.Open()
	}
	inputs, ok := open.(map[string]orchestrator.Value)
	if open != nil && !ok {
		return nil, refuse("resource_config.deployment.inputs", "resource_config.deployment.inputs must be a map of inputs")
	}
	if !isMarked {
		return inputs, nil
	}
	each := make(map[string]orchestrator.Value, len(inputs))
	for name, value := range inputs {
		each[name] = orchestrator.Mark(value)
	}
	return each, nil
}

func labelsOf(v orchestrator.Value) ([]orchestrator.Label, error) {
	v = orchestrator.Reveal(v)
	items, ok := v.([]orchestrator.Value)
	if v != nil && !ok {
		return nil, refuse("resource_config.deployment.labels", "resource_config.deployment.labels must be a list of maps with one pair each")
	}
	var labels []orchestrator.Label
	for i, item := range items {
		pair, ok := item.(map[string]orchestrator.Value)
		if !ok || len(pair) != 1 {
			return nil, refuse("resource_config.deployment.labels", "resource_config.deployment.labels[%d] must be a map with exactly one pair", i)
		}
		for key, value := range pair {
			labels = append(labels, orchestrator.Label{Key: key, Value: fmt.Sprint(value)})
		}
	}
	return labels, nil
}

// workflowOf is the child's workflow that an operation runs.
func workflowOf(call *provider.Call) string {
	if workflow := provider.Text(call.Inputs["workflow_id"]); workflow != "" {
		return workflow
	}
	if provider.LastSegment(call.Operation) == "stop" {
		return "uninstall"
	}
	return "install"
}

// installLimit is how long a parent waits for a child's workflow unless the
// operation's input timeout says otherwise; the child goes on when it is over.
const installLimit = 1800 * time.Second

func limitOf(call *provider.Call) time.Duration {
	if seconds, ok := orchestrator.Reveal(call.Inputs["timeout"]).(int64); ok && seconds > 0 {
		return time.Duration(seconds) * time.Second
	}
	return installLimit
}

// refuse is a mistake of the blueprint or of eaas_params: no retry mends it.
func refuse(field, format string, args ...any) error {
	return provider.Fatal(orchestrator.Errorf(orchestrator.Invalid, format, args...).On(field))
}
