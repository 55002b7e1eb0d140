package dsl

import (
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// compileLabels reads the labels of deployments and of the blueprint.
func (c *compiler) compileLabels() {
	c.plan.Labels = c.labelsOf("labels", true)
	c.plan.BlueprintLabels = c.labelsOf("blueprint_labels", false)
}

// labelsOf reads labels; calls may stand in those of deployments.
func (c *compiler) labelsOf(section string, calls bool) map[string][]Value {
	var out map[string][]Value
	for _, e := range c.root.get(section).each() {
		if out == nil {
			out = map[string][]Value{}
		}
		out[e.key] = []Value{}
		for i, item := range e.value.get("values").list() {
			where := indexed(dotted(section, e.key)+".values", i)
			value := item.value()
			call, isCall := eval.AsCall(value)
			switch {
			case isCall && !calls:
				c.fail(codeStructure, item.at, where, "a label of a blueprint is a string, not a function")
			case isCall && call.Name == "get_attribute":
				c.fail(codeStructure, item.at, where, "a label cannot be a get_attribute: labels are set before anything runs")
			case !isCall && item.kind != stringKind:
				c.fail(codeStructure, item.at, where, "a label's value is a string, not %s", item.kind)
			}
			out[e.key] = append(out[e.key], value)
		}
	}
	return out
}

// compileSettings reads deployment_settings.
func (c *compiler) compileSettings() {
	settings := c.root.get("deployment_settings")
	if settings == nil || settings.kind != mapKind {
		return
	}
	out := settings.values()
	for _, key := range []string{"display_name", "id_template"} {
		c.checkTextOrCall(settings.get(key), "deployment_settings."+key)
	}
	for i, item := range settings.get("default_groups").list() {
		c.checkTextOrCall(item, indexed("deployment_settings.default_groups", i))
	}
	schedules := map[string]Value{}
	for _, e := range settings.get("default_schedules").each() {
		if e.value.kind != mapKind {
			continue // reported with the structure
		}
		schedules[e.key] = c.scheduleOf(e, "deployment_settings.default_schedules."+e.key)
	}
	out["default_schedules"] = schedules
	c.plan.DeploymentSettings = out
}

func (c *compiler) checkTextOrCall(n *node, path string) {
	if n != nil && n.kind == mapKind && !n.isCall() {
		c.fail(codeStructure, n.at, path, "a string or a function is expected here, not a map")
	}
}
