package workflow

import (
	"fmt"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

// Available tells whether a workflow's rules let it start on the instances in
// their present states; if not, why not, as a sentence.
func Available(rules *orchestrator.AvailabilityRules, plan *orchestrator.Plan, instances []orchestrator.NodeInstance) (bool, string) {
	switch {
	case rules == nil:
		return true, ""
	case rules.Available != nil && !*rules.Available:
		return false, "The blueprint has turned this workflow off."
	}
	for _, name := range rules.NodeTypesRequired {
		if !slices.ContainsFunc(plan.Nodes, func(n orchestrator.Node) bool { return n.Is(name) }) {
			return false, fmt.Sprintf("This workflow needs a node of type %s, and the blueprint has none.", name)
		}
	}
	return activeEnough(rules.NodeInstancesActive, instances)
}

func activeEnough(wanted []string, instances []orchestrator.NodeInstance) (bool, string) {
	started, blank := 0, 0
	for _, instance := range instances {
		switch instance.State {
		case orchestrator.InstanceStarted:
			started++
		case orchestrator.Uninitialized, orchestrator.Deleted:
			blank++
		}
	}
	all := len(instances)
	is := map[string]bool{
		"none":    started == 0,
		"all":     started == all,
		"partial": started != all && blank != all,
	}
	if len(wanted) == 0 || slices.ContainsFunc(wanted, func(w string) bool { return is[w] }) {
		return true, ""
	}
	switch {
	case started == all:
		return false, fmt.Sprintf("Everything is started already (%d of %d instances). Use force to run it all the same.", started, all)
	case blank == all:
		return false, "Nothing is installed yet. Run install first, or use force."
	default:
		return false, fmt.Sprintf("%d of %d instances are started, which is not what this workflow needs. Use force to run it all the same.", started, all)
	}
}

// Runs reports whether this version can run a workflow at all.
func Runs(name string, plan *orchestrator.Plan) bool {
	_, err := recipeOf(name, plan, nil)
	return err == nil
}
