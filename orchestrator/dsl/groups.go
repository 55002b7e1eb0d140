package dsl

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/slipwayhq/slipway/orchestrator"
	"github.com/slipwayhq/slipway/orchestrator/graph"
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

func (c *compiler) groupPolicy(policy entry, path string, policyTypes, triggers *node) Value {
	typeName := policy.value.get("type").text()
	definition := policyTypes.get(typeName)
	if definition == nil {
		d := c.fail(codeGroupPolicyType, policy.value.get("type").place(policy.at), path+".type", "there is no policy type %s", typeName)
		suggest(d, typeName, slices.Values(keys(policyTypes)))
		return nil
	}
	s := c.schemaOf(definition.get("properties"), dotted("policy_types", typeName)+".properties")
	f := c.filler(policy.at, policy.value.get("properties"), path+".properties", "policy "+policy.key)
	out := map[string]Value{"type": typeName, "properties": f.fill(policy.value.get("properties").values(), s, nil)}
	fired := map[string]Value{}
	for _, trigger := range policy.value.get("triggers").each() {
		where := dotted(path+".triggers", trigger.key)
		kind := trigger.value.get("type").text()
		definition := triggers.get(kind)
		if definition == nil {
			d := c.fail(codeGroupTrigger, trigger.value.get("type").place(trigger.at), where+".type", "there is no policy trigger %s", kind)
			suggest(d, kind, slices.Values(keys(triggers)))
			continue
		}
		s := c.schemaOf(definition.get("parameters"), dotted("policy_triggers", kind)+".parameters")
		f := c.filler(trigger.at, trigger.value.get("parameters"), where+".parameters", "trigger "+trigger.key)
		fired[trigger.key] = map[string]Value{"type": kind, "parameters": f.fill(trigger.value.get("parameters").values(), s, nil)}
	}
	out["triggers"] = fired
	return out
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

// checkScalingGroups checks that the groups can be multiplied: no circle, no
// member in two groups, members all inside one container or all outside.
func (c *compiler) checkScalingGroups() {
	if c.circular["node_templates"] {
		return
	}
	var g graph.Graph[string]
	groupOf := map[string]string{}
	section := c.root.get("groups")
	for _, name := range orchestrator.SortedKeys(c.plan.ScalingGroups) {
		at := section.locate(orchestrator.Range{}, name)
		g.Add(name)
		for _, member := range c.plan.ScalingGroups[name].Members {
			if _, nested := c.plan.ScalingGroups[member]; nested {
				g.Add(name, member)
			}
			if other, taken := groupOf[member]; taken {
				c.fail(codeTwoGroups, at, dotted("groups", name), "%s is a member of the scaling groups %s and %s", member, other, name)
			}
			groupOf[member] = name
		}
	}
	order, err := g.Order()
	if cycle, ok := errors.AsType[*graph.CycleError[string]](err); ok {
		c.fail(codeGroupCycle, section.locate(orchestrator.Range{}, cycle.Cycle[0]), dotted("groups", cycle.Cycle[0]), "scaling groups contain each other: %s", strings.Join(append(cycle.Cycle, cycle.Cycle[0]), " -> "))
		return
	}
	for _, name := range order {
		c.checkContainment(name)
	}
	c.dropContainedMembers(order)
}

// nodesOf lists the nodes of a scaling group, those of nested groups included.
func (c *compiler) nodesOf(group string) []string {
	var nodes []string
	for _, member := range c.plan.ScalingGroups[group].Members {
		if _, nested := c.plan.ScalingGroups[member]; nested {
			nodes = append(nodes, c.nodesOf(member)...)
		} else if _, isNode := c.templates[member]; isNode {
			nodes = append(nodes, member)
		}
	}
	return nodes
}

// containers lists what a node is contained in, the nearest first. Circles have
// been refused before.
func (c *compiler) containers(name string) []string {
	var out []string
	for {
		i, ok := c.nodeIndex[name]
		if !ok {
			return out
		}
		next := ""
		for _, r := range c.plan.Nodes[i].Relationships {
			if r.Is(containedIn) {
				next = r.Target
			}
		}
		if next == "" {
			return out
		}
		out = append(out, next)
		name = next
	}
}

// checkContainment refuses a group of which some nodes are contained in a node
// and others are not. A node that is contained in another one of the group
// counts as that one.
func (c *compiler) checkContainment(group string) {
	nodes := c.nodesOf(group)
	inGroup := setOf(nodes)
	isInGroup := func(name string) bool { return inGroup[name] }
	var common []string // containers that all outer nodes share
	outer, contained := 0, false
	for _, name := range nodes {
		containers := c.containers(name)
		if slices.ContainsFunc(containers, isInGroup) {
			continue
		}
		contained = contained || len(containers) > 0
		if outer++; outer == 1 {
			common = containers
			continue
		}
		theirs := setOf(containers)
		common = slices.DeleteFunc(slices.Clone(common), func(container string) bool { return !theirs[container] })
	}
	if outer > 1 && contained && len(common) == 0 {
		c.fail(codeMixedContainment, c.root.get("groups").locate(orchestrator.Range{}, group), dotted("groups", group), "some members of the scaling group %s are contained in a node that does not contain the others", group)
	}
}

func setOf(names []string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

// dropContainedMembers takes a member out of a group, outer groups first, when
// its nodes are contained in another member: it scales with its container.
func (c *compiler) dropContainedMembers(innerFirst []string) {
	for i := len(innerFirst) - 1; i >= 0; i-- {
		g, ok := c.plan.ScalingGroups[innerFirst[i]]
		if !ok {
			continue
		}
		all := setOf(c.nodesOf(innerFirst[i]))
		g.Members = slices.DeleteFunc(slices.Clone(g.Members), func(member string) bool {
			leaves := c.leavesOf(member)
			own := setOf(leaves)
			return slices.ContainsFunc(leaves, func(name string) bool {
				return slices.ContainsFunc(c.containers(name), func(container string) bool { return all[container] && !own[container] })
			})
		})
		c.plan.ScalingGroups[innerFirst[i]] = g
	}
}

// leavesOf lists the nodes of a scaling group, or the node itself.
func (c *compiler) leavesOf(member string) []string {
	if _, isGroup := c.plan.ScalingGroups[member]; isGroup {
		return c.nodesOf(member)
	}
	return []string{member}
}
