package dsl

import (
	"maps"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/eval"
)

// compileInputs reads the inputs of the blueprint.
func (c *compiler) compileInputs() {
	for _, e := range c.root.get("inputs").all() {
		path := dotted("inputs", e.key)
		p := c.parameterOf(e, path)
		if c.broken[path] {
			continue
		}
		if p.Hidden && p.Required && !p.HasDefault {
			c.fail(codeHiddenInput, e.at, path, "input %s is hidden and required, and has no default that could be used", e.key)
		}
		if !c.skipDefaults {
			c.checkDefault(p, path+".default")
		}
		c.plan.Inputs = append(c.plan.Inputs, p.Input)
	}
}

// parameterOf reads an input, or a parameter of a workflow.
func (c *compiler) parameterOf(e entry, path string) *property {
	p := c.propertyOf(e, path)
	if n := e.value.get("display"); n != nil {
		p.Display = n.values()
		if p.Type != "textarea" {
			c.fail(codeDisplay, n.at, path+".display", "%s is not a textarea, so it has no display", e.key)
		}
	}
	if n := e.value.get("item_type"); n != nil && n.kind == stringKind {
		c.checkItemType(p, n, path)
	}
	p.Constraints = c.constraintsOf(e.value.get("constraints"), path+".constraints")
	if p.HasDefault && (p.Default != nil || !c.isDataType(p.Type)) {
		f := c.filler(p.defaultAt, e.value.get("default"), p.path+".default", "the default of "+p.Name)
		p.Default = f.fit(p.Default, p.Type, nil)
	}
	return p
}

func (c *compiler) checkItemType(p *property, n *node, path string) {
	since, primitive := primitives[p.ItemType]
	switch {
	case p.Type != "list":
		c.fail(codeItemTypeNotList, n.at, path+".item_type", "%s is not a list, so it has no item_type", p.Name)
	case !primitive:
		d := c.fail(codeItemType, n.at, path+".item_type", "item_type is %s; it must be one of the built-in types", p.ItemType)
		suggest(d, p.ItemType, maps.Keys(primitives))
	case c.tooNew(since, n.at):
		c.failTooNew(since, n.at, path+".item_type", "the type "+p.ItemType)
	}
	if list, ok := p.Default.([]Value); ok && primitive {
		for i, item := range list {
			if !fitsPrimitive(item, p.ItemType) {
				c.fail(codeWrongType, p.defaultAt, path+".default", "item %d of the default must be of type %s, not %s", i, p.ItemType, eval.Kind(item))
			}
		}
	}
}

// checkDefault checks a default against the constraints.
func (c *compiler) checkDefault(p *property, path string) {
	if !p.HasDefault || p.Default == nil || len(p.Constraints) == 0 {
		return
	}
	if eval.HasCalls(p.Default) {
		c.fail(codeConstraintFunction, p.defaultAt, path, "the default of %s is a function, which cannot be checked against its constraints", p.Name)
		return
	}
	if hasCallArgument(p.Constraints) {
		return // checked with the given values
	}
	if reason := violation(p.Input, p.Default); reason != "" {
		c.fail(0, p.defaultAt, path, "the default of %s: %s", p.Name, reason)
	}
}

func hasCallArgument(constraints []orchestrator.Constraint) bool {
	return slices.ContainsFunc(constraints, func(c orchestrator.Constraint) bool { return eval.HasCalls(c.Argument) })
}

// compileOutputs reads outputs and capabilities.
func (c *compiler) compileOutputs() {
	read := func(section string) []orchestrator.Output {
		var out []orchestrator.Output
		for _, e := range c.root.get(section).each() {
			if c.broken[dotted(section, e.key)] {
				continue
			}
			out = append(out, orchestrator.Output{Name: e.key, Description: e.value.get("description").text(), Value: e.value.get("value").value(), At: e.at})
		}
		return out
	}
	c.plan.Outputs = read("outputs")
	c.plan.Capabilities = read("capabilities")
}
