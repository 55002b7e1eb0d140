package control

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// readers are the functions that read what is not the deployment's own.
var readers = []string{"get_secret", "get_capability", "get_group_capability", "get_environment_capability"}

// mayRead refuses inputs that read secrets or other deployments for somebody who
// may not read them: an input may be an expression, its value may come out in a
// capability, and the owner of a deployment may see its capabilities. What a
// blueprint's author reads by default is the author's decision, so only inputs
// that were given count; they are looked at as resolved, since a text may turn
// into a map.
func mayRead(actor orchestrator.Actor, given, resolved map[string]orchestrator.Value) error {
	if actor.Role.AtLeast(orchestrator.Operator) {
		return nil
	}
	for _, name := range orchestrator.SortedKeys(given) {
		var function string
		eval.Each(resolved[name], func(call eval.Call) {
			if slices.Contains(readers, call.Name) {
				function = call.Name
			}
		})
		if function != "" {
			return orchestrator.Errorf(orchestrator.Forbidden,
				"input %s holds the function %s, which needs the role operator in team %s; give a value, or ask an operator to create the deployment", name, function, actor.Team).Because("forbidden_error").On(name)
		}
	}
	return nil
}
