package dsl

import (
	"maps"
	"slices"

	"github.com/slipwayhq/slipway/orchestrator"
)

const scalingPolicy = "cloudify.policies.scaling"

// compileGroups reads the groups and what remains of the legacy policies.
func (c *compiler) compileGroups() {
	policyTypes, triggers := c.root.get("policy_types"), c.root.get("policy_triggers")
	c.plan.PolicyTypes, c.plan.PolicyTriggers = c.planSources("policy_types", "properties"), c.planSources("policy_triggers", "parameters")
	section := c.root.get("groups")
	for _, e := range section.each() {
		path := dotted("groups", e.key)
		if c.broken[path] {
			continue
		}
		if _, isNode := c.templates[e.key]; isNode {
			c.fail(codeGroupNamedAsNode, e.at, path, "there are both a node and a group of the name %s", e.key)
		}
		g := orchestrator.Group{}
		taken := map[string]bool{}
		for _, item := range e.value.get("members").list() {
			member := item.text()
			_, isNode := c.templates[member]
			_, isGroup := section.find(member)
			if !isNode && !isGroup {
				d := c.fail(codeGroupMember, item.at, path+".members", "group %s has the member %s, which is neither a node nor a group", e.key, member)
				suggest(d, member, maps.Keys(c.templates), slices.Values(keys(section)))
				continue
			}
			if !taken[member] {
				taken[member] = true
				g.Members = append(g.Members, member)
			}
		}
		slices.Sort(g.Members)
		for _, policy := range e.value.get("policies").each() {
			if g.Policies == nil {
				g.Policies = map[string]Value{}
			}
			g.Policies[policy.key] = c.groupPolicy(policy, dotted(path+".policies", policy.key), policyTypes, triggers)
		}
		if c.plan.Groups == nil {
			c.plan.Groups = map[string]orchestrator.Group{}
		}
		c.plan.Groups[e.key] = g
	}
}

// planSources reads policy types or triggers, which the plan shows as they are.
func (c *compiler) planSources(section, schema string) map[string]Value {
	var out map[string]Value
	for _, e := range c.root.get(section).each() {
		if out == nil {
			out = map[string]Value{}
		}
		s := c.schemaOf(e.value.get(schema), dotted(section, e.key)+"."+schema)
		c.complete(s, e.key)
		c.policySchemas[e.value] = s
		fields := map[string]Value{}
		for _, name := range s.names {
			fields[name] = schemaValue(s.byName[name].Input)
		}
		out[e.key] = map[string]Value{"source": e.value.get("source").text(), schema: fields}
	}
	return out
}

// schemaValue writes a schema entry as a value, as the plan's free parts do.
func schemaValue(p orchestrator.Input) Value {
	v := map[string]Value{}
	if p.Type != "" {
		v["type"] = p.Type
	}
	if p.HasDefault {
		v["default"] = p.Default
	}
	if p.Description != "" {
		v["description"] = p.Description
	}
	if !p.Required {
		v["required"] = false
	}
	return v
}

// groupPolicy reads a legacy policy of a group with its triggers.
func (c *compiler) groupPolicy(policy entry, path string, policyTypes, triggers *node) Value {
	out, ok := c.instanceOf(policy, path, policyTypes, "properties", codeGroupPolicyType)
	if !ok {
		return nil
	}
	fired := map[string]Value{}
	for _, trigger := range policy.value.get("triggers").each() {
		if t, ok := c.instanceOf(trigger, dotted(path+".triggers", trigger.key), triggers, "parameters", codeGroupTrigger); ok {
			fired[trigger.key] = t
		}
	}
	out["triggers"] = fired
	return out
}

// instanceOf reads a use of a policy type or trigger: its type, and the values
// under key, which the type's schema of the same key governs.
func (c *compiler) instanceOf(e entry, path string, definitions *node, key string, unknown int) (map[string]Value, bool) {
	name := e.value.get("type").text()
	definition := definitions.get(name)
	if definition == nil {
		d := c.fail(unknown, e.value.get("type").place(e.at), path+".type", "%s has the type %s, which is not defined", e.key, name)
		suggest(d, name, slices.Values(keys(definitions)))
		return nil, false
	}
	values := e.value.get(key)
	f := c.filler(e.at, values, dotted(path, key), e.key)
	return map[string]Value{"type": name, key: f.fill(values.values(), c.policySchemas[definition], nil)}, true
}

// compilePolicies reads the scaling policies and makes scaling groups of the
// groups that they target. Of two policies for one group the last one counts.
func (c *compiler) compilePolicies() {
	for _, e := range c.root.get("policies").each() {
		path := dotted("policies", e.key)
		if c.broken[path] {
			continue
		}
		p := orchestrator.Policy{Type: e.value.get("type").text()}
		if p.Type != scalingPolicy {
			c.fail(codePolicyType, e.value.get("type").place(e.at), path+".type", "policy %s has the type %s; the only one is %s", e.key, p.Type, scalingPolicy)
		}
		counts := c.counts(e.value.get("properties"), path+".properties")
		p.Properties = countValues(counts)
		targets := e.value.get("targets").list()
		if len(targets) == 0 {
			c.fail(codePolicyNoTargets, e.value.get("targets").place(e.at), path+".targets", "policy %s has no targets", e.key)
		}
		for _, item := range targets {
			p.Targets = append(p.Targets, item.text())
			g, ok := c.plan.Groups[item.text()]
			if !ok {
				if !c.broken[dotted("groups", item.text())] {
					d := c.fail(codePolicyTarget, item.at, path+".targets", "policy %s targets %s, which is not a group", e.key, item.text())
					suggest(d, item.text(), maps.Keys(c.plan.Groups))
				}
				continue
			}
			if c.plan.ScalingGroups == nil {
				c.plan.ScalingGroups = map[string]orchestrator.ScalingGroup{}
			}
			if _, twice := c.plan.ScalingGroups[item.text()]; twice {
				c.warn(item.at, path+".targets", "group %s is the target of several policies; only the last one counts", item.text())
			}
			c.plan.ScalingGroups[item.text()] = orchestrator.ScalingGroup{Members: slices.Clone(g.Members), Properties: counts}
		}
		if c.plan.Policies == nil {
			c.plan.Policies = map[string]orchestrator.Policy{}
		}
		c.plan.Policies[e.key] = p
	}
	c.checkScalingGroups()
}

func countValues(counts orchestrator.InstanceCounts) map[string]Value {
	return map[string]Value{"default_instances": counts.Default, "min_instances": counts.Min, "max_instances": counts.Max,
		"current_instances": counts.Current, "planned_instances": counts.Planned}
}
