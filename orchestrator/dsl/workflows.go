package dsl

import (
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

var activeWords = []string{"all", "partial", "none"}

// compileWorkflows reads the workflows.
func (c *compiler) compileWorkflows() {
	for _, e := range c.root.get("workflows").each() {
		path := dotted("workflows", e.key)
		w := orchestrator.Workflow{IsCascading: e.value.get("is_cascading").boolean(false)}
		mapping, at := e.value.text(), e.value.at
		if n := e.value.get("mapping"); n != nil {
			mapping, at = n.text(), n.at
		}
		for _, parameter := range e.value.get("parameters").all() {
			p := c.parameterOf(parameter, path+".parameters."+parameter.key)
			w.Parameters = append(w.Parameters, p.Input)
		}
		w.AvailabilityRules = c.availabilityOf(e.value.get("availability_rules"), path+".availability_rules")
		if mapping != "" {
			c.resolveWorkflow(&w, mapping, at, path)
		}
		c.plan.Workflows[e.key] = w
	}
}

func (c *compiler) availabilityOf(n *node, path string) *orchestrator.AvailabilityRules {
	if n == nil {
		return nil
	}
	rules := &orchestrator.AvailabilityRules{}
	if available := n.get("available"); available != nil {
		b := available.boolean(true)
		rules.Available = &b
	}
	for _, item := range n.get("node_instances_active").list() {
		if !slices.Contains(activeWords, item.text()) {
			d := c.fail(codeUnknownType, item.at, path+".node_instances_active", "%q is not one of all, partial, none", item.text())
			suggest(d, item.text(), slices.Values(activeWords))
		}
		rules.NodeInstancesActive = append(rules.NodeInstancesActive, item.text())
	}
	for _, item := range n.get("node_types_required").list() {
		rules.NodeTypesRequired = append(rules.NodeTypesRequired, item.text())
	}
	return rules
}

// resolveWorkflow finds the plugin and function, or the script, of a mapping.
func (c *compiler) resolveWorkflow(w *orchestrator.Workflow, mapping string, at orchestrator.Range, path string) {
	if c.isScriptWorkflow(mapping) {
		plugin, ok := c.scriptPlugin()
		if !ok {
			c.fail(codeNoScriptPlugin, at, path, "the workflow is the script %s, and no plugin runs scripts", mapping)
			return
		}
		for _, p := range w.Parameters {
			if p.Name == scriptPathInput {
				c.fail(codeScriptPathTwice, at, path, "the workflow is the script %s and cannot have the parameter %s, too", mapping, scriptPathInput)
				return
			}
		}
		w.Plugin, w.Function = plugin, runScriptWorkflow
		w.Parameters = append(w.Parameters, orchestrator.Input{Name: scriptPathInput, HasDefault: true, Default: mapping, Required: true,
			Description: "Workflow script executed by the script plugin"})
		c.usePlugin(plugin)
		return
	}
	plugin, function, ok := c.splitPlugin(mapping, at, path)
	if !ok {
		if plugin == "" {
			d := c.fail(codeWorkflowOperation, at, path, "the workflow is %q: there is no such plugin, and no such script in the archive", shorten(mapping))
			c.suggestPlugin(d, mapping, slices.Values(c.pluginOrder))
		}
		return
	}
	w.Plugin, w.Function = plugin, function
	c.usePlugin(plugin)
}

func (c *compiler) isScriptWorkflow(mapping string) bool {
	_, isScript := c.scriptInput(mapping)
	return isScript
}

func (c *compiler) usePlugin(plugin string) {
	c.used[plugin] = true
	addOnce(&c.plan.WorkflowPluginsToInstall, plugin)
}
